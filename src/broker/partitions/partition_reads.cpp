#include "partition_reads.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace jackdaw::broker {

using protocol::error_code;

// ---- reading

void partition_reads::read(read_job_ptr job) {
  struct cold_item {
    std::size_t item;
    log::cold_read read;
    result<log::read_slice> slice = log::read_slice{};
  };
  std::vector<cold_item> cold;
  std::int64_t left = job->max_bytes;
  bool first = true;
  for (std::size_t i = 0; i < job->items.size(); ++i) {
    auto& item = job->items[i];
    if (item.error != error_code::none) continue;  // its log could not be opened
    auto* p = table_.find({item.target.topic_id, item.target.partition});
    if (p == nullptr) return read_when_open(std::move(job));
    if (auto slow = read_one(*p, item, *job, left, first)) cold.push_back({i, std::move(*slow)});
  }
  if (cold.empty()) return finish_read(std::move(job));
  struct worker_state {
    read_job_ptr job;
    std::vector<cold_item> cold;
  };
  auto w = std::make_shared<worker_state>(worker_state{std::move(job), std::move(cold)});
  home_.env.run_on_worker(
      work_class::read,
      [w] {
        for (auto& c : w->cold) c.slice = c.read.run();
      },
      [this, w]() {
        for (auto& c : w->cold) take_cold(w->job->items[c.item], std::move(c.slice));
        finish_read(std::move(w->job));
      });
}

// Reads nothing before all its logs are open, or known to be unusable; then begins anew.
void partition_reads::read_when_open(read_job_ptr job) {
  struct parked {
    read_job_ptr job;
    std::size_t left = 1;
  };
  auto w = std::make_shared<parked>();
  w->job = std::move(job);
  const auto arrived = [this, w] {
    if (--w->left == 0) read(std::move(w->job));
  };
  for (auto& item : w->job->items) {
    item.records = {};
    item.available_bytes = 0;
    item.error = error_code::none;
    ++w->left;
    opener_.with_led({item.target.topic_id, item.target.partition}, [&item, arrived](open_outcome found) {
      if (!found) item.error = found.error().code;
      arrived();
    });
  }
  arrived();
}

namespace {

file_slice to_file_slice(log::read_slice&& s) { return {std::move(s.file), s.position, s.size_bytes}; }

// `limit` bytes were allowed. Where more follows, a limit or the end of a segment keeps it out, and waiting for yet
// more wouldn't make the answer larger.
void take_slice(read_item& item, log::read_slice&& s, std::int64_t limit) {
  item.available_bytes = s.more ? std::max<std::int64_t>(s.size_bytes, limit) : s.size_bytes;
  item.records = to_file_slice(std::move(s));
}

error_code check_epoch(leader_epoch asked, leader_epoch ours) {
  if (asked.value() < 0 || asked == ours) return error_code::none;  // Kafka, too, takes any below 0 for "unknown" here
  return asked < ours ? error_code::fenced_leader_epoch : error_code::unknown_leader_epoch;
}

// Where the reader's log and ours part (KIP-595). False: they don't, as far as it says.
bool find_parting(const hosted_partition& p, read_item& item) {
  if (item.target.last_fetched_epoch.value() < 0) return false;
  const auto end = p.log->end_offset_for(item.target.last_fetched_epoch);
  if (end.end_offset >= item.target.fetch_offset && end.epoch >= item.target.last_fetched_epoch) return false;
  item.diverging_epoch = end.epoch;
  item.diverging_end_offset = end.end_offset;
  return true;
}

// A replica reads what isn't committed yet: that is how it becomes so.
offset bound_of(const hosted_partition& p, const read_item& item, const read_job& job) {
  if (job.reader.is_replica()) return p.log->log_end_offset();
  return job.read_committed ? item.last_stable_offset : item.high_watermark;
}

}  // namespace

error_code partition_reads::admit(const hosted_partition& p, const fetch_target& target,
                                  const reader_identity& reader) const {
  if (p.as_leading() == nullptr) return error_code::not_leader_or_follower;
  const auto problem = check_epoch(target.current_leader_epoch, p.epoch);
  return problem == error_code::none && reader.is_replica() ? roles_.check_replica(p, reader, target) : problem;
}

std::optional<log::cold_read> partition_reads::read_one(hosted_partition& p, read_item& item, const read_job& job,
                                                        std::int64_t& left, bool& first) {
  item.error = admit(p, item.target, job.reader);
  if (item.error != error_code::none) return std::nullopt;
  const offset from = item.target.fetch_offset;
  if (from < p.log->log_start_offset() || from > p.log->log_end_offset()) {
    item.error = error_code::offset_out_of_range;
    item.high_watermark = item.last_stable_offset = item.log_start_offset = no_offset;
    return std::nullopt;
  }
  // A replica has what is before its fetch offset, unless its log and this one part before.
  const bool parts = find_parting(p, item);
  if (!parts && job.reader.is_replica()) roles_.fetched(p, job.reader.replica, from);
  item.high_watermark = p.high_watermark();
  item.last_stable_offset = p.log->last_stable_offset(item.high_watermark);
  item.log_start_offset = p.log->log_start_offset();
  if (parts) return std::nullopt;
  const offset bound = bound_of(p, item, job);
  const auto max_bytes =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, std::max(item.target.max_bytes, 0)));
  if (from >= bound || (max_bytes == 0 && !first)) return std::nullopt;
  files_.use(p);
  auto outcome = p.log->read(from, max_bytes, bound, first);
  if (!outcome) {
    item.error =
        outcome.error().code == errc::out_of_range ? error_code::offset_out_of_range : error_code::kafka_storage_error;
    return std::nullopt;
  }
  if (outcome->cold) {
    // How much it gives isn't known yet: as much as it may.
    item.available_bytes = max_bytes;
    left -= max_bytes;
    first = false;
    return std::move(outcome->cold);
  }
  take_slice(item, std::move(outcome->slice), max_bytes);
  left -= item.records.size;
  if (item.records.size != 0) first = false;
  return std::nullopt;
}

void partition_reads::take_cold(read_item& item, result<log::read_slice> slice) {
  const auto limit = std::exchange(item.available_bytes, 0);
  const auto* p = table_.find({item.target.topic_id, item.target.partition});
  if (p == nullptr || p->as_leading() == nullptr) {
    item.error = error_code::not_leader_or_follower;
  } else if (!slice) {
    item.error = error_code::kafka_storage_error;
    home_.log(log_level::error, fmt::format("read of {} at offset {} failed: {}", log::directory_name(p->name),
                                            item.target.fetch_offset.value(), to_string(slice.error())));
  } else if (p->log->is_current(*slice)) {
    take_slice(item, std::move(*slice), limit);
  }
}

void partition_reads::finish_read(read_job_ptr job) {
  std::int64_t total = 0;
  bool failed = false;
  for (const auto& item : job->items) {
    total += item.available_bytes;
    failed = failed || item.error != error_code::none || item.diverging_end_offset.value() >= 0;
  }
  if (!failed && total < job->watch_below_bytes) progress_.watch(*job);
  auto done = std::move(job->done);
  done(std::move(job));
}

}  // namespace jackdaw::broker
