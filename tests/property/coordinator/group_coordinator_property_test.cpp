// Groups whose members come, go, commit and crash, over a log that is written late, a coordinator that crashes, and
// leadership that is lost and regained with records in flight, of which some survive. In a generation no partition has
// two owners; what was acknowledged stays committed, whatever is in flight; whoever waits is answered exactly once; and
// a snapshot is worth the log that led to it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/coordinator/group_coordinator.hpp"

namespace jackdaw::coordinator {
namespace {

using protocol::error_code;

constexpr int partitions = 4;

struct client {
  std::string group;
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
  waiter waits = no_waiter;
  bool is_in = false;
  std::vector<int> owned;
};

// Who waits for a commit.
struct commit_in_flight {
  std::string group;
  int partition = 0;
  std::int64_t value = 0;
};

class world {
 public:
  explicit world(std::uint64_t seed) : random_(seed), clients_(2 + seed % 6) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].group = random_.one_in(3) ? "h" : "g";
      if (random_.one_in(4)) clients_[i].instance_id = "static-" + std::to_string(i);
    }
    lead();
  }

  void step() {
    if (random_.one_in(60)) return crash();
    if (random_.one_in(50)) return lose_leadership();
    if (random_.one_in(40)) return snapshot();
    if (random_.one_in(50)) return remove(random_.one_in(2) ? "g" : "h");
    auto& c = clients_[random_.below(clients_.size())];
    if (random_.one_in(30)) {
      leave(c);
    } else if (random_.one_in(40)) {
      c = client{c.group, "", c.instance_id, -1, no_waiter, false, {}};  // its process died
    } else {
      act(c);
    }
    while (!in_flight_.empty() && random_.one_in(2)) write_next();
    advance(static_cast<std::int64_t>(random_.below(1500)));
    check();
  }

 private:
  void lead() {
    coordinator_settings settings;
    settings.classic.initial_rebalance_delay_ms = 1000;
    core_ = std::make_unique<group_coordinator>(settings, table_, now_);
  }
  // Nobody is told anything.
  void crash() {
    some_survive();
    waiting_.clear();
    for (auto& c : clients_) c.waits = no_waiter;
    lead();
    check();
  }
  // Whoever waits is told, and another node may have led meanwhile.
  void lose_leadership() {
    if (random_.one_in(2)) some_survive();
    coordinator_effects out;
    core_->groups.end(out);
    RC_ASSERT(out.proposals.empty());
    take(out);
    RC_ASSERT(waiting_.empty());
    some_survive();
    lead();
    check();
  }
  // Of what was in flight some reached the log, though nobody was told.
  void some_survive() {
    for (auto left = random_.below(in_flight_.size() + 1); left > 0; --left) forget(replay_next());
    in_flight_.clear();
  }
  void snapshot() {
    const auto shared = table_.share();
    group_table loaded;
    shared.for_each_record([&](metadata::record r) { RC_ASSERT(loaded.replay(r)); });
    RC_ASSERT(loaded == shared);
  }
  void remove(const std::string& group) {
    coordinator_effects out;
    core_->groups.remove_groups({group}, waits(), out);
    if (!out.proposals.empty()) ++lives_[group];  // its generations may begin anew
    take(out);
  }
  waiter waits() {
    waiting_.insert(++last_waiter_);
    return last_waiter_;
  }

  void act(client& c) {
    if (c.waits != no_waiter) return;
    if (c.generation < 0) return join(c);
    if (!c.is_in) return sync(c);
    if (!c.owned.empty() && random_.one_in(2)) return commit(c);
    obey(c, core_->classic.heartbeat(c.group, claim(c), now_));
  }
  static member_claim claim(const client& c) {
    member_claim m{c.member_id, {}, c.generation};
    if (c.instance_id) m.instance_id = *c.instance_id;
    return m;
  }
  void obey(client& c, error_code code) {
    if (code == error_code::none) return;
    c.generation = -1;
    c.is_in = false;
    c.owned.clear();
    if (code != error_code::rebalance_in_progress) c.member_id.clear();
  }
  void join(client& c) {
    join_request r;
    r.member_id = c.member_id;
    r.instance_id = c.instance_id;
    r.session_timeout_ms = 10'000;
    r.rebalance_timeout_ms = 8'000;
    r.protocol_type = "consumer";
    r.protocols = {{"range", {}}};
    r.requires_member_id = random_.one_in(2);
    coordinator_effects out;
    c.waits = waits();
    core_->classic.join(c.group, std::move(r), c.waits, "m" + std::to_string(last_waiter_), now_, out);
    take(out);
  }
  void sync(client& c) {
    sync_request r;
    r.member_id = c.member_id;
    r.instance_id = c.instance_id;
    r.generation = c.generation;
    const auto* kind = std::as_const(core_->groups).find(c.group);
    const auto* group = kind ? std::get_if<classic_group>(kind) : nullptr;
    if (group && group->leader() == c.member_id) {
      std::map<std::string, blob> shares;
      auto next = group->members().begin();
      for (int p = 0; p < partitions && next != group->members().end(); ++p) {
        shares[next->first].push_back(static_cast<std::byte>(p));
        if (++next == group->members().end()) next = group->members().begin();
      }
      r.assignments.assign(shares.begin(), shares.end());
    }
    coordinator_effects out;
    c.waits = waits();
    core_->classic.sync(c.group, std::move(r), c.waits, now_, out);
    take(out);
  }
  void leave(client& c) {
    coordinator_effects out;
    (void)core_->classic.leave(c.group, c.instance_id ? "" : c.member_id, c.instance_id, "", now_, out);
    take(out);
    c.waits = no_waiter;
    obey(c, error_code::unknown_member_id);
  }
  void commit(client& c) {
    const int p = c.owned[random_.below(c.owned.size())];
    commit_request r;
    r.group = c.group;
    r.member_id = c.member_id;
    r.instance_id = c.instance_id;
    r.generation = c.generation;
    metadata::committed_offset o;
    o.topic = "t";
    o.partition = partition_id{p};
    o.offset = offset{++last_value_};
    r.offsets = {o};
    coordinator_effects out;
    const auto w = waits();
    commits_[w] = {c.group, p, last_value_};
    core_->offsets.commit(std::move(r), w, now_, out);
    committer_ = &c;
    take(out);
    committer_ = nullptr;
  }

  // The groups that it removes.
  std::vector<std::string> replay_next() {
    std::vector<std::string> groups;
    for (const auto& r : *in_flight_.front().records) {
      table_.replay(r);
      const auto* removed = std::get_if<metadata::group_removed>(&r);
      if (removed && !removed->only_without_offsets) groups.push_back(removed->group);
    }
    in_flight_.pop_front();
    return groups;
  }
  void forget(const std::vector<std::string>& groups) {
    for (const auto& g : groups) std::erase_if(acknowledged_, [&g](const auto& a) { return a.first.first == g; });
  }
  // The log takes several at once, and then says so of each.
  void write_next() {
    if (random_.one_in(12)) return lose_in_flight();
    std::vector<std::pair<newest_groups::batch_id, std::vector<std::string>>> written;
    for (auto left = 1 + random_.below(in_flight_.size()); left > 0; --left) {
      const auto id = in_flight_.front().id;
      written.emplace_back(id, replay_next());
    }
    for (const auto& [id, removed] : written) {
      finish(id, error_code::none);
      forget(removed);
    }
  }
  // All of it, or one that was refused by itself.
  void lose_in_flight() {
    if (random_.one_in(2)) {
      const auto at = in_flight_.begin() + static_cast<std::ptrdiff_t>(random_.below(in_flight_.size()));
      const auto id = at->id;
      in_flight_.erase(at);
      return finish(id, error_code::coordinator_not_available);
    }
    for (auto& p : std::exchange(in_flight_, {})) finish(p.id, error_code::coordinator_not_available);
  }
  void finish(newest_groups::batch_id id, error_code outcome) {
    coordinator_effects out;
    core_->groups.finished(id, outcome, now_, out);
    take(out);
  }
  void advance(std::int64_t ms) {
    now_.steady += std::chrono::milliseconds(ms);
    now_.wall.value += ms;
    coordinator_effects out;
    core_->groups.on_time(now_, out);
    take(out);
    RC_ASSERT(core_->groups.next_deadline() > now_.steady);
  }

  void take(coordinator_effects& out) {
    for (auto& p : out.proposals) in_flight_.push_back(std::move(p));
    for (auto& [w, a] : out.answers) {
      RC_ASSERT(waiting_.erase(w) == 1U);
      auto* c = waiting(w);
      if (const auto* rows = std::get_if<rows_answer>(&a)) {
        committed(w, *rows);
      } else if (const auto* join = std::get_if<join_answer>(&a); join && c) {
        joined(*c, *join);
      } else if (c) {
        synced(*c, std::get<sync_answer>(a));
      }
    }
  }
  void committed(waiter w, const rows_answer& a) {
    const auto commit = commits_.extract(w);
    if (!commit) return;
    const auto& what = commit.mapped();
    if (a.error == error_code::none) acknowledged_[{what.group, what.partition}] = what.value;
    if (committer_) obey(*committer_, a.error);
  }
  client* waiting(waiter w) {
    const auto found = std::find_if(clients_.begin(), clients_.end(), [w](const client& c) { return c.waits == w; });
    return found == clients_.end() ? nullptr : &*found;
  }
  static void joined(client& c, const join_answer& a) {
    c.waits = no_waiter;
    c.member_id = a.error == error_code::none || a.error == error_code::member_id_required ? a.member_id : "";
    if (a.error == error_code::none) c.generation = a.generation;
  }
  void synced(client& c, const sync_answer& a) {
    c.waits = no_waiter;
    if (a.error != error_code::none) return obey(c, a.error);
    c.is_in = true;
    c.owned.clear();
    for (const auto b : a.assignment) c.owned.push_back(static_cast<int>(b));
    for (const int p : c.owned) {
      const auto [owner, is_new] = owners_.emplace(std::make_tuple(c.group, lives_[c.group], c.generation, p),
                                                   c.instance_id.value_or(c.member_id));
      RC_ASSERT(owner->second == c.instance_id.value_or(c.member_id));
    }
  }

  void check() {
    for (const auto& [where, value] : acknowledged_) {
      const auto* entry = table_.find(where.first);
      RC_ASSERT(entry != nullptr);
      const auto* o = entry->offsets().find(offset_key{"t", partition_id{where.second}});
      RC_ASSERT(o != nullptr && o->offset.value() >= value);
    }
    if (in_flight_.empty()) RC_ASSERT(core_->groups.newest() == table_);
  }

  random_source random_;
  std::vector<client> clients_;
  now_t now_{time_point(std::chrono::hours(1)), {1'000'000}};
  std::unique_ptr<group_coordinator> core_;
  group_table table_;  // committed
  std::deque<proposal> in_flight_;
  std::set<waiter> waiting_;
  std::map<waiter, commit_in_flight> commits_;
  client* committer_ = nullptr;  // whose commit is being decided
  std::map<std::pair<std::string, int>, std::int64_t> acknowledged_;
  std::map<std::tuple<std::string, int, std::int32_t, int>, std::string> owners_;
  std::map<std::string, int> lives_;
  waiter last_waiter_ = no_waiter;
  std::int64_t last_value_ = 0;
};

void run() {
  world w(*rc::gen::arbitrary<std::uint64_t>().as("seed of the world"));
  for (int i = 0; i < 500; ++i) w.step();
}

// Printed by RapidCheck with its seed.
TEST(group_coordinator_property, no_partition_has_two_owners_and_no_acknowledged_offset_is_lost) {
  ASSERT_TRUE(rc::check("groups whatever happens", run));
}

}  // namespace
}  // namespace jackdaw::coordinator
