#include "jackdaw/log/partition_log.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"

namespace jackdaw::log {

const char* name_of(append_error e) noexcept {
  switch (e) {
    case append_error::none: return "NONE";
    case append_error::corrupt_message: return "CORRUPT_MESSAGE";
    case append_error::invalid_record: return "INVALID_RECORD";
    case append_error::invalid_timestamp: return "INVALID_TIMESTAMP";
    case append_error::message_too_large: return "MESSAGE_TOO_LARGE";
    case append_error::record_list_too_large: return "RECORD_LIST_TOO_LARGE";
    case append_error::unsupported_for_message_format: return "UNSUPPORTED_FOR_MESSAGE_FORMAT";
    case append_error::unsupported_compression_type: return "UNSUPPORTED_COMPRESSION_TYPE";
    case append_error::out_of_order_sequence_number: return "OUT_OF_ORDER_SEQUENCE_NUMBER";
    case append_error::invalid_producer_epoch: return "INVALID_PRODUCER_EPOCH";
    case append_error::invalid_txn_state: return "INVALID_TXN_STATE";
    case append_error::transaction_coordinator_fenced: return "TRANSACTION_COORDINATOR_FENCED";
    case append_error::kafka_storage_error: return "KAFKA_STORAGE_ERROR";
    case append_error::unexpected_offset: return "UNEXPECTED_OFFSET";
  }
  return "UNKNOWN";
}

void partition_log::directory_renamed(const std::string& to) {
  JD_ASSERT(!away_ && (!state_ || !state_->is_removing), directory_, to);
  if (state_) {
    for (auto& d : state_->doomed) {
      for (std::string* name : {&d.present, &d.deleted}) *name = to + name->substr(directory_.size());
    }
    state_->names_changed();
    state_->parent_changed = state_->sequence;
  }
  directory_ = to;
}

std::size_t partition_log::segment_count() const noexcept { return state_ ? state_->segments.size() : 0; }

void partition_log::assign_epoch(leader_epoch epoch, offset start) {
  if (epochs_.assign(epoch, start) && state_) state_->epochs_changed = ++state_->sequence;
}

result<void> partition_log::close(bool sync) {
  JD_ASSERT(!away_ && (!state_ || !state_->is_removing), directory_);
  if (!state_) return {};
  state& s = *state_;
  if (s.suspect) return *s.suspect;
  if (auto renamed = rename_doomed(); !renamed) return renamed;
  if (auto cut = give_back_reserve(); !cut) return cut;
  if (auto finished = s.last().finish_index(disk_, directory_); !finished) return finished;
  if (auto written = write_unwritten_aborts(); !written) return written;
  for (auto& f : s.last().index_files()) s.must_sync(std::move(f));
  write_producer_snapshot();
  s.names_changed();
  if (!sync) return {};
  const flush_job job = prepare_flush();
  if (auto synced = job.run(disk_); !synced) return synced;
  flush_done(job);
  return {};
}

result<std::vector<file_content>> partition_log::close_unsynced() {
  if (auto closed = close(false); !closed) return closed.error();
  return prepare_flush().replacements;
}

void partition_log::release_files() {
  if (!state_) return;
  for (auto& s : state_->segments) s.release_files();
  state_->old_in_use = SIZE_MAX;
}

std::size_t partition_log::open_file_count() const noexcept {
  std::size_t count = 0;
  if (!state_) return count;
  for (const auto& s : state_->segments) count += s.open_file_count();
  return count;
}

void partition_log::check() const {
  JD_ASSERT(log_start_ <= log_end_, log_start_.value(), log_end_.value(), directory_);
  JD_ASSERT(recovery_point_ <= log_end_, recovery_point_.value(), log_end_.value(), directory_);
  if (!state_) return;
  JD_ASSERT(!state_->segments.empty(), directory_);
  JD_ASSERT(state_->segments.front().base() <= log_start_, directory_);
  JD_ASSERT(state_->last().end() == log_end_, state_->last().end().value(), log_end_.value(), directory_);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < state_->segments.size(); ++i) {
    const segment& s = state_->segments[i];
    sum += s.size_bytes();
    if (i == 0) continue;
    JD_ASSERT(state_->segments[i - 1].end() <= s.base(), s.base().value(), directory_);
  }
  JD_ASSERT(sum == size_bytes_, sum, size_bytes_, directory_);
}

}  // namespace jackdaw::log
