#include "log_housekeeping.hpp"

#include <fmt/format.h>

#include "jackdaw/base/assert.hpp"
#include "log_mover.hpp"

namespace jackdaw::broker {

void log_housekeeping::run(const log_mover& mover) {
  if (is_busy_) return;
  JD_ASSERT(in_round_.empty(), in_round_.size());
  auto to_read = std::make_shared<std::vector<one<log::retention_job>>>();
  table_.for_each([&](hosted_partition& p) {
    // What moves to another directory is looked at when it is there.
    if (mover.find(p) || p.log->is_truncating()) return;
    in_round_.push_back(p.key());
    static_cast<void>(p.log->roll_if_old(home_.now.wall));
    auto job = p.log->prepare_retention(p.high_watermark(), home_.now.wall);
    if (!job.needs_disk()) return apply(p, job);
    to_read->push_back({p.key(), p.log.get(), std::move(job)});
  });
  is_busy_ = true;
  if (to_read->empty()) return remove_files();
  home_.env.run_on_worker(
      work_class::bulk,
      [to_read, &disk = home_.disk()] {
        for (auto& r : *to_read) r.outcome = r.job.run(disk);
      },
      [this, to_read]() { retained(to_read); });
}

void log_housekeeping::retained(const many<log::retention_job>& read) {
  for (auto& r : *read) {
    auto* p = table_.find(r.key);
    if (p == nullptr || p->log.get() != r.log) continue;
    if (!r.outcome) {
      home_.log(log_level::error,
                fmt::format("retention of {} failed: {}", log::directory_name(p->name), to_string(r.outcome.error())));
    }
    apply(*p, r.job);
  }
  remove_files();
}

void log_housekeeping::apply(hosted_partition& p, const log::retention_job& job) {
  const auto start = p.log->log_start_offset();
  if (auto went = p.log->retention_done(job); !went) {
    home_.log(log_level::error,
              fmt::format("retention of {} failed: {}", log::directory_name(p.name), to_string(went.error())));
  }
  if (p.log->wants_flush()) flushes_.want(p);
  if (p.log->log_start_offset() != start) progress_.note_checkpoints(p);
}

void log_housekeeping::remove_files() {
  auto to_remove = std::make_shared<std::vector<one<log::removal_job>>>();
  for (const auto& key : std::exchange(in_round_, {})) {
    auto* p = table_.find(key);
    if (p == nullptr || !p->log->has_removable_files() || p->log->is_truncating()) continue;
    auto job = p->log->prepare_removal(home_.now.wall);
    if (job.empty()) {
      p->log->removal_done(std::move(job));
    } else {
      to_remove->push_back({key, p->log.get(), std::move(job)});
    }
  }
  if (to_remove->empty()) return finished();
  home_.env.run_on_worker(
      work_class::bulk,
      [to_remove, &disk = home_.disk()] {
        for (auto& r : *to_remove) r.outcome = r.job.run(disk);
      },
      [this, to_remove]() {
        for (auto& r : *to_remove) {
          auto* p = table_.find(r.key);
          if (p == nullptr || p->log.get() != r.log) continue;
          p->log->removal_done(std::move(r.job));
          if (p->log->wants_flush()) flushes_.want(*p);
        }
        finished();
      });
}

void log_housekeeping::finished() {
  is_busy_ = false;
  for (auto& then : std::exchange(when_idle_, {})) then();
  ended_();
}

void log_housekeeping::when_idle(unique_function<void()> then) {
  if (!is_busy_) return then();
  when_idle_.push_back(std::move(then));
}

}  // namespace jackdaw::broker
