#include "partition_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "handlers/shard_state.hpp"
#include "jackdaw/base/time.hpp"

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
    if (auto* p = find_open({item.topic_id, item.partition}); p != nullptr && !p->is_held) {
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
    with_writable(key, [this, piece = std::move(piece)](open_outcome found) mutable {
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

void partition_store::with_writable(const partition_key& key, opened_function then) {
  if (auto* p = find_open(key); p != nullptr && p->is_held) {
    p->held.push_back([this, key, then = std::move(then)]() mutable { with_writable(key, std::move(then)); });
    return;
  }
  with_open(key, std::move(then));
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
  use_files(p);
  log::append_options how;
  how.epoch = p.leader.epoch();
  how.now = home_.now.wall;
  how.zstd_allowed = job.zstd_allowed;
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
  p.unseen_bytes += static_cast<std::int64_t>(item.records.size());
  if (p.log->wants_flush()) want_flush(p);  // a segment is full: recovery needn't begin before its end
  p.unflushed.unflushed_messages += outcome.records;
  switch (log::decide_flush(p.log->config(), p.unflushed, home_.now.wall)) {
    case log::flush_decision::now:
      must_flush = true;
      want_flush(p);
      return;  // readers see it once it is on the disk
    case log::flush_decision::later: note_flush_timer(p); break;
    case log::flush_decision::none: break;
  }
  if (p.leader.appended(p.log->log_end_offset())) moved_up(p, p.unseen_bytes);
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
  const auto wait = duration_of_ms(std::max<std::int64_t>(0, due - home_.now.wall.value));
  p.flush_timer = home_.timers.schedule(home_.now.steady + wait, [this, key = p.key()] {
    const auto found = open_.find(key);
    if (found == open_.end()) return;
    found->second->flush_timer = {};
    want_flush(*found->second);
  });
}

void partition_store::end_of_batch() {
  tell_watchers();
  if (!flush_running_ && !flush_wanted_.empty()) start_flush();
  if (with_files_.size() > with_files_max_) release_idle_files();
}

// ---- open files: of all logs together fewer than the process may have

void partition_store::use_files(hosted_partition& p) {
  p.was_used = true;
  if (std::exchange(p.has_files, true)) return;
  with_files_.push_back(p.key());
}

// Halves them. Who was used since the last look gets a second chance, so that what is busy stays open.
void partition_store::release_idle_files() {
  std::size_t chances = with_files_.size();
  while (with_files_.size() > with_files_max_ / 2) {
    const auto key = with_files_.front();
    with_files_.pop_front();
    auto* p = find_open(key);
    if (p == nullptr) continue;
    if (std::exchange(p->was_used, false) && chances != 0) {
      --chances;
      with_files_.push_back(key);
      continue;
    }
    p->log->release_files();
    p->has_files = false;
  }
}

// Everything that was appended while the last round was under way goes into one: the disk's work is shared.
void partition_store::start_flush() {
  auto round = std::make_shared<flush_round>();
  for (const auto& key : std::exchange(flush_wanted_, {})) {
    const auto found = open_.find(key);
    if (found == open_.end()) continue;
    found->second->is_flush_wanted = false;
    use_files(*found->second);
    auto& log = *found->second->log;
    round->flushes.push_back({key, &log, log.prepare_flush(), found->second->unseen_bytes});
  }
  round->waiting = std::exchange(waiting_for_flush_, {});
  round->outcomes.assign(round->flushes.size(), result<void>{});
  flush_running_ = true;
  home_.env.run_on_worker(
      work_class::sync,
      [round, &disk = home_.options.server->storage->disk()] {
        for (std::size_t i = 0; i < round->flushes.size(); ++i) round->outcomes[i] = round->flushes[i].job.run(disk);
      },
      [this, round]() { flush_finished(*round); });
}

void partition_store::flush_finished(flush_round& round) {
  flush_running_ = false;
  for (std::size_t i = 0; i < round.flushes.size(); ++i) {
    const auto& [key, log, job, bytes] = round.flushes[i];
    const auto found = open_.find(key);
    if (found == open_.end()) continue;
    auto& p = *found->second;
    if (p.log.get() != log) continue;  // its place took a copy in another data directory, synced whole
    if (!round.outcomes[i]) {
      p.log->flush_failed(job, round.outcomes[i].error());
      fail_items(round, key, round.outcomes[i].error());
      repair(key);
      continue;
    }
    p.log->flush_done(job);
    p.unflushed.unflushed_messages = std::max<std::int64_t>(0, p.log->log_end_offset() - p.log->recovery_point());
    p.unflushed.last_flush = home_.now.wall;
    p.checkpoint_due = true;
    if (p.leader.appended(std::max(job.end, p.high_watermark()))) {
      moved_up(p, std::min(bytes, p.unseen_bytes));  // less when others have made them visible
    }
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
  home_.env.run_on_worker(
      work_class::sync, [a, &disk = home_.options.server->storage->disk()] { a->outcome = a->job.run(disk); },
      [this, a, key, again]() {
        const auto still = open_.find(key);
        if (still == open_.end()) return;
        auto& p = *still->second;
        p.is_repairing = false;
        if (!a->outcome || !p.log->repair_done(a->job, *a->outcome)) return again();
        home_.log(log_level::info, fmt::format("{} accepts writes again", log::directory_name(p.name)));
        if (p.leader.appended(p.log->log_end_offset())) moved_up(p, p.unseen_bytes);
        p.unseen_bytes = 0;  // what the repair cut off, nobody will see
      });
}

}  // namespace jackdaw::broker
