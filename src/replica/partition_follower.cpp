#include "jackdaw/replica/partition_follower.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::replica {

using kind = follower_step::kind;

partition_follower::partition_follower(leader_epoch epoch, const follower_log& log, offset high_watermark,
                                       duration pause_after_error)
    : epoch_(epoch), log_(log), high_watermark_(std::min(high_watermark, log.end)), pause_(pause_after_error) {
  JD_ASSERT(log.start <= log.end, log.start.value(), log.end.value());
  want(kind::fetch, log.end);
}

void partition_follower::want(kind what, offset at) {
  wanted_ = {};
  wanted_.what = what;
  wanted_.at = at;
  if (what == kind::fetch) wanted_.epoch = log_.last_epoch;
  is_out_ = false;
}

void partition_follower::pause(time_point now) {
  want(kind::pause, no_offset);
  wanted_.until = now + pause_;
}

follower_step partition_follower::next(time_point now) {
  if (wanted_.what == kind::new_role) return wanted_;
  if (is_out_) return {};
  if (wanted_.what == kind::pause) {
    if (now < wanted_.until) return wanted_;
    want(kind::fetch, log_.end);
  }
  is_out_ = true;
  return wanted_;
}

void partition_follower::fetched(const fetch_result& answer, time_point now) {
  JD_ASSERT(is_out_ && wanted_.what == kind::fetch, static_cast<int>(wanted_.what));
  using outcome = fetch_result::outcome;
  switch (answer.what) {
    case outcome::other_epoch: return want(kind::new_role, no_offset);
    case outcome::failed: return pause(now);
    case outcome::diverged:
      // A leader that names a place that this log doesn't have before its end would be asked for ever.
      if (answer.diverged_at.value() < 0 || answer.diverged_at >= log_.end) return pause(now);
      return want(kind::cut, std::max(answer.diverged_at, log_.start));
    case outcome::out_of_range:
      if (log_.end < answer.log_start) return want(kind::restart, answer.log_start);
      if (answer.log_end.value() >= 0 && answer.log_end < log_.end) return want(kind::cut, answer.log_end);
      return pause(now);
    case outcome::records: break;
  }
  leaders_start_ = std::max(leaders_start_, answer.log_start);
  leaders_high_watermark_ = answer.high_watermark;
  if (answer.records_end > log_.end) return want(kind::append, answer.records_end);
  if (answer.records_end.value() >= 0) return pause(now);  // records that it has: a leader that can't be believed
  know_high_watermark(answer.high_watermark);
  want(kind::fetch, log_.end);
}

void partition_follower::done(const follower_log& log) {
  JD_ASSERT(is_out_, static_cast<int>(wanted_.what));
  JD_ASSERT(log.start <= log.end, log.start.value(), log.end.value());
  const auto before = log_;
  const auto step = wanted_;
  log_ = log;
  switch (step.what) {
    case kind::append:
      JD_ASSERT(log.end == step.at && log.end > before.end, log.end.value(), step.at.value());
      know_high_watermark(leaders_high_watermark_);
      break;
    case kind::cut:  // whole batches go
      JD_ASSERT(log.end <= step.at, log.end.value(), step.at.value());
      high_watermark_ = std::min(high_watermark_, log.end);
      break;
    case kind::restart:
      JD_ASSERT(log.end == step.at && log.start == step.at, log.end.value(), step.at.value());
      high_watermark_ = log.end;
      break;
    default: JD_ASSERT(false, static_cast<int>(step.what));
  }
  want(kind::fetch, log_.end);
}

void partition_follower::failed(time_point now) {
  JD_ASSERT(is_out_, static_cast<int>(wanted_.what));
  pause(now);
}

void partition_follower::know_high_watermark(offset leaders) {
  high_watermark_ = std::max(high_watermark_, std::min(leaders, log_.end));
}

std::optional<offset> partition_follower::wanted_log_start() const noexcept {
  if (leaders_start_ <= log_.start || leaders_start_ > log_.end) return std::nullopt;
  return leaders_start_;
}

}  // namespace jackdaw::replica
