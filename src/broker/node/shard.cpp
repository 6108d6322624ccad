#include "jackdaw/broker/shard.hpp"

#include <fmt/format.h>

#include "handlers/api_table.hpp"
#include "handlers/fetch_operation.hpp"
#include "handlers/request.hpp"
#include "handlers/shard_state.hpp"
#include "housekeeping.hpp"
#include "jackdaw/base/assert.hpp"
#include "quorum/active_coordinator.hpp"
#include "quorum/cluster_member.hpp"

namespace jackdaw::broker {

shard::shard(shard_options options, environment& env)
    : state_(std::make_unique<shard_state>(std::move(options), env)) {}

shard::~shard() = default;

shard_id shard::id() const noexcept { return state_->id(); }

void shard::open_connection(connection_info info, now_t now) {
  set_now(now);
  const auto id = info.id;
  const bool added = state_->connections.emplace(id, connection{.info = std::move(info)}).second;
  JD_ASSERT(added, id.value());
  ++state_->activity.accepted;
}

void shard::close_connection(connection_id id, now_t now) {
  set_now(now);
  const auto found = state_->connections.find(id);
  if (found == state_->connections.end()) return;
  const auto fetches = std::move(found->second.parked_fetches);
  state_->connections.erase(found);
  for (const auto fetch : fetches) {
    if (auto op = state_->fetches.extract(fetch)) op.mapped()->stop_waiting();
  }
}

void shard::handle(connection_id id, std::shared_ptr<buffer> frame, reply_sink sink, now_t now) {
  set_now(now);
  protocol::reader in(frame->view());
  auto header = protocol::decode_request_header(in);
  if (!header) return sink(reply::close_connection(header.error().detail));
  const auto key = header->api_key;
  const auto version = header->api_version;
  const auto* entry = find_answered_api(key);
  const auto* api = protocol::find_api(key);
  if (entry == nullptr || api == nullptr) {
    return sink(reply::close_connection(fmt::format("api key {} is not answered here", key)));
  }
  const bool in_range = version >= entry->version_min && version <= entry->version_max;
  if (!in_range && entry->key != protocol::api_key::api_versions) {
    return sink(reply::close_connection(fmt::format("{} v{} is not answered here; v{} to v{} are", api->name, version,
                                                    entry->version_min, entry->version_max)));
  }
  const auto body_at = in.position();
  auto* c = state_->find_connection(id);
  if (c == nullptr) return sink(reply::close_connection("its connection is closed already"));
  if (!may_send(*c->who, entry->needs)) {
    return sink(reply::close_connection(fmt::format("{} may not send {}", to_string(*c->who), api->name)));
  }
  const bool is_timed = state_->quotas.are_set();
  if (is_timed) state_->quotas.begin_request(*c, header->client_id.value_or(std::string_view{}));
  entry->handle(std::make_unique<request>(*state_, id, c->who, *api, std::move(*header), std::move(frame), body_at,
                                          std::move(sink)));
  if (is_timed) state_->quotas.end_request();
}

void shard::set_now(now_t now) { state_->now = now; }

void shard::on_wake(now_t now) {
  set_now(now);
  state_->told_wake();
  state_->timers.run_due(now.steady);
  if (auto* groups = state_->groups()) groups->on_wake();
  if (state_->metadata) state_->metadata->on_wake();
}

void shard::end_of_batch(now_t now) {
  set_now(now);
  state_->partitions.end_of_batch();
  if (state_->metadata) state_->metadata->end_of_batch();
  state_->update_wake();
}

namespace {

// Hands a committed change to every shard of the process, and says on shard 0 when all have applied it.
void publish(shard_state& zero, std::shared_ptr<const metadata::delta> change, unique_function<void()> applied) {
  struct barrier {
    std::uint32_t left;
    unique_function<void()> applied;
  };
  auto b = std::make_shared<barrier>(barrier{zero.shard_count(), std::move(applied)});  // only shard 0 looks into it
  for (std::uint32_t i = 0; i < zero.shard_count(); ++i) {
    zero.env.post(shard_id{i}, [b, change](shard& s) {
      s.state().apply(change, [b, &env = s.state().env] {
        env.post(shard_zero, [b](shard&) {
          JD_ASSERT(b->left > 0);
          if (--b->left == 0) b->applied();
        });
      });
    });
  }
}

// Every shard has cluster state now, and so knows which of the logs on the disk are its.
void begin_recovery(shard_state& zero) {
  for (std::uint32_t i = 0; i < zero.shard_count(); ++i) {
    zero.env.post(shard_id{i}, [](shard& s) {
      s.state().partitions.recover_found();
      s.state().partitions.resume_moves();
    });
  }
  auto storage = zero.options.server->storage;
  zero.env.run_on_worker(
      work_class::bulk, [storage] { storage->finish_deletions(); }, []() {});
}

}  // namespace

void shard::start(unique_function<void(result<void>)> ready) {
  start_housekeeping(*state_);
  if (state_->id() != shard_id{0}) return ready({});
  JD_ASSERT(!state_->metadata);
  state_->metadata = std::make_unique<cluster_member>(
      *state_, [&s = *state_](auto change, auto applied) { publish(s, std::move(change), std::move(applied)); });
  state_->metadata->start([&s = *state_, ready = std::move(ready)](result<void> outcome) mutable {
    if (outcome) begin_recovery(s);
    ready(std::move(outcome));
  });
}

void shard::on_peer_message(broker_id from, peer_lane lane, bytes_view message, now_t now) {
  set_now(now);
  if (state_->metadata) state_->metadata->on_peer_message(from, lane, message);
}

void shard::on_peer_up(broker_id id, now_t now) {
  set_now(now);
  if (state_->metadata) state_->metadata->peer_up(id);
}

void shard::on_peer_down(broker_id id, now_t now) {
  set_now(now);
  if (state_->metadata) state_->metadata->peer_down(id);
}

broker_epoch shard::epoch() const noexcept {
  return state_->metadata ? state_->metadata->epoch().value_or(broker_epoch{}) : broker_epoch{};
}

void shard::stop(unique_function<void()> done) {
  auto& s = *state_;
  // Members that wait for each other needn't hold up the end.
  if (s.metadata) s.metadata->end_coordinating();
  s.partitions.close([&s, done = std::move(done)]() mutable {
    if (!s.metadata) return done();
    s.metadata->close([&s, done = std::move(done)](bool clean) mutable {
      s.closed_cleanly = s.closed_cleanly && clean;
      done();
    });
  });
}

bool shard::closed_cleanly() const noexcept { return state_->closed_cleanly; }

}  // namespace jackdaw::broker
