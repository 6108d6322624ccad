// Raft nodes in one process: their disks, the network between them and the clock are plain data that tests move.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/raft_node.hpp"
#include "jackdaw/raft/wire.hpp"

namespace jackdaw::raft::testing {

inline broker_id node_name(int i) { return broker_id{i}; }

// What survives a crash, and the writes that may not.
class test_disk : public log_reader {
 public:
  explicit test_disk(snapshot_info first) : snapshot_(std::move(first)) {}

  result<std::vector<entry>> entries(raft_index from, raft_index to, std::size_t max_bytes) override {
    std::vector<entry> out;
    std::size_t bytes = 0;
    ++reads;
    for (const entry& e : log_) {
      if (e.index < from || e.index > to) continue;
      bytes += e.size_bytes();
      if (!out.empty() && bytes > max_bytes) break;
      out.push_back(e);
    }
    return out;
  }

  struct write {
    std::uint64_t id = 0;
    std::optional<raft::hard_state> hard_state;
    std::optional<log_position> reset;
    std::optional<raft_index> truncate_from;
    std::vector<entry> append;
    std::optional<raft_index> drop_before;
  };
  void queue(write w) { pending_.push_back(std::move(w)); }
  bool idle() const { return pending_.empty(); }
  // Makes the first `count` writes durable; the id of the last one.
  std::uint64_t sync(std::size_t count) {
    std::uint64_t id = 0;
    for (; count > 0 && !pending_.empty(); --count) {
      perform(pending_.front());
      id = pending_.front().id;
      pending_.pop_front();
    }
    return id;
  }
  std::uint64_t sync() { return sync(pending_.size()); }
  // A crash: of what wasn't synced the first `kept` writes are there all the same.
  void crash(std::size_t kept) {
    sync(kept);
    pending_.clear();
    incoming.clear();
  }
  std::size_t pending() const { return pending_.size(); }

  // After the writes that came before it.
  void drop_before(raft_index index) {
    if (pending_.empty()) {
      drop_now(index);
    } else {
      pending_.back().drop_before = index;
    }
  }
  void drop_now(raft_index index) {
    while (!log_.empty() && log_.front().index < index) {
      base_ = log_.front().position();
      log_.pop_front();
    }
  }
  // A durable snapshot; the log goes when it doesn't reach it.
  void save(snapshot_info info, std::vector<std::string> state) {
    snapshot_ = std::move(info);
    state_ = std::move(state);
  }

  restored_state restore() {
    if (!matches_snapshot()) {
      log_.clear();
      base_ = snapshot_.position;
    }
    restored_log log(base_);
    for (const entry& e : log_) log.add(e);
    return {hard_state_, snapshot_, log};
  }
  const std::vector<std::string>& state() const { return state_; }
  const snapshot_info& snapshot() const { return snapshot_; }
  const std::deque<entry>& log() const { return log_; }

  std::vector<std::byte> incoming;  // pieces of a snapshot on their way
  int reads = 0;

 private:
  bool matches_snapshot() const {
    if (base_ == snapshot_.position) return true;
    for (const entry& e : log_) {
      if (e.position() == snapshot_.position) return true;
    }
    return false;
  }
  void perform(const write& w) {
    if (w.hard_state) hard_state_ = *w.hard_state;
    if (w.reset) {
      log_.clear();
      base_ = *w.reset;
    }
    if (w.truncate_from) {
      while (!log_.empty() && log_.back().index >= *w.truncate_from) log_.pop_back();
    }
    for (const entry& e : w.append) {
      const raft_index last = log_.empty() ? base_.index : log_.back().index;
      JD_ASSERT(e.index == last + 1, e.index.value(), last.value());
      log_.push_back(e);
    }
    if (w.drop_before) drop_now(*w.drop_before);
  }

  raft::hard_state hard_state_;
  snapshot_info snapshot_;
  std::vector<std::string> state_;
  log_position base_;
  std::deque<entry> log_;
  std::deque<write> pending_;
};

// The state machine: all payloads, in order, with their places.
struct test_node {
  std::unique_ptr<test_disk> disk;
  std::unique_ptr<raft_node> raft;  // null while crashed
  std::vector<std::string> applied;
  raft::leadership seen;
};

class cluster {
 public:
  explicit cluster(int voters, std::uint64_t seed = 1, int observers = 0) : random(seed) {
    config.election_timeout = std::chrono::milliseconds(1000);
    config.heartbeat_interval = std::chrono::milliseconds(100);
    for (int i = 1; i <= voters; ++i) first_voters.voters.push_back({node_name(i), {}, "host", 1});
    for (int i = 1; i <= voters + observers; ++i) add(i);
  }

  void add(int i) {
    nodes[node_name(i)].disk = std::make_unique<test_disk>(snapshot_info{{}, first_voters});
    start(i);
  }
  void start(int i) {
    test_node& n = nodes.at(node_name(i));
    raft_config c = config;
    c.self = node_name(i);
    n.applied = n.disk->state();
    n.raft = std::make_unique<raft_node>(c, n.disk->restore(), *n.disk, random_source(random.next()), now);
    n.seen = {};
    pump(node_name(i));
  }
  void crash(int i, std::size_t kept = 0) {
    test_node& n = nodes.at(node_name(i));
    n.raft.reset();
    n.disk->crash(kept);
  }
  void restart(int i) {
    if (node(i).raft) crash(i);
    start(i);
  }

  test_node& node(int i) { return nodes.at(node_name(i)); }
  raft_node& raft(int i) { return *node(i).raft; }

  // Performs all effects but messages, which go to `wire`, and syncs, which wait for sync().
  void pump(broker_id id) {
    test_node& n = nodes.at(id);
    while (n.raft && n.raft->has_ready()) perform(n, n.raft->take());
    if (n.raft) n.raft->check();
    if (n.raft && n.raft->is_leader()) {
      const auto [at, is_new] = leaders.try_emplace(n.raft->term(), id);
      JD_ASSERT(at->second == id, "two leaders of term", n.raft->term().value());
    }
  }

  void sync(broker_id id, std::size_t count) {
    test_node& n = nodes.at(id);
    const std::uint64_t done = n.disk->sync(count);
    if (done == 0 || !n.raft) return;
    n.raft->persisted(done, now);
    pump(id);
  }

  // Delivers one message, as bytes, unless its way is cut or its receiver is down.
  void deliver(const message& m) {
    if (cut.contains({m.from, m.to})) return;
    const auto to = nodes.find(m.to);
    if (to == nodes.end() || !to->second.raft) return;
    const auto decoded = decode_message(encode(m));
    JD_ASSERT(static_cast<bool>(decoded));
    to->second.raft->step(*decoded, now);
    pump(m.to);
  }

  // Until nothing happens without time passing.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [id, n] : nodes) {
        pump(id);
        if (n.raft && !n.disk->idle()) {
          sync(id, n.disk->pending());
          busy = true;
        }
      }
      while (!wire.empty()) {
        const message m = std::move(wire.front());
        wire.pop_front();
        deliver(m);
        busy = true;
      }
    }
  }

  void tick_all() {
    for (auto& [id, n] : nodes) {
      if (n.raft && n.raft->wake_at() <= now) {
        n.raft->tick(now);
        pump(id);
        if (settles_between_ticks) settle();
      }
    }
  }
  void advance(duration by) {
    const time_point end = now + by;
    settle();
    while (now < end) {
      now += std::chrono::milliseconds(10);
      tick_all();
      settle();
    }
  }

  void isolate(int i, bool both_ways = true) {
    for (const auto& [id, n] : nodes) {
      if (id == node_name(i)) continue;
      cut.insert({node_name(i), id});
      if (both_ways) cut.insert({id, node_name(i)});
    }
  }
  void heal() { cut.clear(); }

  // The leader of the highest term, 0 if none.
  int leader() {
    int best = 0;
    raft_term term{-1};
    for (auto& [id, n] : nodes) {
      if (n.raft && n.raft->is_leader() && n.raft->term() > term) {
        best = id.value();
        term = n.raft->term();
      }
    }
    return best;
  }
  int elect() {
    for (int i = 0; i < 100 && leader() == 0; ++i) advance(std::chrono::milliseconds(100));
    return leader();
  }
  bool propose(int i, const std::string& text) {
    const auto done = raft(i).propose({make_payload(as_bytes(text))}, now);
    pump(node_name(i));
    return static_cast<bool>(done);
  }

  raft_config config;
  voter_set first_voters;
  random_source random;
  time_point now{std::chrono::seconds(100)};
  std::map<broker_id, test_node> nodes;
  std::deque<message> wire;
  std::set<std::pair<broker_id, broker_id>> cut;
  std::map<raft_term, broker_id> leaders;
  // Every entry that any node ever applied, by its place.
  std::map<raft_index, std::pair<raft_term, std::string>> committed;
  // Answers are much faster than timeouts.
  bool settles_between_ticks = true;
  // Snapshot pieces are cut this small.
  std::size_t piece_bytes = 20;
  std::function<void(const snapshot_info&, test_node&)> on_install = [](const auto&, auto&) {};

 private:
  void perform(test_node& n, ready r) {
    JD_ASSERT(!r.failure);
    if (r.persist_id != 0) n.disk->queue({r.persist_id, r.hard_state, r.reset_log, r.truncate_from, r.append, {}});
    for (message& m : r.messages) wire.push_back(std::move(m));
    if (r.leadership) n.seen = *r.leadership;
    for (const entry& e : r.committed) apply(n, e);
    if (r.drop_before) n.disk->drop_before(*r.drop_before);
    for (const auto& send : r.snapshot_sends) send_piece(n, send);
    for (const auto& piece : r.snapshot_pieces) receive_piece(n, piece);
  }

  void apply(test_node& n, const entry& e) {
    std::string text(as_text(e.bytes()));
    if (e.kind == entry_kind::no_op) text = "no-op";
    if (e.kind == entry_kind::voters) std::replace(text.begin(), text.end(), '\n', '?');
    const auto [at, is_new] = committed.try_emplace(e.index, e.term, text);
    JD_ASSERT(at->second == std::make_pair(e.term, text), "a committed entry changed", e.index.value());
    n.applied.push_back(std::to_string(e.index.value()) + ":" + text);
    JD_ASSERT(static_cast<std::int64_t>(n.applied.size()) == e.index.value(), "applied out of order", e.index.value());
  }

  static std::vector<std::byte> join(const std::vector<std::string>& state) {
    std::string all;
    for (const std::string& s : state) all += s + '\n';
    const bytes_view bytes = as_bytes(all);
    return {bytes.begin(), bytes.end()};
  }

 public:
  // The shell takes a snapshot of what it has applied.
  void take_snapshot(int i) {
    test_node& n = node(i);
    const raft_index index{static_cast<std::int64_t>(n.applied.size())};
    n.raft->snapshot_taken(index, now);
    n.disk->save(n.raft->snapshot(), n.applied);
    pump(node_name(i));
  }

 private:
  void send_piece(test_node& n, const ready::snapshot_send& send) {
    if (n.disk->snapshot() != send.snapshot) return;
    const auto all = join(n.disk->state());
    const std::size_t from = std::min<std::size_t>(send.at_byte, all.size());
    const std::size_t size = std::min(piece_bytes, all.size() - from);
    std::vector<std::byte> bytes(all.begin() + static_cast<std::ptrdiff_t>(from),
                                 all.begin() + static_cast<std::ptrdiff_t>(from + size));
    wire.push_back(n.raft->snapshot_piece(send, std::move(bytes), from + size == all.size()));
  }
  void receive_piece(test_node& n, const snapshot_request& piece) {
    if (piece.at_byte == 0) n.disk->incoming.clear();
    JD_ASSERT(n.disk->incoming.size() == piece.at_byte);
    n.disk->incoming.insert(n.disk->incoming.end(), piece.bytes.begin(), piece.bytes.end());
    n.raft->snapshot_piece_written(piece.snapshot.position, n.disk->incoming.size(), now);
    if (!piece.last) return;
    std::vector<std::string> state;
    std::string line;
    for (const char c : as_text(n.disk->incoming)) {
      if (c == '\n') {
        state.push_back(std::exchange(line, {}));
      } else {
        line += c;
      }
    }
    n.applied = state;
    n.disk->save(piece.snapshot, std::move(state));
    on_install(piece.snapshot, n);
    n.raft->snapshot_installed(piece.snapshot, now);
  }
};

}  // namespace jackdaw::raft::testing
