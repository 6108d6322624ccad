// Reads from a shard's partitions, and the fetches that wait for more.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "handlers/shard_state.hpp"
#include "partition_store.hpp"

namespace jackdaw::broker {

using protocol::error_code;

// ---- reading

void partition_store::read(read_job_ptr job) {
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
    auto* p = find_open({item.target.topic_id, item.target.partition});
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
void partition_store::read_when_open(read_job_ptr job) {
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
    with_open({item.target.topic_id, item.target.partition}, [&item, arrived](open_outcome found) {
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

}  // namespace

std::optional<log::cold_read> partition_store::read_one(hosted_partition& p, read_item& item, const read_job& job,
                                                        std::int64_t& left, bool& first) {
  item.error = check_epoch(item.target.current_leader_epoch, p.leader.epoch());
  if (item.error != error_code::none) return std::nullopt;
  item.high_watermark = p.high_watermark();
  item.last_stable_offset = p.log->last_stable_offset(item.high_watermark);
  item.log_start_offset = p.log->log_start_offset();
  const offset from = item.target.fetch_offset;
  if (from < p.log->log_start_offset() || from > p.log->log_end_offset()) {
    item.error = error_code::offset_out_of_range;
    item.high_watermark = item.last_stable_offset = item.log_start_offset = no_offset;
    return std::nullopt;
  }
  if (item.target.last_fetched_epoch.value() >= 0) {
    const auto end = p.log->end_offset_for(item.target.last_fetched_epoch);
    if (end.end_offset < from || end.epoch < item.target.last_fetched_epoch) {
      item.diverging_epoch = end.epoch;
      item.diverging_end_offset = end.end_offset;
      return std::nullopt;
    }
  }
  const offset bound = job.read_committed ? item.last_stable_offset : item.high_watermark;
  const auto max_bytes =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, std::max(item.target.max_bytes, 0)));
  if (from >= bound || (max_bytes == 0 && !first)) return std::nullopt;
  use_files(p);
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

void partition_store::take_cold(read_item& item, result<log::read_slice> slice) {
  const auto limit = std::exchange(item.available_bytes, 0);
  const auto found = open_.find({item.target.topic_id, item.target.partition});
  if (found == open_.end()) {
    item.error = error_code::not_leader_or_follower;
  } else if (!slice) {
    item.error = error_code::kafka_storage_error;
    home_.log(log_level::error,
              fmt::format("read of {} at offset {} failed: {}", log::directory_name(found->second->name),
                          item.target.fetch_offset.value(), to_string(slice.error())));
  } else if (found->second->log->is_current(*slice)) {
    take_slice(item, std::move(*slice), limit);
  }
}

void partition_store::finish_read(read_job_ptr job) {
  std::int64_t total = 0;
  bool failed = false;
  for (const auto& item : job->items) {
    total += item.available_bytes;
    failed = failed || item.error != error_code::none || item.diverging_end_offset.value() >= 0;
  }
  if (!failed && total < job->watch_below_bytes) {
    job->is_watched = true;
    auto& watched = watched_[job->watcher];
    for (const auto& item : job->items) {
      const partition_key key{item.target.topic_id, item.target.partition};
      const auto found = open_.find(key);
      if (found == open_.end()) continue;
      found->second->watchers.push_back(job->watcher);
      watched.push_back(key);
    }
  }
  auto done = std::move(job->done);
  done(std::move(job));
}

// ---- watching

void partition_store::unwatch(fetch_key key) {
  const auto found = watched_.find(key);
  if (found == watched_.end()) return;
  for (const auto& partition : found->second) {
    if (const auto p = open_.find(partition); p != open_.end()) std::erase(p->second->watchers, key);
  }
  watched_.erase(found);
}

void partition_store::moved_up(hosted_partition& p, std::int64_t bytes) {
  JD_ASSERT(bytes >= 0 && bytes <= p.unseen_bytes, bytes, p.unseen_bytes);
  p.unseen_bytes -= bytes;
  p.log->high_watermark_moved(p.high_watermark());
  if (!p.watchers.empty()) moved_.emplace_back(p.key(), bytes);
}

void partition_store::tell_watchers() {
  // Telling may end fetches and start others here, which change all these lists.
  std::map<fetch_key, std::int64_t> news;
  for (const auto& [key, bytes] : std::exchange(moved_, {})) {
    const auto found = open_.find(key);
    if (found == open_.end()) continue;
    for (const auto& watcher : found->second->watchers) news[watcher] += bytes;
  }
  for (const auto& [watcher, bytes] : news) tell_fetch(home_, watcher, bytes);
}

}  // namespace jackdaw::broker
