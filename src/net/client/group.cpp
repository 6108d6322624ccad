#include <algorithm>

#include "jackdaw/net/client_group.hpp"
#include "jackdaw/protocol/messages/find_coordinator.hpp"

namespace jackdaw::net {

using protocol::api_key;
using protocol::error_code;
using std::chrono::milliseconds;
using clock = client::clock;

namespace {

constexpr std::int16_t first_with_many_keys = 4;  // FindCoordinator (KIP-699)
// How often the leader looks whether its topics have more partitions.
constexpr milliseconds look_interval{30'000};

error_code first_error(const protocol::offset_commit_response& response) {
  for (const auto& t : response.topics) {
    for (const auto& p : t.partitions) {
      if (p.error_code != error_code::none) return p.error_code;
    }
  }
  return error_code::none;
}

}  // namespace

client_group::client_group(client& via, group_member_options options)
    : via_(via), member_(options), group_(options.group), rebalance_timeout_(options.rebalance_timeout) {}

void client_group::stop() {
  const bool waits_for_commit = under_way_ == step_kind::commit;
  member_.stop();
  if (waits_for_commit) return;
  under_way_ = step_kind::none;
  reply_.reset();
  ++ticket_;
}

milliseconds client_group::wait(milliseconds most) const {
  const auto due = member_.due();
  if (due == clock::time_point::max()) return most;
  return std::clamp(std::chrono::ceil<milliseconds>(due - clock::now()), milliseconds(0), most);
}

result<void> client_group::step(unique_function<group_positions()>& positions) {
  if (reply_) take(*std::exchange(reply_, std::nullopt));
  look_at_topics();
  while (!failure_) {
    const step_kind next = member_.next(clock::now());
    if (next == step_kind::none) break;
    perform(next, positions);
  }
  if (failure_) return *failure_;
  if (member_.failure()) return *member_.failure();
  return {};
}

template <class Make>
void client_group::send(api_key key, broker_id to, Make make, std::int16_t version_max, client_lane lane,
                        milliseconds extra_time) {
  raw_request raw;
  raw.key = key;
  raw.version_max = version_max;
  raw.lane = lane;
  raw.extra_time = extra_time;
  const auto ticket = ++ticket_;
  const std::weak_ptr<const bool> alive = alive_;
  raw.encode = [this, alive, ticket, make](std::int16_t version, correlation_id id) -> result<std::vector<std::byte>> {
    if (alive.expired() || ticket != ticket_) return fail(errc::closed, "nobody waits for this request any more");
    return via_.encode_frame(make(version), version, id);
  };
  raw.done = [this, alive, ticket](result<raw_reply> reply) {
    if (!alive.expired() && ticket == ticket_) reply_ = std::move(reply);
  };
  via_.send(std::move(raw), to);
}

void client_group::perform(step_kind step, unique_function<group_positions()>& positions) {
  under_way_ = step;
  const group_member& m = member_;
  switch (step) {
    case step_kind::none: break;
    case step_kind::find_coordinator: return find_coordinator();
    case step_kind::assign: return assign();
    case step_kind::commit: return send_commit(positions());
    case step_kind::join:
      return send(
          api_key::join_group, coordinator_, [&m](std::int16_t v) { return m.join_request(v); }, 100,
          client_lane::group, rebalance_timeout_);
    case step_kind::sync:
      return send(
          api_key::sync_group, coordinator_, [&m](std::int16_t v) { return m.sync_request(v); }, 100,
          client_lane::group, rebalance_timeout_);
    case step_kind::heartbeat:
      return send(api_key::heartbeat, coordinator_, [&m](std::int16_t v) { return m.heartbeat_request(v); });
    case step_kind::leave:
      // A join may be waiting in the group's lane.
      return send(
          api_key::leave_group, coordinator_, [&m](std::int16_t v) { return m.leave_request(v); }, 100,
          client_lane::ordinary);
  }
}

void client_group::send_commit(const group_positions& positions) {
  commit_ = member_.commit_request(positions);
  if (!commit_) return member_.on_commit(error_code::none, clock::now());
  send(
      api_key::offset_commit, coordinator_, [this](std::int16_t) -> const auto& { return *commit_; },
      group_member::commit_version_max);
}

void client_group::find_coordinator() {
  send(
      api_key::find_coordinator, client::any_broker,
      [this](std::int16_t version) {
        protocol::find_coordinator_request request;
        if (version < first_with_many_keys) {
          request.key = group_;
        } else {
          request.coordinator_keys.emplace_back(group_);
        }
        return request;
      },
      100, client_lane::ordinary);
}

void client_group::take(result<raw_reply> reply) {
  const auto now = clock::now();
  const step_kind step = std::exchange(under_way_, step_kind::none);
  if (!reply) {
    if (reply.error().code == errc::unsupported) failure_ = reply.error();
    return member_.on_unreachable(now);
  }
  const auto decode = [&]<class Response>(Response, const auto& use) {
    auto answered = decode_answer<Response>(std::move(*reply));
    if (answered) return use(answered->body);
    failure_ = answered.error();
  };
  switch (step) {
    case step_kind::find_coordinator: return take_coordinator(std::move(*reply));
    case step_kind::join:
      return decode(protocol::join_group_response{}, [&](const auto& body) { member_.on_join(body, now); });
    case step_kind::sync:
      return decode(protocol::sync_group_response{}, [&](const auto& body) { member_.on_sync(body, now); });
    case step_kind::heartbeat:
      return decode(protocol::heartbeat_response{},
                    [&](const auto& body) { member_.on_heartbeat(body.error_code, now); });
    case step_kind::commit:
      return decode(protocol::offset_commit_response{},
                    [&](const auto& body) { member_.on_commit(first_error(body), now); });
    case step_kind::leave: return member_.on_leave();
    case step_kind::none:
    case step_kind::assign: return;
  }
}

void client_group::take_coordinator(raw_reply reply) {
  auto answered = decode_answer<protocol::find_coordinator_response>(std::move(reply));
  if (!answered) {
    failure_ = answered.error();
    return;
  }
  const auto& body = answered->body;
  error_code code = body.error_code;
  coordinator_ = body.node_id;
  if (!body.coordinators.empty()) {
    code = body.coordinators.front().error_code;
    coordinator_ = body.coordinators.front().node_id;
  }
  if (code == error_code::none && via_.metadata().broker(coordinator_) == nullptr) {
    if (!via_.refresh_metadata(std::vector<std::string>{})) return member_.on_unreachable(clock::now());
  }
  member_.on_coordinator(code, clock::now());
}

result<partition_counts> client_group::count_partitions() {
  partition_counts counts;
  const auto& topics = member_.topics_to_count();
  if (topics.empty()) return counts;
  if (auto fresh = via_.refresh_metadata(topics); !fresh) return fresh.error();
  for (const auto& name : topics) {
    const topic_metadata* topic = via_.metadata().topic(name);
    if (topic == nullptr || topic->error != error_code::none || topic->partitions.empty()) continue;
    counts[name] = static_cast<std::int32_t>(topic->partitions.size());
  }
  return counts;
}

void client_group::assign() {
  under_way_ = step_kind::none;
  auto counts = count_partitions();
  next_look_ = clock::now() + look_interval;
  if (!counts) return member_.on_unreachable(clock::now());
  member_.assign(*counts);
}

void client_group::look_at_topics() {
  if (!member_.may_read() || !member_.is_leader() || clock::now() < next_look_) return;
  next_look_ = clock::now() + look_interval;
  if (auto counts = count_partitions()) member_.check_counts(*counts, clock::now());
}

}  // namespace jackdaw::net
