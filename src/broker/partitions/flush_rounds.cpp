#include "flush_rounds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::broker {

using protocol::error_code;

flush_rounds::flush_rounds(shard_context& home, partition_table& table, file_budget& files, partition_roles& roles,
                           partition_progress& progress, unique_function<void()> ended)
    : home_(home),
      table_(table),
      files_(files),
      roles_(roles),
      progress_(progress),
      ended_(std::move(ended)),
      disks_(home.storage().directory_count()) {}

// A log that needs a repair is synced by that, and asks again afterwards.
void flush_rounds::want(hosted_partition& p) {
  if (p.log->needs_repair() || std::exchange(p.is_flush_wanted, true)) return;
  disks_.at(p.directory).wanted.push_back(p.key());
}

void flush_rounds::want_later(hosted_partition& p) {
  if (p.flush_timer != timer_queue::handle{}) return;
  const auto due = log::flush_due(p.log->config(), p.unflushed).value;
  if (due == INT64_MAX) return;
  const auto wait = duration_of_ms(std::max<std::int64_t>(0, due - home_.now.wall.value));
  p.flush_timer = home_.timers.schedule(home_.now.steady + wait, [this, key = p.key()] {
    auto* still = table_.find(key);
    if (still == nullptr) return;
    still->flush_timer = {};
    want(*still);
  });
}

bool flush_rounds::is_idle() const noexcept {
  return std::none_of(disks_.begin(), disks_.end(),
                      [](const disk_queue& d) { return d.is_running || !d.wanted.empty(); });
}

void flush_rounds::begin() {
  for (std::size_t i = 0; i < disks_.size(); ++i) {
    if (!disks_[i].is_running && !disks_[i].wanted.empty()) begin(i);
  }
}

void flush_rounds::begin(std::size_t directory) {
  auto r = std::make_shared<round>();
  r->directory = directory;
  for (const auto& key : std::exchange(disks_[directory].wanted, {})) {
    auto* p = table_.find(key);
    if (p == nullptr) continue;
    p->is_flush_wanted = false;
    if (p->log->needs_repair()) continue;  // since it asked; the repair syncs it
    if (p->directory != directory) {
      want(*p);  // it has moved
      continue;
    }
    JD_ASSERT(!p->is_syncing && !p->is_repairing, p->name.topic, p->name.partition.value());
    p->is_syncing = true;
    files_.use(*p);
    r->flushes.push_back({key, p->log.get(), p->log->prepare_flush()});
  }
  if (r->flushes.empty()) return;
  disks_[directory].is_running = true;
  home_.env.run_on_worker(
      work_class::sync,
      [r, &disk = home_.disk()] {
        for (auto& f : r->flushes) f.outcome = f.job.run(disk);
      },
      [this, r]() { finished(*r); });
}

void flush_rounds::finished(round& r) {
  JD_ASSERT(disks_[r.directory].is_running, r.directory);
  disks_[r.directory].is_running = false;
  for (const auto& f : r.flushes) {
    auto* p = table_.find(f.key);
    if (p == nullptr) continue;
    // Its place may have been taken by a copy in another data directory, synced whole.
    if (p->log.get() != f.log || !std::exchange(p->is_syncing, false)) continue;
    if (f.outcome) {
      flushed(*p, f);
    } else {
      failed(*p, f);
    }
  }
  files_.synced();
  ended_();
}

void flush_rounds::flushed(hosted_partition& p, const flush& f) {
  p.log->flush_done(f.job);
  // Another failure is known by now: what this sync said of the same files is worth nothing.
  if (p.log->needs_repair()) return repair(f.key);
  p.unflushed.unflushed_messages = std::max<std::int64_t>(0, p.log->log_end_offset() - p.log->recovery_point());
  p.unflushed.last_flush = home_.now.wall;
  progress_.recovery_point_moved(p);
  if (f.job.end < p.must_sync_to) return progress_.holds(p, f.job.end);
  p.must_sync_to = offset{0};
  progress_.holds(p, p.log->log_end_offset());
}

// Nothing is acknowledged that waits here, for this round or for the next.
void flush_rounds::failed(hosted_partition& p, const flush& f) {
  const auto& why = f.outcome.error();
  home_.log(log_level::error, fmt::format("flush failed: {}", to_string(why)));
  p.log->flush_failed(f.job, why);
  const auto key = f.key;
  repair(key);
  if (auto* l = p.as_leading()) {
    progress_.refuse_waiting(*l, error_code::kafka_storage_error,
                             "the records could not be flushed to the disk: " + why.detail);
  }
}

// ---- repairs

void flush_rounds::repair(const partition_key& key) {
  auto* p = table_.find(key);
  if (p == nullptr || p->is_syncing || !p->log->needs_repair() || std::exchange(p->is_repairing, true)) return;
  const auto again = [this, key] {
    home_.timers.schedule(home_.now.steady + std::chrono::seconds(1), [this, key] { repair(key); });
  };
  auto job = p->log->prepare_repair();
  if (!job) {
    p->is_repairing = false;
    return again();
  }
  struct attempt {
    const log::partition_log* log;
    log::repair_job job;
    result<log::repair_job::outcome> outcome = log::repair_job::outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{p->log.get(), std::move(*job)});
  home_.env.run_on_worker(
      work_class::sync, [a, &disk = home_.disk()] { a->outcome = a->job.run(disk); },
      [this, a, key, again]() {
        auto* still = table_.find(key);
        if (still == nullptr || still->log.get() != a->log) return;
        still->is_repairing = false;
        const bool is_done = a->outcome && still->log->repair_done(a->job, *a->outcome);
        roles_.log_was_cut(*still);
        if (!is_done || still->log->needs_repair()) return again();
        repaired(*still);
      });
}

void flush_rounds::repaired(hosted_partition& p) {
  home_.log(log_level::info, fmt::format("{} accepts writes again", log::directory_name(p.name)));
  p.must_sync_to = offset{0};
  p.unflushed = {0, home_.now.wall};
  progress_.recovery_point_moved(p);
  if (p.log->wants_flush()) want(p);
  progress_.holds(p, p.log->log_end_offset());
}

}  // namespace jackdaw::broker
