#include "jackdaw/net/client.hpp"

#include <algorithm>

#include "connection.hpp"
#include "loop.hpp"

namespace jackdaw::net {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds refresh_interval_min{100};
constexpr milliseconds retry_pause{50};

}  // namespace

client::client(client_options options) : options_(std::move(options)), loop_(std::make_unique<client_loop>()) {
  JD_ASSERT(!options_.bootstrap.empty());
}

// Callbacks of what is outstanding are dropped, not called: their owners may be gone.
client::~client() = default;

client_connection* client::open(const endpoint& at, client_lane lane) {
  for (auto& c : connections_) {
    if (c->at() == at && c->lane() == lane && !c->is_failed()) return c.get();
  }
  connections_.push_back(std::make_shared<client_connection>(loop_->context(), at, lane, options_, clock::now()));
  connections_.back()->start();
  return connections_.back().get();
}

client_connection* client::connection_to(broker_id id, client_lane lane) {
  if (id != any_broker) {
    const broker_metadata* broker = metadata_.broker(id);
    return broker != nullptr ? open(broker->at, lane) : nullptr;
  }
  for (auto& c : connections_) {
    if (c->is_ready() && c->lane() == lane) return c.get();
  }
  return open(options_.bootstrap[bootstrap_next_ % options_.bootstrap.size()], lane);
}

void client::send(raw_request request, broker_id to) {
  client_connection* on = connection_to(to, request.lane);
  if (on == nullptr) {
    return request.done(fail(errc::closed, "broker " + std::to_string(to.value()) + " is not part of the cluster now"));
  }
  on->send(std::move(request), clock::now());
}

bool client::is_idle() const noexcept {
  return std::all_of(connections_.begin(), connections_.end(),
                     [](const auto& c) { return c->is_failed() || c->is_idle(); });
}

void client::drop_failed() {
  std::erase_if(connections_, [](const auto& c) { return c->is_failed(); });
}

bool client::poll(milliseconds wait, int also_fd) {
  const auto now = clock::now();
  auto until = now + wait;
  // Callbacks may open connections: those come in the next round.
  for (std::size_t i = 0, n = connections_.size(); i < n; ++i) {
    client_connection& c = *connections_[i];
    c.on_time(now);
    c.flush();
    if (!c.is_failed()) until = std::min(until, c.next_deadline());
  }
  bool input = false;
  if (also_fd >= 0) {
    input = loop_->run_until(until, also_fd);
  } else {
    loop_->run_until(until);
  }
  drop_failed();
  return input;
}

result<raw_reply> client::wait_once(raw_request& request, client_connection& on) {
  std::optional<result<raw_reply>> got;
  raw_request sent;
  sent.key = request.key;
  sent.version_max = request.version_max;
  sent.encode = [&request](std::int16_t version, correlation_id id) { return request.encode(version, id); };
  sent.done = [&got](result<raw_reply> reply) { got = std::move(reply); };
  on.send(std::move(sent), clock::now());
  while (!got) poll(options_.request_timeout);
  return std::move(*got);
}

// With any broker, the next bootstrap address is tried when one can't be reached.
result<raw_reply> client::wait_for(raw_request request, broker_id to) {
  error first{};
  const std::size_t tries = to == any_broker ? options_.bootstrap.size() : 1;
  for (std::size_t i = 0; i < tries; ++i) {
    client_connection* on = connection_to(to, request.lane);
    if (on == nullptr) {
      return fail(errc::closed, "broker " + std::to_string(to.value()) + " is not part of the cluster now");
    }
    auto reply = wait_once(request, *on);
    drop_failed();
    if (reply || reply.error().code != errc::closed) return reply;
    if (i == 0) first = reply.error();
    ++bootstrap_next_;
  }
  return first;
}

result<void> client::refresh_metadata(const std::optional<std::vector<std::string>>& topics) {
  protocol::metadata_request request;
  request.allow_auto_topic_creation = false;
  if (topics) {
    for (const auto& name : *topics) request.topics->emplace_back().name = name;
  } else {
    request.topics.reset();
  }
  auto answered = call<protocol::metadata_response>(request);
  if (!answered) return answered.error();
  metadata_.update(answered->body, !topics);
  refreshed_ = clock::now();
  if (!topics) return {};
  for (const auto& name : *topics) {
    if (std::find(watched_topics_.begin(), watched_topics_.end(), name) == watched_topics_.end()) {
      watched_topics_.push_back(name);
    }
  }
  return {};
}

void client::refresh_metadata_later() {
  if (refreshing_ || clock::now() < refreshed_ + refresh_interval_min) return;
  refreshing_ = true;
  refreshed_ = clock::now();
  raw_request raw;
  raw.key = protocol::api_key::metadata;
  raw.encode = [this](std::int16_t version, correlation_id id) {
    protocol::metadata_request request;
    request.allow_auto_topic_creation = version < 4;  // before 4 there is no choice
    for (const auto& name : watched_topics_) request.topics->emplace_back().name = name;
    return encode_frame(request, version, id);
  };
  raw.done = [this](result<raw_reply> reply) {
    refreshing_ = false;
    refreshed_ = clock::now();
    if (!reply) {
      ++bootstrap_next_;  // ask somebody else next time
      return;
    }
    auto answered = decode_answer<protocol::metadata_response>(std::move(*reply));
    if (answered) metadata_.update(answered->body, false);
  };
  send(std::move(raw), any_broker);
}

result<const topic_metadata*> client::topic(std::string_view name, milliseconds patience) {
  const auto until = clock::now() + patience;
  const std::vector<std::string> names{std::string(name)};
  while (true) {
    if (auto fresh = refresh_metadata(names); !fresh) return fresh.error();
    const topic_metadata* topic = metadata_.topic(name);
    JD_ASSERT(topic != nullptr, name);
    const bool led = std::all_of(topic->partitions.begin(), topic->partitions.end(),
                                 [](const auto& p) { return p.leader.value() >= 0; });
    if (topic->error == protocol::error_code::none && led && !topic->partitions.empty()) return topic;
    if (clock::now() >= until) {
      if (topic->error == protocol::error_code::none) return topic;
      if (topic->error == protocol::error_code::unknown_topic_or_partition) {
        return fail(errc::not_found, "topic '" + std::string(name) + "' doesn't exist");
      }
      return fail(errc::invalid_argument, "topic '" + std::string(name) + "': " + std::string(name_of(topic->error)));
    }
    poll(retry_pause);
  }
}

}  // namespace jackdaw::net
