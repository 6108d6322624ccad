#include "log_mover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "handlers/shard_state.hpp"
#include "partition_store.hpp"

namespace jackdaw::broker {
namespace {

// What a worker copies at a time, and how little may be left for the step that appends wait for.
constexpr std::uint32_t piece_bytes_max = 1 << 20;
constexpr std::uint32_t last_piece_bytes_max = 256 << 10;
constexpr auto retry_pause = std::chrono::seconds(1);

}  // namespace

// ---- beginning and ending

// num.replica.alter.log.dirs.threads is for the whole process; its shards share it.
std::size_t log_mover::active_max() const {
  const auto& server = *home_.options.server;
  const auto threads = server.config.num_replica_alter_log_dirs_threads.value_or(
      static_cast<std::int32_t>(server.storage->directory_count()));
  return std::max<std::size_t>(1, static_cast<std::size_t>(threads) / server.shard_count);
}

void log_mover::move(hosted_partition& p, std::size_t directory, std::string resumed) {
  if (closed_) return;
  const auto running = moves_.find(p.key());
  if (running != moves_.end()) {
    if (running->second->to == directory) return;
    cancel(move_ptr(running->second));
  }
  if (p.directory == directory) return;
  auto m = std::make_shared<log_move>();
  m->key = p.key();
  m->name = p.name;
  m->to = directory;
  begin(m, p, std::move(resumed));
}

void log_mover::begin(const move_ptr& m, hosted_partition& p, std::string resumed) {
  const auto& path = home_.options.server->storage->directory_path(m->to);
  const auto* topic = home_.image->find_topic(m->key.topic_id);
  log::open_options how;
  how.directory = resumed.empty() ? path + '/' + log::future_directory_name(m->name, random_uuid(home_.random))
                                  : std::move(resumed);
  how.topic_id = m->key.topic_id;
  how.partition = m->key.partition;
  how.config = store_.config_of(*topic);
  how.now = home_.now.wall;
  how.log_start_offset = m->next = p.log->log_start_offset();
  m->truncations = p.log->truncations();
  m->copy = std::make_unique<log_copy>(std::move(how), path + '/' + log::directory_name(m->name));
  home_.log(log_level::info, fmt::format("{} moves to {}", log::directory_name(m->name), path));
  moves_[m->key] = m;
  waiting_.push_back(m);
  start_next();
}

void log_mover::start_next() {
  while (!closed_ && active_ < active_max() && !waiting_.empty()) {
    auto m = std::move(waiting_.front());
    waiting_.pop_front();
    m->is_active = true;
    ++active_;
    step(m);
  }
}

void log_mover::cancel(const move_ptr& m) {
  moves_.erase(m->key);
  std::erase(waiting_, m);
  home_.timers.cancel(m->timer);
  m->is_cancelled = true;
  if (!m->is_running) undo(m);
}

// Puts the copy away before appends go on: a copy under its final name must not be taken for a newer log.
void log_mover::undo(const move_ptr& m) {
  m->is_running = true;
  ++running_;
  const auto trash = discarded_path(home_, m->to, m->name);
  auto outcome = std::make_shared<result<void>>();
  home_.env.run_on_worker(
      work_class::bulk,
      [m, outcome, trash, storage = home_.options.server->storage] {
        *outcome = m->copy->undo(storage->disk(), trash);
      },
      [this, m, outcome, trash]() {
        m->is_running = false;
        --running_;
        if (!*outcome && m->copy->is_finished() && !closed_) {
          home_.log(log_level::error,
                    fmt::format("cannot put {} away: {}", m->copy->directory(), to_string(outcome->error())));
          home_.timers.schedule(home_.now.steady + retry_pause, [this, m] { undo(m); });
          return;
        }
        remove_discarded(home_, trash);
        ended(m);
      });
}

void log_mover::ended(const move_ptr& m) {
  if (std::exchange(m->is_active, false)) --active_;
  if (std::exchange(m->is_switching, false)) release_held(m->key);
  if (m->dropped) std::exchange(m->dropped, nullptr)();
  start_next();
  store_.go_on_closing();
}

bool log_mover::drop(const partition_key& key, unique_function<void()> dropped) {
  if (const auto left = leaving_.find(key); left != leaving_.end()) {
    // It may be on its way again already.
    if (const auto next = moves_.find(key); next != moves_.end()) cancel(move_ptr(next->second));
    left->second.push_back(std::move(dropped));
    return true;
  }
  const auto found = moves_.find(key);
  if (found == moves_.end()) return false;
  const move_ptr m = found->second;
  m->dropped = std::move(dropped);
  cancel(m);
  return true;
}

void log_mover::close() {
  closed_ = true;
  waiting_.clear();
  std::erase_if(moves_, [this](const auto& entry) {
    home_.timers.cancel(entry.second->timer);
    return !entry.second->is_running;
  });
}

void log_mover::release_held(const partition_key& key) {
  auto* p = store_.find_open(key);
  if (p == nullptr) return;
  p->is_held = false;
  for (auto& go_on : std::exchange(p->held, {})) go_on();
}

std::optional<log_mover::progress> log_mover::find(const hosted_partition& p) const {
  const auto found = moves_.find(p.key());
  if (found == moves_.end()) return std::nullopt;
  const auto& m = *found->second;
  return progress{m.to, m.size_bytes, p.log->log_end_offset() - m.next};
}

// ---- copying

bool log_mover::is_stale(const log_move& m, const hosted_partition& p) const {
  return p.log->truncations() != m.truncations || m.next < p.log->log_start_offset();
}

duration log_mover::pause_after(std::uint64_t bytes) const {
  const auto limit = home_.dynamic.alter_log_dirs_max_bytes_per_second;
  if (limit == INT64_MAX || bytes == 0) return duration::zero();
  const double seconds =
      static_cast<double>(bytes) * home_.shard_count() / static_cast<double>(std::max<std::int64_t>(1, limit));
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, 3600.0) * 1000));
}

void log_mover::step_after(const move_ptr& m, duration pause) {
  if (pause == duration::zero()) return step(m);
  m->timer = home_.timers.schedule(home_.now.steady + pause, [this, m] { step(m); });
}

void log_mover::step(const move_ptr& m) {
  auto* p = store_.find_open(m->key);
  if (p == nullptr || m->is_cancelled || closed_) return;
  if (p->is_held || leaving_.contains(m->key) || p->is_repairing || p->log->needs_repair())
    return step_after(m, retry_pause);
  if (is_stale(*m, *p)) {
    // What was copied isn't the log's beginning any more.
    const auto to = m->to;
    cancel(m);
    return move(*p, to);
  }
  store_.use_files(*p);
  const auto max_bytes =
      std::min<std::uint32_t>(piece_bytes_max, static_cast<std::uint32_t>(p->log->config().segment_bytes));
  const auto log_end = p->log->log_end_offset();
  auto piece = p->log->read(m->next, max_bytes, log_end, true);
  m->is_switching = piece && !piece->cold && !piece->slice.more && piece->slice.size_bytes <= last_piece_bytes_max;
  p->is_held = m->is_switching;
  m->is_running = true;
  ++running_;
  struct worker_state {
    result<log::read_outcome> piece;
    result<void> outcome{};
  };
  auto w = std::make_shared<worker_state>(worker_state{std::move(piece)});
  home_.env.run_on_worker(
      work_class::bulk,
      [m, w, log_end, source = p->log->directory(), &d = home_.options.server->storage->disk()] {
        w->outcome = w->piece ? m->copy->add(d, std::move(*w->piece)) : result<void>(w->piece.error());
        if (w->outcome && m->is_switching && m->copy->end() == log_end) w->outcome = m->copy->finish(d, source);
      },
      [this, m, w, before = m->size_bytes]() { stepped(m, w->outcome, before); });
}

void log_mover::stepped(const move_ptr& m, const result<void>& outcome, std::uint64_t size_before) {
  m->is_running = false;
  --running_;
  m->next = m->copy->end();
  m->size_bytes = m->copy->size_bytes();
  auto* p = store_.find_open(m->key);
  if (m->is_cancelled || p == nullptr) return undo(m);
  if (!outcome) {
    home_.log(log_level::error,
              fmt::format("{} can't move to {}: {}", log::directory_name(m->name),
                          home_.options.server->storage->directory_path(m->to), to_string(outcome.error())));
    return cancel(m);
  }
  if (m->copy->is_finished()) {
    // While the worker was at it the log may have been cut, or a flush of it failed.
    if (is_stale(*m, *p) || p->is_repairing || p->log->needs_repair()) {
      const auto to = m->to;
      cancel(m);
      return move(*p, to);
    }
    return switch_over(m, *p);
  }
  const bool was_switching = std::exchange(m->is_switching, false);
  if (was_switching) release_held(m->key);
  if (closed_) {
    moves_.erase(m->key);
    return store_.go_on_closing();
  }
  const bool grew = m->size_bytes > size_before;
  step_after(m, was_switching && !grew ? retry_pause : pause_after(m->size_bytes - size_before));
}

// ---- switching

void log_mover::switch_over(const move_ptr& m, hosted_partition& p) {
  const auto old = std::exchange(p.log, m->copy->take());
  const auto from = std::exchange(p.directory, m->to);
  p.log->set_config(store_.config_of(*home_.image->find_topic(m->key.topic_id)));
  if (old->log_start_offset() > p.log->log_start_offset())
    static_cast<void>(p.log->move_log_start(old->log_start_offset()));
  p.log->assign_epoch(p.leader.epoch(), p.log->log_end_offset());
  p.unflushed = {0, home_.now.wall};
  store_.note_checkpoints(p);
  if (p.leader.appended(p.log->log_end_offset())) store_.moved_up(p, p.unseen_bytes);
  home_.log(log_level::info, fmt::format("{} has moved to {}", log::directory_name(m->name),
                                         home_.options.server->storage->directory_path(m->to)));
  forget_checkpoints(home_, from, m->name);
  put_away(from, *m, p.log->directory() + log::moved_here_marker);
  moves_.erase(m->key);
  ended(m);
}

// The place where the partition was. Only when it is gone for sure may the marker go that says where to look.
void log_mover::put_away(std::size_t directory, const log_move& m, std::string marker) {
  const auto& path = home_.options.server->storage->directory_path(directory);
  ++running_;
  leaving_[m.key];
  home_.env.run_on_worker(
      work_class::bulk,
      [path, old = path + '/' + log::directory_name(m.name), trash = discarded_path(home_, directory, m.name),
       marker = std::move(marker), storage = home_.options.server->storage] {
        auto& d = storage->disk();
        if (!d.rename(old, trash) || !d.sync_directory(path)) return;
        static_cast<void>(d.remove(marker));
        static_cast<void>(d.remove_all(trash));
      },
      [this, key = m.key]() {
        --running_;
        auto left = leaving_.extract(key);
        for (auto& then : left.mapped()) then();
        store_.go_on_closing();
      });
}

}  // namespace jackdaw::broker
