// The leader's view of one partition's replication: who is in sync, how far everybody is, and therefore what is
// committed. Pure: told of appends, fetches and ISR decisions; answers with the high watermark and ISR proposals.
//
// After every call: the high watermark never moved back, and is at most the end of every member of the ISR, counting
// members that are only proposed (a proposal may already be decided without us knowing).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::replica {

struct leader_settings {
  std::int32_t min_insync_replicas = 1;
  duration replica_lag_max = std::chrono::seconds(30);
};

// What a produce request with acks=all should be told.
enum class acks_all : std::uint8_t {
  wait,
  done,
  // It is in the log but fewer replicas than asked for were in sync when it became committed
  // (NOT_ENOUGH_REPLICAS_AFTER_APPEND).
  not_enough_replicas,
};

// To the controller, which answers by a decision (isr_decided) or by refusing (isr_refused).
struct isr_proposal {
  std::vector<broker_id> isr;
  std::int32_t partition_epoch = 0;  // of the state that the proposal changes
  bool operator==(const isr_proposal&) const noexcept = default;
};

class partition_leader {
 public:
  struct start {
    broker_id self;
    jackdaw::leader_epoch leader_epoch;
    std::int32_t partition_epoch = 0;
    std::span<const broker_id> replicas;  // self among them
    std::span<const broker_id> isr;       // self among them
    offset log_end;                       // where this leader's epoch begins
    offset high_watermark;                // as it was known locally
    offset held_end = no_offset;          // what counts as held, if not all: the rest isn't synced yet
  };
  partition_leader(const start& s, const leader_settings& settings, time_point now);

  // ---- events; each returns whether the high watermark moved
  // The local log ends here now. Call it when records count as held by this broker: when they are appended, or, where
  // records are to be on disk first, when they are synced.
  bool appended(offset log_end);
  // A follower asked for records from `fetch_offset`, so it has all before. Unknown followers are ignored.
  bool fetched(broker_id follower, offset fetch_offset, time_point now);
  bool isr_decided(std::span<const broker_id> replicas, std::span<const broker_id> isr, std::int32_t partition_epoch,
                   time_point now);
  bool isr_refused();
  bool settings_changed(const leader_settings& settings);
  // Fenced or shutting-down brokers are not proposed for the ISR.
  void eligible(broker_id follower, bool may_be_in_isr);

  // ---- effects
  // The ISR that this leader wants, if it differs from the one decided; one proposal at a time.
  std::optional<isr_proposal> propose_isr(time_point now);
  // When propose_isr() may have something new without any event; nullopt: never.
  std::optional<time_point> wake_at() const;

  // ---- what is so now
  offset high_watermark() const noexcept { return high_watermark_; }
  offset log_end() const noexcept { return log_end_; }
  jackdaw::leader_epoch epoch() const noexcept { return leader_epoch_; }
  std::int32_t partition_epoch() const noexcept { return partition_epoch_; }
  std::size_t isr_size() const noexcept { return isr_size_; }
  std::vector<broker_id> isr() const;
  // Whether acks=all may be accepted at all (else NOT_ENOUGH_REPLICAS): a partition with fewer replicas than
  // min.insync.replicas is held to the number it has.
  bool has_enough_replicas() const noexcept;
  // For a request whose last record is before `end`.
  acks_all check(offset end) const noexcept;
  // Where a follower is, nullopt before its first fetch of this epoch.
  std::optional<offset> follower_end(broker_id follower) const noexcept;

 private:
  struct follower_state {
    broker_id id;
    bool in_isr = false;
    bool proposed = false;  // in the proposal that is out
    bool eligible = true;
    offset end = no_offset;  // unknown until its first fetch
    offset leader_end_then;  // the leader's end at its last fetch
    time_point fetched_at{};
    // The last time when it had everything the leader had.
    time_point caught_up_at{};
  };

  follower_state* find(broker_id id) noexcept;
  const follower_state* find(broker_id id) const noexcept;
  bool advance();
  bool lags(const follower_state& f, time_point now) const noexcept;
  bool may_join(const follower_state& f) const noexcept;

  broker_id self_;
  jackdaw::leader_epoch leader_epoch_;
  std::int32_t partition_epoch_;
  leader_settings settings_;
  std::vector<broker_id> replica_order_;
  std::vector<follower_state> followers_;
  std::size_t isr_size_ = 1;
  offset epoch_start_;
  offset log_end_;
  offset high_watermark_;
  bool proposal_out_ = false;
};

}  // namespace jackdaw::replica
