// Appending: validate, give offsets, roll if need be, one write, then tell indexes, epochs and producers.
#include <algorithm>

#include "append_validation.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/random.hpp"
#include "log_state.hpp"
#include "marker.hpp"
#include "txn_index.hpp"

namespace jackdaw::log {

namespace {

using protocol::batch_view;
using protocol::mutable_batch;

// Calls `with` for each batch; the bytes were validated before.
template <class With>
void for_each_batch(mutable_bytes bytes, With with) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto size = protocol::peek_batch_size(bytes_view(bytes).subspan(at));
    JD_ASSERT(size, at, bytes.size());
    with(mutable_batch(bytes.subspan(at, *size)));
    at += *size;
  }
}

void refuse_storage(append_outcome& out, const error& why) {
  out.error = append_error::kafka_storage_error;
  out.storage = why.code == errc::no_space ? errc::no_space : errc::io;
  out.message = why.detail;
}

void answer_duplicate(const batch_memory& known, append_outcome& out) {
  out.duplicate = true;
  out.base_offset = known.first_offset();
  out.last_offset = known.last_offset;
  if (out.log_append_time.value >= 0) out.log_append_time = known.timestamp;
}

// Largest timestamp of all batches, for rolling by time.
timestamp_ms largest_timestamp(mutable_bytes bytes) {
  timestamp_ms largest{-1};
  for_each_batch(bytes, [&](const mutable_batch& batch) { largest = std::max(largest, batch.max_timestamp()); });
  return largest;
}

}  // namespace

append_outcome partition_log::append(mutable_bytes records, const append_options& options, append_scratch& scratch) {
  append_outcome out;
  out.log_start_offset = log_start_;
  if (away_ || needs_repair()) {
    refuse_storage(out, away_ ? fail(errc::busy, directory_ + " is being truncated") : *state_->suspect);
    return out;
  }
  const bool from_client = options.origin == append_origin::client;
  auto valid = from_client ? validate_client_batch(records, options, *config_, scratch, out)
                           : validate_trusted_batches(records, options, out);
  if (!valid || !admit(valid->bytes, options, scratch, out) || out.duplicate) return out;
  give_offsets(valid->bytes, options, out);
  if (auto written = write(valid->bytes, options, out.last_offset); !written) {
    refuse_storage(out, written.error());
    out.base_offset = out.last_offset = no_offset;
    out.log_append_time = {-1};
    return out;
  }
  out.records = static_cast<std::int32_t>(valid->records);
  commit(valid->bytes, options, scratch);
  return out;
}

// Sequence numbers, epochs of producers and coordinators, and whether a leader's batches continue this log.
bool partition_log::admit(mutable_bytes bytes, const append_options& options, append_scratch& scratch,
                          append_outcome& out) {
  if (bytes.size() > static_cast<std::size_t>(config_->segment_bytes) && options.origin != append_origin::raft) {
    refuse(out, append_error::record_list_too_large,
           "the records have " + std::to_string(bytes.size()) + " bytes; segment.bytes is " +
               std::to_string(config_->segment_bytes));
    return false;
  }
  if (keeps_offsets(options.origin)) {
    const batch_view first(bytes);
    if (first.base_offset() >= log_end_) return true;
    refuse(out, append_error::unexpected_offset,
           "batches from offset " + std::to_string(first.base_offset().value()) +
               " on don't continue a log that ends at " + std::to_string(log_end_.value()));
    return false;
  }
  if (!state_ || state_->producers.empty()) return true;
  for_each_batch(bytes, [&](const mutable_batch& batch) {
    if (!out.ok() || !batch.has_producer_id()) return;
    producer_table::verdict verdict;
    if (!batch.is_control()) {
      verdict = state_->producers.check_data(batch);
    } else if (auto marker = parse_marker(batch, scratch.reader); marker && *marker) {
      verdict = state_->producers.check_marker(**marker);
    }
    if (verdict.error != append_error::none) refuse(out, verdict.error, std::move(verdict.message));
    if (verdict.duplicate && options.origin == append_origin::client) answer_duplicate(*verdict.duplicate, out);
  });
  return out.ok();
}

void partition_log::give_offsets(mutable_bytes bytes, const append_options& options, append_outcome& out) {
  if (keeps_offsets(options.origin)) {
    out.base_offset = batch_view(bytes).base_offset();
    for_each_batch(bytes, [&](const mutable_batch& batch) { out.last_offset = batch.last_offset(); });
    JD_ASSERT(out.base_offset >= log_end_ && out.last_offset >= out.base_offset, out.base_offset.value(),
              out.last_offset.value(), log_end_.value(), directory_);
    return;
  }
  offset next = log_end_;
  for_each_batch(bytes, [&](mutable_batch batch) {
    batch.set_base_offset(next);
    batch.set_leader_epoch(options.epoch);
    next = batch.next_offset();
  });
  out.base_offset = log_end_;
  out.last_offset = next - 1;
  JD_ASSERT(out.last_offset >= out.base_offset, out.base_offset.value(), out.last_offset.value(), directory_);
}

// In the log's last segment, or a new one. After an error the log is as before.
result<void> partition_log::write(mutable_bytes bytes, const append_options& options, offset last) {
  if (!state_) {
    if (auto made = make_state(options.now); !made) return made;
  }
  if (must_roll(bytes.size(), last, largest_timestamp(bytes), options.now)) {
    if (auto rolled = roll(options.now); !rolled) return rolled;
  }
  segment& s = state_->last();
  JD_ASSERT(last >= s.base() && s.size_bytes() + bytes.size() <= UINT32_MAX, last.value(), s.size_bytes(), bytes.size(),
            directory_);
  auto opened = s.log_file(disk_, directory_);
  if (!opened) return opened.error();
  return write_at_end(**opened, bytes);
}

void partition_log::commit(mutable_bytes bytes, const append_options& options, append_scratch& scratch) {
  segment& s = state_->last();
  JD_ASSERT(s.end() <= log_end_, s.end().value(), log_end_.value(), directory_);
  const std::uint64_t size_before = s.size_bytes();
  for_each_batch(bytes, [&](const mutable_batch& batch) {
    const auto position = static_cast<std::uint32_t>(s.size_bytes());
    state_->tail.push(static_cast<std::uint32_t>(batch.last_offset() - s.base()), position);
    s.note_batch({batch.base_offset(), batch.last_offset(), static_cast<std::uint32_t>(batch.size_bytes()),
                  batch.max_timestamp()},
                 static_cast<std::uint32_t>(config_->index_interval_bytes));
    note_epoch(batch.leader_epoch(), batch.base_offset());
    if (batch.has_producer_id()) note_producer(batch, options.now, scratch.reader);
    log_end_ = batch.next_offset();
  });
  size_bytes_ += bytes.size();
  JD_ASSERT(s.end() == log_end_, s.end().value(), log_end_.value(), directory_);
  JD_ASSERT(s.size_bytes() == size_before + bytes.size(), s.size_bytes(), size_before, bytes.size(), directory_);
  // If it can't be written now, the entries stay in memory and are tried again with the next append.
  (void)write_index_page();
}

// Pages of index entries must be on the disk when the recovery point moves beyond them.
result<void> partition_log::write_index_page() {
  segment& s = state_->last();
  if (!s.wants_index_write()) return {};
  const bool is_new = s.index_files().empty();
  if (auto written = s.write_index(disk_, directory_); !written) return written;
  if (is_new) state_->names_changed();
  for (auto& f : s.index_files()) state_->must_sync(std::move(f));
  return {};
}

void partition_log::note_epoch(leader_epoch epoch, offset start) {
  const auto latest = epochs_.latest();
  if (latest && *latest >= epoch) return;
  if (epochs_.assign(epoch, start)) state_->epochs_changed = ++state_->sequence;
}

void partition_log::note_producer(const protocol::batch_view& batch, timestamp_ms now,
                                  protocol::record_reader& reader) {
  if (!batch.is_control()) {
    state_->producers.apply_data(batch, now);
    return;
  }
  auto marker = parse_marker(batch, reader);
  if (!marker || !*marker) return;
  if (const auto aborted = state_->producers.apply_marker(**marker, now)) note_aborted(*aborted);
}

void partition_log::note_aborted(const aborted_transaction& aborted) {
  state_->unwritten_aborts.push_back(aborted);
  // If it can't be written now, it is tried again before the next flush; readers are told of it meanwhile.
  (void)write_unwritten_aborts();
}

result<void> partition_log::write_unwritten_aborts() {
  auto& left = state_->unwritten_aborts;
  while (!left.empty()) {
    segment& s = state_->segments[state_->segment_of(left.front().last_offset)];
    auto written = append_txn_index(disk_, segment_path(directory_, s.base(), ".txnindex"), left.front());
    if (!written) return written.error();
    if (!s.has_txn_index()) state_->names_changed();
    s.set_has_txn_index();
    state_->must_sync(std::move(*written));
    left.erase(left.begin());
  }
  return {};
}

bool partition_log::must_roll(std::size_t size_bytes, offset last, timestamp_ms largest, timestamp_ms now) const {
  const segment& s = state_->last();
  if (s.size_bytes() == 0) return false;
  if (state_->must_roll) return true;
  if (last - s.base() > std::int64_t{INT32_MAX}) return true;
  if (s.size_bytes() + size_bytes > static_cast<std::size_t>(config_->segment_bytes)) return true;
  if (s.index_full(config_->segment_index_bytes)) return true;
  return is_old(s, largest, now);
}

// segment.ms counts by the records' timestamps if they have any, else by the clock.
bool partition_log::is_old(const segment& s, timestamp_ms largest, timestamp_ms now) const {
  const bool by_records = s.first_timestamp() && s.first_timestamp()->value >= 0 && largest.value >= 0;
  const std::int64_t age = by_records ? largest.value - s.first_timestamp()->value : now.value - s.created().value;
  return age > roll_age_ms(s);
}

// segment.ms less this segment's share of segment.jitter.ms: always the same, another one for other segments and
// partitions.
std::int64_t partition_log::roll_age_ms(const segment& s) const {
  const std::int64_t jitter_ms = std::min(config_->segment_jitter_ms, config_->segment_ms);
  if (jitter_ms <= 0) return config_->segment_ms;
  random_source of_partition(std::hash<uuid>{}(topic_id_) + static_cast<std::uint64_t>(partition_.value()));
  random_source of_segment(of_partition.next() + static_cast<std::uint64_t>(s.base().value()));
  return config_->segment_ms - static_cast<std::int64_t>(of_segment.below(static_cast<std::uint64_t>(jitter_ms)));
}

result<void> partition_log::make_state(timestamp_ms now) {
  JD_ASSERT(!state_ && !away_ && size_bytes_ == 0, size_bytes_, directory_);
  auto made = std::make_unique<state>();
  made->segments.emplace_back(log_end_, now);
  if (auto created = made->segments.back().create(disk_, directory_); !created) return created;
  made->names_changed();
  made->parent_changed = made->sequence;
  if (!epochs_.empty()) made->epochs_changed = made->sequence;
  made->tail.restart(0);
  state_ = std::move(made);
  return {};
}

result<void> partition_log::roll_if_old(timestamp_ms now) {
  if (!state_ || state_->last().size_bytes() == 0) return {};
  const segment& s = state_->last();
  if (now.value - s.created().value <= roll_age_ms(s)) return {};
  return roll(now);
}

result<void> partition_log::roll(timestamp_ms now) {
  if (!state_ || state_->last().size_bytes() == 0) return {};
  // Or the new file would be the old one, emptied.
  JD_ASSERT(log_end_ > state_->last().base(), log_end_.value(), state_->last().base().value(), directory_);
  segment next(log_end_, now);
  if (auto created = next.create(disk_, directory_); !created) return created;
  segment& old = state_->last();
  auto finished = give_back_reserve();
  if (finished) finished = old.finish_index(disk_, directory_);
  if (!finished) {
    (void)disk_.remove(segment_path(directory_, log_end_, ".log"));
    state_->names_changed();  // the next flush makes sure that it doesn't come back
    return finished;
  }
  if (auto f = old.log_file(disk_, directory_)) state_->must_sync(std::move(*f));
  for (auto& f : old.index_files()) state_->must_sync(std::move(f));
  write_producer_snapshot();
  state_->names_changed();
  state_->wants_flush = true;
  state_->must_roll = false;
  JD_ASSERT(old.end() <= next.base() && next.base() == log_end_, old.end().value(), log_end_.value(), directory_);
  state_->segments.push_back(std::move(next));
  state_->tail.restart(0);
  return {};
}

// Recovery goes on from the latest one; without this one it has more to replay.
void partition_log::write_producer_snapshot() {
  if (!state_->snapshots.empty() && state_->snapshots.back() == log_end_) return;
  JD_ASSERT(state_->snapshots.empty() || state_->snapshots.back() < log_end_, log_end_.value(), directory_);
  auto opened = disk_.open(segment_path(directory_, log_end_, ".snapshot"), open_mode::truncate);
  if (!opened) return;
  const auto bytes = state_->producers.encode_snapshot();
  const bytes_view parts[] = {bytes};
  if (!(*opened)->write_at(parts, 0)) return;
  state_->snapshots.push_back(log_end_);
  state_->must_sync(std::move(*opened));
}

}  // namespace jackdaw::log
