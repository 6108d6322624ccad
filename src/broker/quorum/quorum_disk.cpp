// The quorum's disk: writes at once, syncs beside everything else. When it is full or fails, nothing is lost and
// nothing new is promised, and every second it is tried again.
#include "quorum.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

// A ready's part for the disk, or with null what is left of earlier ones.
void quorum::write(const raft::ready* r) {
  auto written = r != nullptr ? log_->write(*r, home_.now.wall) : log_->write_rest(home_.now.wall);
  if (!written) return on_disk_trouble(written.error());
  persist_wanted_ = persist_taken_;
  JD_ASSERT(persist_done_ <= persist_wanted_, persist_done_, persist_wanted_);
}

void quorum::begin_sync() {
  if (syncing_ || disk_trouble_ || persist_wanted_ == persist_done_) return;
  syncing_ = true;
  sync_began_ = home_.now.steady;
  struct attempt {
    std::uint64_t id;
    raft_log::sync_job job;
    result<void> outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{persist_wanted_, log_->prepare_sync()});
  home_.env.run_on_worker(
      work_class::quorum, [a, &disk = home_.disk()] { a->outcome = a->job.run(disk); },
      [this, a] { sync_ended(a->id, a->job, a->outcome); });
}

void quorum::sync_ended(std::uint64_t id, const raft_log::sync_job& job, const result<void>& outcome) {
  JD_ASSERT(syncing_ && id > persist_done_ && id <= persist_wanted_, id, persist_done_, persist_wanted_);
  syncing_ = false;
  if (outcome) {
    log_->sync_done(job);
    persist_done_ = id;
    raft_->persisted(id, home_.now.steady);
    out_.on_synced(home_.now.steady - sync_began_);
    pump();
  } else {
    log_->sync_failed(job, outcome.error());
    on_disk_trouble(outcome.error());
  }
  go_on_closing();
}

void quorum::on_disk_trouble(const error& why) {
  if (why.code != errc::no_space && why.code != errc::io) return fail(why);
  if (!disk_trouble_) {
    home_.log(log_level::error,
              "changes of topics and configurations are refused until the disk takes them again: " + to_string(why));
  }
  disk_trouble_ = why;
  if (std::exchange(retry_due_, true)) return;
  home_.timers.schedule(home_.now.steady + std::chrono::seconds(1), [this] { retry(); });
}

void quorum::retry() {
  retry_due_ = false;
  if (!raft_ || !disk_trouble_ || closing_) return;
  // The end of the sync or repair that is under way tells more.
  if (syncing_) return on_disk_trouble(error(*disk_trouble_));
  if (log_->needs_repair()) return repair();
  write(nullptr);
  if (persist_wanted_ != persist_taken_) return;
  disk_trouble_.reset();
  home_.log(log_level::info, "the metadata log is written again");
  pump();
}

void quorum::repair() {
  JD_ASSERT(!syncing_ && disk_trouble_, persist_done_, persist_wanted_);
  auto job = log_->prepare_repair();
  if (!job) return on_disk_trouble(job.error());
  syncing_ = true;
  struct attempt {
    log::repair_job job;
    result<log::repair_job::outcome> outcome = log::repair_job::outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{std::move(*job)});
  home_.env.run_on_worker(
      work_class::quorum, [a, &disk = home_.disk()] { a->outcome = a->job.run(disk); },
      [this, a] { repair_ended(a->job, a->outcome); });
}

void quorum::repair_ended(const log::repair_job& job, const result<log::repair_job::outcome>& outcome) {
  JD_ASSERT(syncing_, persist_done_, persist_wanted_);
  syncing_ = false;
  const result<void> repaired = outcome ? log_->repair_done(job, *outcome) : result<void>(outcome.error());
  if (repaired) {
    retry();
  } else {
    on_disk_trouble(repaired.error());
  }
  go_on_closing();
}

}  // namespace jackdaw::broker
