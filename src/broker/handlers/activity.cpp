#include "activity.hpp"

#include "api_table.hpp"
#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "quorum/active_coordinator.hpp"

namespace jackdaw::broker {
namespace {

activity_report report_of(const shard_state& s) {
  activity_report r;
  const auto network = s.env.network();
  r.connections = s.connections.size();
  r.accepted = s.activity.accepted;
  r.received_bytes = network.received_bytes;
  r.sent_bytes = network.sent_bytes;
  r.answered = s.activity.answered;
  r.memory = {{"connections", network.memory}, {"fetch_sessions", s.sessions.use()}};
  if (const auto* c = s.groups()) r.memory.emplace_back("groups", c->groups().use());
  r.slowest = s.activity.slowest.list(s.now.steady);
  return r;
}

struct gathering {
  std::uint32_t left;
  activity_report sum;
  unique_function<void(const activity_report&)> done;
};

}  // namespace

void gather_activity(shard_state& home, unique_function<void(const activity_report&)> done) {
  const auto count = home.shard_count();
  auto* all = new gathering{count, {}, std::move(done)};  // owned by the messages: the last one back ends it
  for (std::uint32_t i = 0; i < count; ++i) {
    home.env.post(shard_id{i}, [all, to = home.id()](shard& s) {
      auto& there = s.state();
      there.env.post(to, [all, part = report_of(there)](shard&) mutable {
        JD_ASSERT(all->left > 0);
        all->sum.add(std::move(part));
        if (--all->left != 0) return;
        const std::unique_ptr<gathering> last(all);
        last->done(last->sum);
      });
    });
  }
}

protocol::broker_activity to_message(const activity_report& report) {
  protocol::broker_activity m;
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  m.connections = number(report.connections);
  m.accepted = number(report.accepted);
  m.received_bytes = number(report.received_bytes);
  m.sent_bytes = number(report.sent_bytes);
  for (const auto& api : answered_apis()) {
    const auto key = static_cast<std::int16_t>(api.key);
    if (const auto count = report.answered.of(key); count != 0) m.apis.push_back({key, number(count), {}});
  }
  for (const auto& [kind, use] : report.memory) {
    m.memory.push_back({kind, number(use.used_bytes), number(use.limit_bytes), number(use.refused), {}});
  }
  for (const auto& r : report.slowest) {
    auto& row = m.slowest.emplace_back();
    row.began_ms = r.began.value;
    row.took_us = std::chrono::duration_cast<std::chrono::microseconds>(r.took).count();
    row.api_key = r.api_key;
    row.api_version = r.api_version;
    row.client_id = r.client_id;
    row.peer_address = r.peer_address;
    row.request_bytes = number(r.request_bytes);
    row.answer_bytes = number(r.answer_bytes);
  }
  return m;
}

}  // namespace jackdaw::broker
