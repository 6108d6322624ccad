#include "partition_appends.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

using protocol::error_code;

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

void partition_appends::append(append_job_ptr job) {
  std::vector<std::size_t> unopened;
  for (std::size_t i = 0; i < job->items.size(); ++i) {
    auto& item = job->items[i];
    auto* p = table_.find({item.topic_id, item.partition});
    if (p != nullptr && p->as_leading() != nullptr && !p->is_held) {
      append_one(*p, item, *job);
    } else {
      unopened.push_back(i);
    }
  }
  if (!unopened.empty()) return append_when_open(std::move(job), unopened);
  finish(std::move(job));
}

// Cuts the job: what could be appended goes on, the rest follows one by one as the logs are opened. So nobody waits for
// a log that he doesn't write to, and what is appended to one partition keeps its order.
void partition_appends::append_when_open(append_job_ptr job, const std::vector<std::size_t>& unopened) {
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
    piece->timeout_ms = d->whole->timeout_ms;
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
  if (!opened.empty()) finish(cut(std::move(opened)));
  for (auto& piece : pieces) {
    const partition_key key{piece->items[0].topic_id, piece->items[0].partition};
    with_writable(key, [this, piece = std::move(piece)](open_outcome found) mutable {
      auto& item = piece->items[0];
      if (found) {
        append_one(**found, item, *piece);
      } else {
        refuse(item, found.error().code, std::move(found.error().detail));
      }
      finish(std::move(piece));
    });
  }
}

void partition_appends::with_writable(const partition_key& key, opened_function then) {
  if (auto* p = table_.find(key); p != nullptr && p->is_held) {
    p->held.push_back([this, key, then = std::move(then)]() mutable { with_writable(key, std::move(then)); });
    return;
  }
  opener_.with_led(key, std::move(then));
}

void partition_appends::finish(append_job_ptr job) {
  const bool waits = std::any_of(job->items.begin(), job->items.end(),
                                 [](const append_item& item) { return item.waits_for.value() >= 0; });
  if (waits) return progress_.wait(std::move(job));
  auto done = std::move(job->done);
  done(std::move(job));
}

void partition_appends::append_one(hosted_partition& p, append_item& item, const append_job& job) {
  const auto& l = *p.as_leading();
  JD_ASSERT(item.waits_for.value() < 0 && item.error == error_code::none, item.waits_for.value());
  if (job.wait_for_all && !l.core.has_enough_replicas()) {
    return refuse(item, error_code::not_enough_replicas,
                  "fewer replicas are in sync than min.insync.replicas asks for");
  }
  files_.use(p);
  log::append_options how;
  how.epoch = p.epoch;
  how.now = home_.now.wall;
  how.zstd_allowed = job.zstd_allowed;
  const auto size = static_cast<std::int64_t>(item.records.size());
  auto outcome = p.log->append(item.records, how, scratch_);
  item.error = to_error_code(outcome.error);
  if (outcome.ok()) return take(p, item, job, outcome, size);
  item.error_message = std::move(outcome.message);
  for (auto& e : outcome.record_errors) item.refusals.push_back({e.batch_index, std::move(e.message)});
  if (outcome.error == log::append_error::kafka_storage_error) {
    home_.log(log_level::error,
              fmt::format("append to {} failed: {}", log::directory_name(p.name), item.error_message));
  }
}

void partition_appends::take(hosted_partition& p, append_item& item, const append_job& job,
                             const log::append_outcome& outcome, std::int64_t size) {
  JD_ASSERT(!p.log->needs_repair(), p.name.topic, p.name.partition.value());
  item.base_offset = outcome.base_offset;
  item.log_append_time_ms = outcome.log_append_time.value;
  item.log_start_offset = outcome.log_start_offset;
  if (!outcome.duplicate) {
    JD_ASSERT(outcome.last_offset + 1 == p.log->log_end_offset(), outcome.last_offset.value());
    if (p.log->wants_flush()) flushes_.want(p);  // a segment is full: recovery needn't begin before its end
    p.unflushed.unflushed_messages += outcome.records;
    switch (log::decide_flush(p.log->config(), p.unflushed, home_.now.wall)) {
      case log::flush_decision::now:  // readers see it once it is on the disk
        p.must_sync_to = p.log->log_end_offset();
        flushes_.want(p);
        break;
      case log::flush_decision::later: flushes_.want_later(p); break;
      case log::flush_decision::none: break;
    }
    progress_.appended(p, size, p.must_sync_to == offset{0});
    roles_.appended(p);
  }
  // Of a duplicate, too: its original may still be on its way to the disk or to other replicas.
  const auto end = outcome.last_offset + 1;
  if (!partition_progress::is_acknowledged(*p.as_leading(), end, job.wait_for_all)) item.waits_for = end;
}

}  // namespace jackdaw::broker
