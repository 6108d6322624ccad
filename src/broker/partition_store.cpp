#include "partition_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shard_state.hpp"

namespace jackdaw::broker {

using protocol::error_code;

// ---- appending

namespace {

error_code to_error_code(log::append_error e) {
  switch (e) {
    case log::append_error::none: return error_code::none;
    case log::append_error::corrupt_message: return error_code::corrupt_message;
    case log::append_error::invalid_record: return error_code::invalid_record;
    case log::append_error::invalid_timestamp: return error_code::invalid_timestamp;
    case log::append_error::message_too_large: return error_code::message_too_large;
    case log::append_error::record_list_too_large: return error_code::record_list_too_large;
    case log::append_error::unsupported_for_message_format: return error_code::unsupported_for_message_format;
    case log::append_error::unsupported_compression_type: return error_code::unsupported_compression_type;
    case log::append_error::out_of_order_sequence_number: return error_code::out_of_order_sequence_number;
    case log::append_error::invalid_producer_epoch: return error_code::invalid_producer_epoch;
    case log::append_error::invalid_txn_state: return error_code::invalid_txn_state;
    case log::append_error::transaction_coordinator_fenced: return error_code::transaction_coordinator_fenced;
    case log::append_error::kafka_storage_error: return error_code::kafka_storage_error;
    case log::append_error::unexpected_offset: return error_code::unknown_server_error;
  }
  return error_code::unknown_server_error;
}

void refuse(append_item& item, error_code code, std::string why) {
  item.error = code;
  item.error_message = std::move(why);
}

}  // namespace

void partition_store::append(append_job_ptr job) {
  bool must_flush = false;
  std::vector<std::size_t> unopened;
  for (std::size_t i = 0; i < job->items.size(); ++i) {
    auto& item = job->items[i];
    if (auto* p = find_open({item.topic_id, item.partition})) {
      append_one(*p, item, *job, must_flush);
    } else {
      unopened.push_back(i);
    }
  }
  if (!unopened.empty()) return append_when_open(std::move(job), unopened, must_flush);
  finish_append(std::move(job), must_flush);
}

// Cuts the job: what could be appended goes on, the rest follows one by one as the logs are opened. So nobody waits for
// a log that he doesn't write to, and what is appended to one partition keeps its order.
void partition_store::append_when_open(append_job_ptr job, const std::vector<std::size_t>& unopened, bool must_flush) {
  struct divided {
    append_job_ptr whole;
    std::size_t left = 0;
  };
  auto d = std::make_shared<divided>();
  d->whole = std::move(job);
  const auto cut = [&d](std::vector<std::size_t> places) {
    auto piece = std::make_unique<append_job>();
    piece->frame = d->whole->frame;
    piece->wait_for_all = d->whole->wait_for_all;
    piece->zstd_allowed = d->whole->zstd_allowed;
    for (const auto i : places) piece->items.push_back(std::move(d->whole->items[i]));
    piece->done = [d, places = std::move(places)](append_job_ptr back) {
      for (std::size_t i = 0; i < places.size(); ++i) d->whole->items[places[i]] = std::move(back->items[i]);
      if (--d->left != 0) return;
      auto done = std::move(d->whole->done);
      done(std::move(d->whole));
    };
    ++d->left;
    return piece;
  };
  std::vector<std::size_t> opened;
  for (std::size_t i = 0; i < d->whole->items.size(); ++i) {
    if (!std::binary_search(unopened.begin(), unopened.end(), i)) opened.push_back(i);
  }
  std::vector<append_job_ptr> pieces;
  for (const auto i : unopened) pieces.push_back(cut({i}));
  if (!opened.empty()) finish_append(cut(std::move(opened)), must_flush);
  for (auto& piece : pieces) {
    const partition_key key{piece->items[0].topic_id, piece->items[0].partition};
    with_open(key, [this, piece = std::move(piece)](open_outcome found) mutable {
      bool flush_piece = false;
      auto& item = piece->items[0];
      if (found) {
        append_one(**found, item, *piece, flush_piece);
      } else {
        refuse(item, found.error().code, std::move(found.error().detail));
      }
      finish_append(std::move(piece), flush_piece);
    });
  }
}

void partition_store::finish_append(append_job_ptr job, bool must_flush) {
  if (must_flush) {
    waiting_for_flush_.push_back(std::move(job));
    return;
  }
  auto done = std::move(job->done);
  done(std::move(job));
}

void partition_store::append_one(hosted_partition& p, append_item& item, const append_job& job, bool& must_flush) {
  if (job.wait_for_all && !p.leader.has_enough_replicas()) {
    return refuse(item, error_code::not_enough_replicas,
                  "fewer replicas are in sync than min.insync.replicas asks for");
  }
  log::append_options how;
  how.epoch = p.leader.epoch();
  how.now = home_.now.wall;
  how.zstd_allowed = job.zstd_allowed;
  const auto size = static_cast<std::int64_t>(item.records.size());
  auto outcome = p.log->append(item.records, how, scratch_);
  item.error = to_error_code(outcome.error);
  if (!outcome.ok()) {
    item.error_message = std::move(outcome.message);
    for (auto& e : outcome.record_errors) item.refusals.push_back({e.batch_index, std::move(e.message)});
    if (outcome.error == log::append_error::kafka_storage_error) {
      home_.log(log_level::error,
                fmt::format("append to {} failed: {}", log::directory_name(p.name), item.error_message));
    }
    return;
  }
  item.base_offset = outcome.base_offset;
  item.log_append_time_ms = outcome.log_append_time.value;
  item.log_start_offset = outcome.log_start_offset;
  if (outcome.duplicate) return;
  p.unflushed.unflushed_messages += outcome.records;
  switch (log::decide_flush(p.log->config(), p.unflushed, home_.now.wall)) {
    case log::flush_decision::now:
      must_flush = true;
      want_flush(p);
      return;  // readers see it once it is on the disk
    case log::flush_decision::later: note_flush_timer(p); break;
    case log::flush_decision::none: break;
  }
  if (p.leader.appended(p.log->log_end_offset())) moved_up(p, size);
}

// ---- flushing in groups

void partition_store::want_flush(hosted_partition& p) {
  if (std::exchange(p.is_flush_wanted, true)) return;
  flush_wanted_.push_back(p.key());
}

void partition_store::note_flush_timer(hosted_partition& p) {
  if (p.flush_timer != timer_queue::handle{}) return;
  const auto due = log::flush_due(p.log->config(), p.unflushed).value;
  if (due == INT64_MAX) return;
  const auto wait = std::chrono::milliseconds(std::max<std::int64_t>(0, due - home_.now.wall.value));
  p.flush_timer = home_.timers.schedule(home_.now.steady + wait, [this, key = p.key()] {
    const auto found = open_.find(key);
    if (found == open_.end()) return;
    found->second->flush_timer = {};
    want_flush(*found->second);
  });
}

void partition_store::end_of_batch() {
  tell_watchers();
  if (!flush_running_ && !flush_wanted_.empty()) flush();
}

// Everything that was appended while the last round was under way goes into one: the disk's work is shared.
void partition_store::flush() {
  auto round = std::make_shared<flush_round>();
  for (const auto& key : std::exchange(flush_wanted_, {})) {
    const auto found = open_.find(key);
    if (found == open_.end()) continue;
    found->second->is_flush_wanted = false;
    round->flushes.emplace_back(key, found->second->log->prepare_flush());
  }
  round->waiting = std::exchange(waiting_for_flush_, {});
  round->outcomes.assign(round->flushes.size(), result<void>{});
  flush_running_ = true;
  home_.env.run_on_worker(
      [round, &disk = home_.options.server->storage->disk()] {
        for (std::size_t i = 0; i < round->flushes.size(); ++i) round->outcomes[i] = round->flushes[i].second.run(disk);
      },
      [this, round](shard&) { flush_finished(*round); });
}

void partition_store::flush_finished(flush_round& round) {
  flush_running_ = false;
  for (std::size_t i = 0; i < round.flushes.size(); ++i) {
    const auto& [key, job] = round.flushes[i];
    const auto found = open_.find(key);
    if (found == open_.end()) continue;
    auto& p = *found->second;
    if (!round.outcomes[i]) {
      p.log->flush_failed(job, round.outcomes[i].error());
      fail_items(round, key, round.outcomes[i].error());
      repair(key);
      continue;
    }
    const auto bytes_before = p.high_watermark();
    p.log->flush_done(job);
    p.unflushed.unflushed_messages = std::max<std::int64_t>(0, p.log->log_end_offset() - p.log->recovery_point());
    p.unflushed.last_flush = home_.now.wall;
    p.checkpoint_due = true;
    if (p.leader.appended(std::max(job.end, p.high_watermark()))) moved_up(p, p.high_watermark() - bytes_before);
  }
  for (auto& job : round.waiting) {
    auto done = std::move(job->done);
    done(std::move(job));
  }
  end_of_batch();
  go_on_closing();
}

void partition_store::fail_items(flush_round& round, const partition_key& key, const error& why) {
  home_.log(log_level::error, fmt::format("flush failed: {}", to_string(why)));
  for (auto& job : round.waiting) {
    for (auto& item : job->items) {
      if (item.topic_id != key.topic_id || item.partition != key.partition || item.error != error_code::none) continue;
      refuse(item, error_code::kafka_storage_error, "the records could not be flushed to the disk: " + why.detail);
    }
  }
}

void partition_store::repair(partition_key key) {
  const auto found = open_.find(key);
  if (found == open_.end() || !found->second->log->needs_repair() || std::exchange(found->second->is_repairing, true))
    return;
  const auto again = [this, key] {
    home_.timers.schedule(home_.now.steady + std::chrono::seconds(1), [this, key] { repair(key); });
  };
  auto job = found->second->log->prepare_repair();
  if (!job) {
    found->second->is_repairing = false;
    return again();
  }
  struct attempt {
    log::repair_job job;
    result<log::repair_job::outcome> outcome = log::repair_job::outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{std::move(*job)});
  home_.env.run_on_worker([a, &disk = home_.options.server->storage->disk()] { a->outcome = a->job.run(disk); },
                          [this, a, key, again](shard&) {
                            const auto still = open_.find(key);
                            if (still == open_.end()) return;
                            auto& p = *still->second;
                            p.is_repairing = false;
                            if (!a->outcome || !p.log->repair_done(a->job, *a->outcome)) return again();
                            home_.log(log_level::info,
                                      fmt::format("{} accepts writes again", log::directory_name(p.name)));
                            if (p.leader.appended(p.log->log_end_offset())) moved_up(p, 1);
                          });
}

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
      [w] {
        for (auto& c : w->cold) c.slice = c.read.run();
      },
      [this, w](shard&) {
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

error_code check_epoch(leader_epoch asked, leader_epoch ours) {
  if (asked.value() < 0 || asked == ours) return error_code::none;
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
  auto outcome = p.log->read(from, max_bytes, bound, first);
  if (!outcome) {
    item.error =
        outcome.error().code == errc::out_of_range ? error_code::offset_out_of_range : error_code::kafka_storage_error;
    return std::nullopt;
  }
  if (outcome->cold) {
    // How much it gives isn't known yet: as much as it may.
    left -= max_bytes;
    first = false;
    return std::move(outcome->cold);
  }
  item.records = to_file_slice(std::move(outcome->slice));
  left -= item.records.size;
  if (item.records.size != 0) first = false;
  return std::nullopt;
}

void partition_store::take_cold(read_item& item, result<log::read_slice> slice) {
  const auto found = open_.find({item.target.topic_id, item.target.partition});
  if (found == open_.end()) {
    item.error = error_code::not_leader_or_follower;
  } else if (!slice) {
    item.error = error_code::kafka_storage_error;
    home_.log(log_level::error,
              fmt::format("read of {} at offset {} failed: {}", log::directory_name(found->second->name),
                          item.target.fetch_offset.value(), to_string(slice.error())));
  } else if (found->second->log->is_current(*slice)) {
    item.records = to_file_slice(std::move(*slice));
  }
}

void partition_store::finish_read(read_job_ptr job) {
  std::int64_t total = 0;
  bool failed = false;
  for (const auto& item : job->items) {
    total += item.records.size;
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
