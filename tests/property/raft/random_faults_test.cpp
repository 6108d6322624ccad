// Clusters under random loss, delay, reordering, doubling, cuts, crashes with half-done writes, snapshots, changes of
// the voters and transfers. What must hold is checked on the way: one leader for each term, committed entries never
// lost or changed (both in testing::cluster), logs that agree where terms agree; and when the faults end, all catch up.
#include <gtest/gtest.h>

#include "unit/raft/cluster.hpp"

namespace jackdaw::raft {
namespace {

using std::chrono::milliseconds;
using testing::cluster;
using testing::node_name;
using testing::test_node;

class storm {
 public:
  storm(int voters, int observers, std::uint64_t seed) : c_(voters, seed, observers), size_(voters + observers) {
    c_.config.append_bytes_max = 200;
    c_.config.appends_in_flight_max = 4;
    c_.config.cache_bytes_max = 500;
    c_.config.entries_behind_snapshot = 5;
    c_.config.committed_bytes_max = 300;
    c_.settles_between_ticks = false;
    for (int i = 1; i <= size_; ++i) c_.restart(i);
    // Some storms are mild, so that much gets done; others are not.
    loss_ = 2 + random().below(30);
    trouble_ = 20 + random().below(400);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      if (i % 50 == 0) check_logs();
    }
  }

  void step() {
    c_.now += milliseconds(random().below(20));
    for (auto& [id, n] : c_.nodes) {
      if (n.raft && n.raft->wake_at() <= c_.now) n.raft->tick(c_.now);
      c_.pump(id);
      if (random().one_in(3)) c_.sync(id, 1 + random().below(3));
    }
    deliver_some();
    if (random().one_in(3)) propose();
    if (random().one_in(trouble_)) trouble();
    if (random().one_in(60)) change_something();
  }

  void deliver_some() {
    for (std::uint64_t n = random().below(c_.wire.size() + 1); n > 0 && !c_.wire.empty(); --n) {
      const auto at =
          c_.wire.begin() + static_cast<std::ptrdiff_t>(random().below(std::min<std::size_t>(c_.wire.size(), 8)));
      const message m = *at;
      if (!random().one_in(10)) c_.wire.erase(at);  // else it comes again
      if (!random().one_in(loss_)) c_.deliver(m);
    }
    while (c_.wire.size() > 300) c_.wire.pop_front();
  }

  void propose() {
    const int i = any();
    if (!c_.node(i).raft || !c_.raft(i).is_leader()) return;
    c_.propose(i, "p" + std::to_string(++proposed_));
  }

  void trouble() {
    const int i = any();
    test_node& n = c_.node(i);
    switch (random().below(6)) {
      case 0:
      case 1:
        if (n.raft) {
          c_.crash(i, random().below(n.disk->pending() + 1));
        } else {
          c_.start(i);
        }
        break;
      case 2: c_.isolate(i, random().one_in(2)); break;
      case 3: c_.cut.insert({node_name(any()), node_name(any())}); break;
      default: c_.heal();
    }
    for (int k = 1; k <= size_; ++k) {
      if (!c_.node(k).raft && random().one_in(2)) c_.start(k);
    }
  }

  void change_something() {
    const int i = any();
    test_node& n = c_.node(i);
    if (!n.raft) return;
    switch (random().below(5)) {
      case 0:
      case 1:
        if (!n.applied.empty()) c_.take_snapshot(i);
        break;
      case 2: (void)n.raft->transfer_leadership(broker_id{}, c_.now); break;
      case 3: {
        const int other = any();
        if (n.raft->voters().contains(node_name(other))) {
          if (n.raft->voters().size() > 2) (void)n.raft->remove_voter(node_name(other), c_.now);
        } else {
          (void)n.raft->add_voter({node_name(other), {}, "host", 1}, c_.now);
        }
        break;
      }
      case 4: n.raft->peer_down(n.raft->leader(), c_.now); break;
    }
    c_.pump(node_name(i));
  }

  // Log matching (3.5): equal index and term mean equal entries up to there; and what is committed is on a majority.
  void check_logs() {
    std::map<log_position, std::string, decltype([](const log_position& a, const log_position& b) {
               return std::pair(a.index, a.term) < std::pair(b.index, b.term);
             })>
        seen;
    for (const auto& [id, n] : c_.nodes) {
      for (const entry& e : n.disk->log()) {
        const std::string text(as_text(e.bytes()));
        const auto [at, is_new] = seen.try_emplace(e.position(), text);
        JD_ASSERT(at->second == text, "logs differ at", e.index.value(), e.term.value());
      }
    }
  }

  // Without faults everything that was committed reaches everybody, and new proposals are committed.
  void calm() {
    c_.heal();
    for (int i = 1; i <= size_; ++i) {
      if (!c_.node(i).raft) c_.start(i);
    }
    c_.advance(std::chrono::seconds(20));
    const int leader = c_.leader();
    ASSERT_NE(leader, 0);
    ASSERT_TRUE(c_.propose(leader, "the end"));
    c_.advance(std::chrono::seconds(3));
    ASSERT_FALSE(c_.committed.empty());
    EXPECT_EQ(c_.committed.rbegin()->second.second, "the end");
    const auto expected = c_.committed.rbegin()->first.value();
    for (const auto& [id, n] : c_.nodes) {
      EXPECT_EQ(static_cast<std::int64_t>(n.applied.size()), expected) << "node " << id.value();
      EXPECT_EQ(n.applied, c_.node(leader).applied) << "node " << id.value();
    }
    std::int64_t next = 1;
    for (const auto& [index, what] : c_.committed) EXPECT_EQ(index.value(), next++) << "an entry was skipped";
  }

  std::size_t committed() const { return c_.committed.size(); }
  std::size_t terms() const { return c_.leaders.size(); }

 private:
  random_source& random() { return c_.random; }
  int any() { return 1 + static_cast<int>(random().below(static_cast<std::uint64_t>(size_))); }

  cluster c_;
  int size_;
  std::uint64_t loss_ = 0;
  std::uint64_t trouble_ = 0;
  int proposed_ = 0;
};

class random_faults : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(random_faults, lose_nothing_that_was_committed) {
  const std::uint64_t seed = GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::cerr << "seed " << seed;
  const int voters = seed % 3 == 0 ? 5 : 3;
  storm s(voters, static_cast<int>(seed % 2), seed);
  s.run(4000);
  s.calm();
  std::cerr << ": " << s.committed() << " entries committed, " << s.terms() << " leaders\n";
}

INSTANTIATE_TEST_SUITE_P(seeds, random_faults, ::testing::Range(std::uint64_t{1}, std::uint64_t{151}));

}  // namespace
}  // namespace jackdaw::raft
