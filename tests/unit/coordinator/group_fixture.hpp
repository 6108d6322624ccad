// One group, driven by hand: clients' requests in, answers and records out, time as the test says.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/coordinator/classic/classic_group.hpp"

namespace jackdaw::coordinator {

class group_fixture : public ::testing::Test {
 protected:
  blob bytes(const std::string& text) {
    const auto* at = reinterpret_cast<const std::byte*>(text.data());
    return {at, at + text.size()};
  }
  join_request request(const std::string& member_id, std::vector<std::string> protocols = {"range"}) {
    join_request r;
    r.member_id = member_id;
    r.client_id = "client";
    r.client_host = "/127.0.0.1";
    r.session_timeout_ms = 10'000;
    r.rebalance_timeout_ms = 60'000;
    r.protocol_type = "consumer";
    for (auto& p : protocols) r.protocols.push_back({p, bytes("subscription of " + p)});
    return r;
  }
  // What a call gave at once, else a waiter's answer when it comes.
  waiter join(join_request r, const std::string& new_id = "") {
    const waiter w = ++last_waiter;
    group_effects out;
    auto now_answered = group.join(std::move(r), w, new_id, settings, now, out);
    if (now_answered) joins[w] = std::move(*now_answered);
    take(out);
    return w;
  }
  waiter sync(const std::string& member, std::vector<std::pair<std::string, std::string>> assignments = {}) {
    sync_request r;
    r.member_id = member;
    r.generation = group.generation();
    for (auto& [id, what] : assignments) r.assignments.emplace_back(id, bytes(what));
    const waiter w = ++last_waiter;
    group_effects out;
    auto now_answered = group.sync(std::move(r), w, now, out);
    if (now_answered) syncs[w] = std::move(*now_answered);
    take(out);
    return w;
  }
  void take(group_effects& out) {
    for (auto* answers : {&out.answers, &out.when_stored}) {
      for (auto& [w, a] : *answers) {
        auto* join = std::get_if<join_answer>(&a);
        const bool is_first = join ? joins.emplace(w, std::move(*join)).second
                                   : syncs.emplace(w, std::move(std::get<sync_answer>(a))).second;
        EXPECT_TRUE(is_first) << "answered twice";
      }
    }
    for (auto& r : out.records) stored = std::get<stored_group>(std::move(r));
    group.check();
  }
  void store_done(protocol::error_code outcome = protocol::error_code::none) {
    group_effects out;
    group.ended(stored->generation, outcome, settings, now, out);
    take(out);
  }
  protocol::error_code leave(const std::string& member, std::optional<std::string> instance = std::nullopt) {
    group_effects out;
    const auto code = group.leave(member, instance, "", settings, now, out);
    take(out);
    return code;
  }
  protocol::error_code heartbeat(const std::string& member) {
    return group.heartbeat({member, {}, group.generation()}, now);
  }
  void advance(std::int64_t ms) {
    now.steady += std::chrono::milliseconds(ms);
    now.wall.value += ms;
    group_effects out;
    group.on_time(settings, now, out);
    take(out);
  }
  // Members a, b, ... in a stable group, a leading; each is assigned its own name.
  void make_stable(const std::vector<std::string>& ids) {
    std::vector<waiter> waiting;
    for (const auto& id : ids) waiting.push_back(join(request(""), id));
    advance(settings.initial_rebalance_delay_ms);
    advance(settings.initial_rebalance_delay_ms);
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& id : ids) all.emplace_back(id, id);
    for (const auto& id : ids) sync(id, id == group.leader() ? all : decltype(all){});
    store_done();
    ASSERT_EQ(group.state(), group_state::stable);
  }

  group_settings settings;
  now_t now{time_point(std::chrono::hours(1)), {1'000'000}};
  classic_group group{"g", now};
  std::map<waiter, join_answer> joins;
  std::map<waiter, sync_answer> syncs;
  std::optional<stored_group> stored;
  waiter last_waiter = 0;
};

}  // namespace jackdaw::coordinator
