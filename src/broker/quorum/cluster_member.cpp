#include "cluster_member.hpp"

#include <fmt/format.h>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/features.hpp"

namespace jackdaw::broker {

cluster_member::cluster_member(shard_context& zero, cluster_state::publish_function publish)
    : home_(zero),
      state_(std::move(publish), [this](const metadata::image_ptr& image) { published(image); }),
      quorum_(zero, *this),
      snapshots_(zero, quorum_, state_),
      lifecycle_(zero, [this](broker_id to, const broker_request& request) { ask_controller(to, request); }) {}

void cluster_member::start(unique_function<void(result<void>)> ready) {
  auto restored = quorum_.open();
  if (!restored) return ready(restored.error());
  lifecycle_.start(std::move(ready));
  state_.restore(std::move(restored->image), std::move(restored->groups));
  quorum_.begin();
}

void cluster_member::close(unique_function<void(bool)> done) {
  quorum_.close([this, done = std::move(done)](bool clean) mutable {
    give_up_roles(fail(errc::closed, "the broker is shutting down"));
    done(clean);
  });
}

// ---- deciding

void cluster_member::submit(decide_function decide, unique_function<void(result<void>)> done) {
  if (!roles_) return done(fail(errc::not_leader, "this node is not the active controller"));
  roles_->appends.end_gathering();
  roles_->controller.submit(std::move(decide), std::move(done));
}

void cluster_member::end_coordinating() {
  if (roles_) const auto gone = std::move(roles_->coordinator);
}

void cluster_member::take_up_roles() {
  JD_ASSERT(!roles_ && quorum_.raft()->is_leader());
  roles_ = std::make_unique<roles>(home_, quorum_, state_, quorum_.raft()->term());
  // Of topics that were deleted when this node, or the one before it, ended.
  roles_->coordinator->topics_deleted(state_.committed());
  lifecycle_.controller_is(home_.node_id());
}

// Whoever hears of it may ask for something at once: nobody is there any more then.
void cluster_member::give_up_roles(const error& why) {
  const auto gone = std::move(roles_);
  if (!gone) return;
  gone->coordinator.reset();
  gone->controller.abandon(why);
  gone->appends.abandon(why);
}

// ---- what comes out of the quorum

void cluster_member::before_work() {
  if (roles_) roles_->appends.before_work();
}

void cluster_member::on_leadership(const raft::leadership& now) {
  const bool leads = now.role == raft::node_role::leader;
  // Deposed and elected again in one go: what was in flight then may be lost.
  if (roles_ && (!leads || now.term != roles_->term))
    give_up_roles(fail(errc::not_leader, "another node became the active controller"));
  if (!leads) lifecycle_.controller_is(now.leader);
}

result<void> cluster_member::on_committed(const std::vector<raft::entry>& entries) {
  JD_ASSERT(!entries.empty());
  JD_ASSERT(entries.front().index == state_.committed()->position().index + 1, entries.front().index.value(),
            state_.committed()->position().index.value());
  std::vector<cluster_state::committed_entry> committed;
  committed.reserve(entries.size());
  for (const auto& e : entries) {
    cluster_state::committed_entry c{{e.index, e.term}, nullptr, {}};
    if (roles_) c.records = roles_->appends.find(e.position());
    if (c.records == nullptr && e.kind == raft::entry_kind::data) c.bytes = e.bytes();
    committed.push_back(c);
  }
  const auto deleted = state_.apply(committed);
  if (!deleted) return deleted.error();
  const auto& last = entries.back();
  JD_ASSERT(state_.committed()->position().index == last.index, last.index.value());
  if (roles_) {
    if (*deleted && roles_->coordinator) roles_->coordinator->topics_deleted(state_.committed());
    roles_->controller.applied(last.index);
    roles_->appends.committed(last.index);
  }
  snapshots_.more_applied();
  // An entry of the leader's own term comes after all that was committed before.
  const auto& raft = *quorum_.raft();
  if (!roles_ && raft.is_leader() && last.term == raft.term()) take_up_roles();
  return {};
}

void cluster_member::on_installed(loaded_snapshot snapshot) {
  JD_ASSERT(!roles_);
  state_.install(std::move(snapshot.image), std::move(snapshot.groups));
}

void cluster_member::on_synced(duration took) {
  if (roles_) roles_->appends.synced(took);
}

void cluster_member::published(const metadata::image_ptr& image) {
  JD_ASSERT(image->position().index <= state_.committed()->position().index, image->position().index.value());
  if (roles_) roles_->controller.published(image->position().index);
  lifecycle_.image_published(*image);
}

// ---- other nodes, and this broker's own way into the cluster

void cluster_member::on_peer_message(broker_id from, peer_lane lane, bytes_view message) {
  if (lane == peer_lane::quorum) return quorum_.on_message(message);
  const auto request = decode_broker_request(message);
  if (!request) {
    home_.log(log_level::warning,
              fmt::format("a message of node {} can't be read: {}", from.value(), to_string(request.error())));
    return;
  }
  on_request(*request);
}

void cluster_member::ask_controller(broker_id controller, const broker_request& request) {
  if (controller == home_.node_id()) return on_request(request);
  home_.env.send_to_peer(controller, peer_lane::forward, encode(request));
}

// Whoever asks in vain asks again.
void cluster_member::on_request(const broker_request& request) {
  if (!roles_) return;
  std::visit([this](const auto& r) { on(r); }, request);
}

void cluster_member::on(const registration_request& request) {
  auto verdict = std::make_shared<controller::verdict>();
  submit(
      [request, verdict, epoch = roles_->controller.next_broker_epoch()](const metadata::image& image, random_source&) {
        std::vector<metadata::record> records;
        if (!image.cluster_id().empty() && image.cluster_id() != request.cluster_id) {
          *verdict = controller::refuse(protocol::error_code::inconsistent_cluster_id,
                                        "Its cluster id is " + request.cluster_id + ", not " + image.cluster_id());
          return records;
        }
        // It asked again before it saw that it is registered.
        const auto* known = image.find_broker(request.who.id);
        if (known != nullptr && known->incarnation == request.who.incarnation) return records;
        if (image.cluster_id().empty()) {
          records.push_back(metadata::cluster_created{request.cluster_id});
          records.push_back(metadata::feature_level_set{std::string(controller::metadata_version_feature),
                                                        controller::metadata_version_level});
        }
        auto decided = controller::register_broker(image, request.who, epoch, false);
        *verdict = std::move(decided.reply.outcome);
        for (auto& r : decided.records) records.push_back(std::move(r));
        return records;
      },
      [this, verdict, id = request.who.id](const result<void>& outcome) { requested(id, *verdict, outcome); });
}

void cluster_member::on(const unfence_request& request) {
  auto verdict = std::make_shared<controller::verdict>();
  submit(
      [request, verdict](const metadata::image& image, random_source&) {
        auto decided = controller::unfence_broker(image, request.id, request.epoch);
        *verdict = std::move(decided.reply);
        return std::move(decided.records);
      },
      [this, verdict, id = request.id](const result<void>& outcome) { requested(id, *verdict, outcome); });
}

// Its own broker must not wait for what can't come.
void cluster_member::requested(broker_id by, const controller::verdict& verdict, const result<void>& outcome) {
  if (!verdict.ok()) {
    home_.log(log_level::warning, fmt::format("broker {} is refused: {}", by.value(), verdict.message.value_or("")));
  }
  if (!outcome && outcome.error().code != errc::not_leader && by == home_.node_id()) lifecycle_.failed(outcome.error());
}

}  // namespace jackdaw::broker
