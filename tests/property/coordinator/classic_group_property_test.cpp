// Clients that come, go, crash, are slow and lose answers, against one group. In a generation nobody gets what another
// one was assigned; and once they behave, all of them are in one stable generation.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/coordinator/classic/classic_group.hpp"

namespace jackdaw::coordinator {
namespace {

using protocol::error_code;

std::string text(const blob& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
blob bytes(const std::string& s) {
  const auto* at = reinterpret_cast<const std::byte*>(s.data());
  return {at, at + s.size()};
}
std::string share_of(std::int32_t generation, const std::string& member) {
  return std::to_string(generation) + ':' + member;
}

struct client {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
  waiter waits = no_waiter;
  bool joining = false;  // else syncing, while it waits
  bool is_in = false;    // has its assignment
  bool is_gone = false;
};

class world {
 public:
  world(std::uint64_t seed, std::size_t clients) : random_(seed), clients_(clients) {
    settings_.initial_rebalance_delay_ms = static_cast<std::int32_t>(random_.below(3)) * 1000;
    for (std::size_t i = 0; i < clients; ++i) {
      if (random_.one_in(3)) clients_[i].instance_id = "static-" + std::to_string(i);
    }
  }

  void step(bool behaves) {
    auto& c = clients_[random_.below(clients_.size())];
    if (!behaves && random_.one_in(12)) return crash(c);
    if (!behaves && random_.one_in(15)) return leave(c);
    if (!behaves && random_.one_in(20)) return lose_answer(c);
    if (!c.is_gone || behaves || random_.one_in(3)) act(c);
    if (to_store_ && random_.one_in(2)) store(behaves || !random_.one_in(8));
    advance(static_cast<std::int64_t>(random_.below(behaves ? 100 : 3000)));
  }

  void check_settled() {
    RC_ASSERT(group_.state() == group_state::stable);
    RC_ASSERT(group_.members().size() == clients_.size());
    for (const auto& c : clients_) {
      RC_ASSERT(c.is_in && c.generation == group_.generation());
      RC_ASSERT(group_.members().contains(c.member_id));
    }
  }

 private:
  void act(client& c) {
    c.is_gone = false;
    if (c.waits != no_waiter) return;
    if (!c.is_in) return c.generation < 0 ? join(c) : sync(c);
    claim_with(c);
  }
  void claim_with(client& c) {
    member_claim claim{c.member_id, {}, c.generation};
    if (c.instance_id) claim.instance_id = *c.instance_id;
    const auto code = random_.one_in(3) ? group_.check_commit(claim, now_) : group_.heartbeat(claim, now_);
    if (code == error_code::rebalance_in_progress) return again(c);
    if (code != error_code::none) start_over(c);
  }
  void again(client& c) {
    c.is_in = false;
    c.generation = -1;
  }
  void start_over(client& c) {
    again(c);
    c.member_id.clear();
  }

  void join(client& c) {
    join_request r;
    r.member_id = c.member_id;
    r.instance_id = c.instance_id;
    r.session_timeout_ms = 6000;
    r.rebalance_timeout_ms = 9000;
    r.protocol_type = "consumer";
    r.protocols = {{"range", bytes("all")}};
    r.requires_member_id = !c.instance_id && !random_.one_in(4);
    r.can_skip_assignment = random_.one_in(2);
    c.waits = ++last_waiter_;
    c.joining = true;
    group_effects out;
    auto answered = group_.join(std::move(r), c.waits, "m" + std::to_string(++last_member_), settings_, now_, out);
    if (answered) out.answers.emplace_back(c.waits, std::move(*answered));
    take(out);
  }
  void sync(client& c) {
    sync_request r;
    r.member_id = c.member_id;
    r.instance_id = c.instance_id;
    r.generation = c.generation;
    if (group_.leader() == c.member_id) {
      for (const auto& [id, m] : group_.members()) r.assignments.emplace_back(id, bytes(share_of(c.generation, id)));
    }
    c.waits = ++last_waiter_;
    c.joining = false;
    group_effects out;
    auto answered = group_.sync(std::move(r), c.waits, now_, out);
    if (answered) out.answers.emplace_back(c.waits, std::move(*answered));
    take(out);
  }
  void leave(client& c) {
    group_effects out;
    (void)group_.leave(c.instance_id ? "" : c.member_id, c.instance_id, "tired", settings_, now_, out);
    take(out);
    crash(c);
  }
  void crash(client& c) {
    start_over(c);
    c.waits = no_waiter;
    c.is_gone = true;
  }
  // Its connection breaks: it asks again.
  void lose_answer(client& c) { c.waits = no_waiter; }

  void advance(std::int64_t ms) {
    now_.steady += std::chrono::milliseconds(ms);
    now_.wall.value += ms;
    group_effects out;
    group_.on_time(settings_, now_, out);
    take(out);
    RC_ASSERT(group_.next_deadline() > now_.steady);
  }
  void store(bool succeeds) {
    const auto generation = *std::exchange(to_store_, std::nullopt);
    group_effects out;
    const auto outcome = succeeds ? error_code::none : error_code::coordinator_not_available;
    group_.ended(generation, outcome, settings_, now_, out);
    take(out);
  }

  void take(group_effects& out) {
    group_.check();
    RC_ASSERT(group_.generation() >= last_generation_);
    last_generation_ = group_.generation();
    if (!out.records.empty()) to_store_ = out.generation;
    for (const auto* answers : {&out.answers, &out.when_stored}) {
      for (const auto& [w, a] : *answers) {
        RC_ASSERT(answered_.insert(w).second);
        auto* c = waiting(w);
        if (!c) continue;
        if (const auto* join = std::get_if<join_answer>(&a)) {
          joined(*c, *join);
        } else {
          synced(*c, std::get<sync_answer>(a));
        }
      }
    }
  }
  client* waiting(waiter w) {
    const auto found = std::find_if(clients_.begin(), clients_.end(), [w](const client& c) { return c.waits == w; });
    return found == clients_.end() ? nullptr : &*found;
  }
  void joined(client& c, const join_answer& a) {
    c.waits = no_waiter;
    if (a.error == error_code::member_id_required) {
      c.member_id = a.member_id;
    } else if (a.error != error_code::none) {
      start_over(c);
    } else {
      c.member_id = a.member_id;
      c.generation = a.generation;
      if (a.leader == c.member_id) RC_ASSERT(!a.members.empty());
    }
  }
  void synced(client& c, const sync_answer& a) {
    c.waits = no_waiter;
    if (a.error == error_code::rebalance_in_progress || a.error == error_code::coordinator_not_available) {
      return again(c);
    }
    if (a.error != error_code::none) return start_over(c);
    // A static member's share was assigned to its old id.
    const auto share = text(a.assignment);
    if (!c.instance_id && !share.empty()) RC_ASSERT(share == share_of(c.generation, c.member_id));
    if (!share.empty())
      RC_ASSERT(owners_.emplace(share, c.instance_id.value_or(c.member_id)).first->second ==
                c.instance_id.value_or(c.member_id));
    c.is_in = true;
  }

  random_source random_;
  group_settings settings_;
  now_t now_{time_point(std::chrono::hours(1)), {1'000'000}};
  classic_group group_{"g", now_};
  std::vector<client> clients_;
  std::map<std::string, std::string> owners_;  // of each share ever assigned
  std::set<waiter> answered_;
  std::optional<std::int32_t> to_store_;
  std::int32_t last_generation_ = 0;
  waiter last_waiter_ = 0;
  int last_member_ = 0;
};

void run() {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>().as("seed of the world");
  world w(seed, 1 + seed % 5);
  for (int i = 0; i < 300; ++i) w.step(false);
  for (int i = 0; i < 2000; ++i) w.step(true);
  w.check_settled();
}

// Printed by RapidCheck with its seed.
TEST(classic_group_property, nobody_gets_anothers_share_and_all_end_up_in_one_generation) {
  ASSERT_TRUE(rc::check("a group whatever its members do", run));
}

}  // namespace
}  // namespace jackdaw::coordinator
