// A coordinator over a log that the test holds: records wait in flight until it says what becomes of them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "jackdaw/coordinator/group_coordinator.hpp"

namespace jackdaw::coordinator {

class coordinator_fixture : public ::testing::Test {
 protected:
  using error_code = protocol::error_code;

  coordinator_fixture() {
    settings.classic.initial_rebalance_delay_ms = 0;
    lead();
  }
  // Begins with what is committed; decisions in flight and whoever waits are gone.
  void lead() {
    in_flight.clear();
    core = std::make_unique<group_coordinator>(settings, table, now);
  }

  static join_request request(const std::string& member_id, std::optional<std::string> instance_id = {}) {
    join_request r;
    r.member_id = member_id;
    r.instance_id = std::move(instance_id);
    r.session_timeout_ms = 10'000;
    r.rebalance_timeout_ms = 10'000;
    r.protocol_type = "consumer";
    r.protocols = {{"range", {}}};
    return r;
  }
  static commit_request commit_of(const std::string& group, std::int32_t partition, std::int64_t value) {
    commit_request r;
    r.group = group;
    r.offsets.resize(1);
    r.offsets[0].topic = "t";
    r.offsets[0].partition = partition_id{partition};
    r.offsets[0].offset = offset{value};
    return r;
  }

  // Each names the waiter whose answer comes now or later.
  waiter join(join_request r, const std::string& new_id) {
    coordinator_effects out;
    core->classic.join("g", std::move(r), ++last, new_id, now, out);
    return take(out);
  }
  waiter sync(const std::string& member_id, std::size_t share_bytes) {
    sync_request r;
    r.member_id = member_id;
    r.generation = live("g")->generation();
    r.assignments = {{member_id, blob(share_bytes)}};
    coordinator_effects out;
    core->classic.sync("g", std::move(r), ++last, now, out);
    return take(out);
  }
  error_code leave(const std::string& member_id, std::optional<std::string> instance_id = {},
                   const std::string& reason = "") {
    coordinator_effects out;
    const auto code = core->classic.leave("g", member_id, instance_id, reason, now, out);
    take(out);
    return code;
  }
  error_code heartbeat(const std::string& member_id, const std::string& instance_id, std::int32_t generation) {
    return core->classic.heartbeat("g", {member_id, instance_id, generation}, now);
  }
  waiter commit(commit_request r) {
    coordinator_effects out;
    core->offsets.commit(std::move(r), ++last, now, out);
    return take(out);
  }
  waiter remove_group(const std::string& group) {
    coordinator_effects out;
    core->groups.remove_groups({group}, ++last, out);
    return take(out);
  }
  std::string expire() {
    coordinator_effects out;
    auto next = core->offsets.expire("", 10, ++last, now, out);
    take(out);
    return next;
  }
  void forget_all() {
    coordinator_effects out;
    core->offsets.forget_if([](const auto&, const auto&) { return true; }, "", 10, ++last, out);
    take(out);
  }
  void advance(std::int64_t ms) {
    now.steady += std::chrono::milliseconds(ms);
    now.wall.value += ms;
    coordinator_effects out;
    core->groups.on_time(now, out);
    take(out);
  }

  // What is in flight now, and nothing that follows from it: all of it, or as many as are named.
  void store(error_code outcome = error_code::none, std::size_t count = SIZE_MAX) {
    for (auto left = std::min(count, in_flight.size()); left > 0; --left) {
      auto p = std::move(in_flight.front());
      in_flight.pop_front();
      if (outcome == error_code::none) {
        for (const auto& r : *p.records) table.replay(r);
      }
      coordinator_effects out;
      core->groups.finished(p.id, outcome, now, out);
      take(out);
    }
  }
  void end() {
    coordinator_effects out;
    core->groups.end(out);
    take(out);
  }

  const classic_group* live(const std::string& group) const {
    const auto* kind = std::as_const(core->groups).find(group);
    return kind ? std::get_if<classic_group>(kind) : nullptr;
  }
  std::optional<std::int64_t> committed(const std::string& group, std::int32_t partition) const {
    const auto* entry = table.find(group);
    const auto* o = entry ? entry->offsets().find(offset_key{"t", partition_id{partition}}) : nullptr;
    return o ? std::optional(o->offset.value()) : std::nullopt;
  }
  // The outcome of a commit or a removal of one.
  std::optional<error_code> outcome(waiter w) const {
    const auto found = rows.find(w);
    if (found == rows.end()) return std::nullopt;
    const auto& a = found->second;
    return a.error != error_code::none || a.rows.empty() ? a.error : a.rows[0];
  }

  coordinator_settings settings;
  now_t now{time_point(std::chrono::hours(1)), {1'000'000}};
  group_table table;
  std::unique_ptr<group_coordinator> core;
  std::deque<proposal> in_flight;
  std::map<waiter, join_answer> joins;
  std::map<waiter, sync_answer> syncs;
  std::map<waiter, rows_answer> rows;
  waiter last = 0;

 private:
  waiter take(coordinator_effects& out) {
    for (auto& p : out.proposals) in_flight.push_back(std::move(p));
    for (auto& [w, a] : out.answers) {
      const auto answered = std::visit([&](auto& each) { return keep(w, std::move(each)); }, a);
      EXPECT_TRUE(answered) << w << " was answered twice";
    }
    return last;
  }
  bool keep(waiter w, join_answer a) { return joins.emplace(w, std::move(a)).second; }
  bool keep(waiter w, sync_answer a) { return syncs.emplace(w, std::move(a)).second; }
  bool keep(waiter w, rows_answer a) { return rows.emplace(w, std::move(a)).second; }
};

}  // namespace jackdaw::coordinator
