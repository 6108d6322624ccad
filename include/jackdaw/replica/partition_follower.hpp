// A follower's view of one partition: fetches behind its own end, appends what comes, cuts what its leader never had,
// and reports what it has by where it fetches next (KIP-101, KIP-595). Pure: told what happened, it says what to do
// next.
//
//   fetching --records--> appending --appended--> fetching
//      |  |--parted from the leader's log--> cutting --cut--> fetching
//      |  |--begins below the leader's log--> restarting --cut--> fetching
//      |  '--error--> pausing --time--> fetching
//      '--the leader knows another epoch--> waiting for the cluster's state: a new follower takes over
//
// After every call: at most one step is out, and the high watermark never moved back nor beyond the log's end, but by a
// cut of the log.
#pragma once

#include <cstdint>
#include <optional>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::replica {

// What the log has.
struct follower_log {
  offset start;
  offset end;
  leader_epoch last_epoch;  // of its last record; -1: none
};

struct follower_step {
  enum class kind : std::uint8_t {
    fetch,     // from `at`, which also reports that everything before is here; `epoch` is that of the last record
    append,    // what the last fetch brought, up to `at`
    cut,       // forget everything at or above `at`
    restart,   // forget everything; the log begins at `at`
    pause,     // call next() again at `until`
    wait,      // nothing, until somebody answers
    new_role,  // nothing: only a newer state of the cluster helps
  };
  kind what = kind::wait;
  offset at = no_offset;
  leader_epoch epoch{-1};
  time_point until{};
  bool operator==(const follower_step&) const noexcept = default;
};

// What a leader's answer to a fetch says.
struct fetch_result {
  enum class outcome : std::uint8_t {
    records,       // perhaps none
    diverged,      // the logs part: see diverged_at
    out_of_range,  // the leader's log doesn't hold the offset
    other_epoch,   // one of us doesn't know yet who leads
    failed,        // no answer, or another error
  };
  outcome what = outcome::records;
  offset records_end = no_offset;  // behind the last one; -1: none came
  offset high_watermark{0};        // the leader's
  offset log_start{0};
  offset log_end = no_offset;  // out_of_range: where the leader's log ends
  // diverged: up to here both have the same, as far as can be told: the smaller of where the epoch that the leader
  // names ends with the leader and where it ends here.
  offset diverged_at = no_offset;
};

class partition_follower {
 public:
  partition_follower(leader_epoch epoch, const follower_log& log, offset high_watermark, duration pause_after_error);

  // What to do now; `wait` while a step is out.
  follower_step next(time_point now);

  // ---- events: what became of the step that is out
  void fetched(const fetch_result& answer, time_point now);
  // The log as it is after append, cut or restart; or the step failed, and is tried again after a pause.
  void done(const follower_log& log);
  void failed(time_point now);

  // ---- what is so now
  leader_epoch epoch() const noexcept { return epoch_; }
  offset high_watermark() const noexcept { return high_watermark_; }
  offset log_end() const noexcept { return log_.end; }
  // Where the leader's log begins, if this one should begin there, too.
  std::optional<offset> wanted_log_start() const noexcept;

 private:
  void want(follower_step::kind what, offset at);
  void pause(time_point now);
  void know_high_watermark(offset leaders);

  leader_epoch epoch_;
  follower_log log_;
  offset high_watermark_;
  duration pause_;
  follower_step wanted_;  // not given out yet, or given out
  bool is_out_ = false;
  offset leaders_start_{0};
  offset leaders_high_watermark_{0};
};

}  // namespace jackdaw::replica
