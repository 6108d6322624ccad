// Groups whose members come, go, commit and crash, over a log that is written late and a coordinator that crashes. In a
// generation no partition has two owners; what was acknowledged stays committed, whatever is in flight; and a snapshot
// is worth the log that led to it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
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

// On its way to the log.
struct write {
  metadata::record record;
  std::optional<store_job> job;  // else a commit:
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
    restart();
  }

  void step() {
    if (random_.one_in(60)) return crash();
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
  void restart() {
    coordinator_settings s;
    s.classic.initial_rebalance_delay_ms = 1000;
    core_ = std::make_unique<group_coordinator>(s);
    for (const auto& r : log_) core_->replay(r);
    core_->begin(now_);
  }
  // Of what was in flight some reached the disk, though nobody was told.
  void crash() {
    for (auto left = random_.below(in_flight_.size() + 1); left > 0; --left) {
      note_removed(in_flight_.front());
      log_.push_back(in_flight_.front().record);
      in_flight_.pop_front();
    }
    in_flight_.clear();
    for (auto& c : clients_) c.waits = no_waiter;
    restart();
    check();
  }
  void snapshot() {
    const auto shared = core_->table().share();
    group_table loaded;
    std::vector<metadata::record> records;
    shared.for_each_record([&](metadata::record r) {
      RC_ASSERT(loaded.replay(r));
      records.push_back(std::move(r));
    });
    RC_ASSERT(loaded == shared);
    log_ = std::move(records);
  }
  void remove(const std::string& group) {
    auto decided = core_->remove_group(group);
    if (!decided.record) return;
    in_flight_.push_back({std::move(*decided.record), {}, group, -1, 0});
    ++lives_[group];  // its generations may begin anew
  }

  void act(client& c) {
    if (c.waits != no_waiter) return;
    if (c.generation < 0) return join(c);
    if (!c.is_in) return sync(c);
    if (!c.owned.empty() && random_.one_in(2)) return commit(c);
    obey(c, core_->heartbeat(c.group, claim(c), now_));
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
    c.waits = ++last_waiter_;
    auto answer = core_->join(c.group, std::move(r), c.waits, "m" + std::to_string(last_waiter_), now_, out);
    if (answer) out.joins.emplace_back(c.waits, std::move(*answer));
    take(out);
  }
  void sync(client& c) {
    sync_request r;
    r.member_id = c.member_id;
    r.instance_id = c.instance_id;
    r.generation = c.generation;
    const auto* group = core_->find_live(c.group);
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
    c.waits = ++last_waiter_;
    auto answer = core_->sync(c.group, std::move(r), c.waits, now_, out);
    if (answer) out.syncs.emplace_back(c.waits, std::move(*answer));
    take(out);
  }
  void leave(client& c) {
    coordinator_effects out;
    (void)core_->leave(c.group, c.instance_id ? "" : c.member_id, c.instance_id, "", now_, out);
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
    auto decided = core_->commit(std::move(r), now_);
    if (decided.record) in_flight_.push_back({std::move(*decided.record), {}, c.group, p, last_value_});
    obey(c, decided.error);
  }

  void note_removed(const write& w) {
    if (w.partition < 0) std::erase_if(acknowledged_, [&w](const auto& a) { return a.first.first == w.group; });
  }
  void write_next() {
    if (random_.one_in(12)) return lose_in_flight();
    auto w = std::move(in_flight_.front());
    in_flight_.pop_front();
    log_.push_back(w.record);
    core_->replay(w.record);
    note_removed(w);
    if (w.job) return tell(*w.job, error_code::none);
    if (w.partition >= 0) acknowledged_[{w.group, w.partition}] = w.value;
  }
  // A disk that fails loses what comes after, too.
  void lose_in_flight() {
    for (auto& w : std::exchange(in_flight_, {})) {
      if (w.job) tell(*w.job, error_code::coordinator_not_available);
    }
  }
  void tell(store_job& job, error_code outcome) {
    coordinator_effects out;
    core_->stored(job, outcome, now_, out);
    take(out);
  }
  void advance(std::int64_t ms) {
    now_.steady += std::chrono::milliseconds(ms);
    now_.wall.value += ms;
    coordinator_effects out;
    core_->on_time(now_, out);
    take(out);
    RC_ASSERT(core_->next_deadline() > now_.steady);
  }

  void take(coordinator_effects& out) {
    for (auto& job : out.stores) {
      auto record = job.record;
      in_flight_.push_back({std::move(record), std::move(job), {}, 0, 0});
    }
    for (auto& [w, a] : out.joins) {
      if (auto* c = waiting(w)) joined(*c, a);
    }
    for (auto& [w, a] : out.syncs) {
      if (auto* c = waiting(w)) synced(*c, a);
    }
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
      const auto* entry = core_->table().find(where.first);
      RC_ASSERT(entry != nullptr);
      const auto* o = entry->offsets().find(offset_key{"t", partition_id{where.second}});
      RC_ASSERT(o != nullptr && o->offset.value() >= value);
    }
  }

  random_source random_;
  std::vector<client> clients_;
  now_t now_{time_point(std::chrono::hours(1)), {1'000'000}};
  std::unique_ptr<group_coordinator> core_;
  std::vector<metadata::record> log_;
  std::deque<write> in_flight_;
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
