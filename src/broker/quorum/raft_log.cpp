#include "raft_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "jackdaw/raft/wire.hpp"
#include "raft_snapshot.hpp"

namespace jackdaw::broker {
namespace {

offset offset_of(raft_index index) { return offset{index.value() - 1}; }
leader_epoch epoch_of(raft_term term) { return leader_epoch{static_cast<std::int32_t>(term.value())}; }

// The one record of an entry's batch. The key is the entry's kind.
result<raft::entry> entry_of(const protocol::batch_view& batch, protocol::record_reader& reader) {
  if (auto opened = reader.open(batch); !opened) return opened.error();
  protocol::record_view record;
  auto got = reader.next(record);
  if (!got) return got.error();
  if (!*got || !record.key || record.key->size() != 1 || !record.value)
    return fail(errc::corrupt, "a batch that is no raft entry");
  raft::entry e;
  e.index = raft_index{batch.base_offset().value() + 1};
  e.term = raft_term{batch.leader_epoch().value()};
  e.kind = static_cast<raft::entry_kind>(record.key->front());
  e.payload = raft::make_payload(*record.value);
  return e;
}

// "term voted_for": two numbers on one line each, after the version.
std::string encode_state(const raft::hard_state& s) {
  return fmt::format("version=0\nterm={}\nvoted.for={}\n", s.term.value(), s.voted_for.value());
}

std::optional<std::int64_t> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const char* first = text.data() + at + name.size();
  const auto [end, problem] = std::from_chars(first, text.data() + text.size(), value);
  if (problem != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace

result<std::unique_ptr<raft_log>> raft_log::open(log::disk& d, const open_options& options, restored& found) {
  std::unique_ptr<raft_log> self(new raft_log(d, options.directory));
  log::open_options how;
  how.directory = options.directory;
  how.topic_id = {0, 1};  // Kafka's id of the metadata topic
  log::log_config config;
  config.segment_bytes = options.segment_bytes;
  config.retention_ms = -1;
  config.preallocate = true;
  config.file_delete_delay_ms = 0;  // nobody reads what a snapshot has replaced
  how.config = std::make_shared<const log::log_config>(config);
  how.clean_shutdown = options.clean;
  how.now = options.now;
  auto opened = log::partition_log::open(d, how);
  if (!opened) return opened.error();
  self->log_ = std::move(*opened);
  if (auto ok = self->load_snapshot(options.first_voters, found); !ok) return ok.error();
  if (auto ok = self->load_state(found.state.hard_state); !ok) return ok.error();
  if (auto ok = self->replay(found); !ok) return ok.error();
  // What a killed process left in the page cache is read like what is on the disk; raft takes all of it for durable.
  const sync_job job = self->prepare_sync();
  if (auto synced = job.run(d); synced) {
    self->sync_done(job);
  } else if (synced.error().code != errc::no_space) {
    return synced.error();
  }
  return self;
}

result<void> raft_log::load_state(raft::hard_state& state) {
  const std::string path = directory_ + "/quorum-state";
  if (!disk_.exists(path)) return {};
  auto bytes = log::read_whole(disk_, path, 4096);
  if (!bytes) return bytes.error();
  const auto text = as_text(*bytes);
  const auto term = number_after(text, "term=");
  const auto vote = number_after(text, "voted.for=");
  if (!term || !vote) return fail(errc::corrupt, path + " is damaged: restore it, or this node, from another voter");
  state.term = raft_term{*term};
  state.voted_for = broker_id{static_cast<std::int32_t>(*vote)};
  return {};
}

result<void> raft_log::load_snapshot(const raft::voter_set& first_voters, restored& found) {
  found.image = metadata::image::empty();
  found.state.snapshot.voters = first_voters;
  auto newest = load_newest_snapshot(disk_, directory_);
  if (!newest) return newest.error();
  if (!*newest) return {};
  found.image = (*newest)->image;
  found.groups = std::move((*newest)->groups);
  found.state.snapshot = (*newest)->info;
  auto fits = continues(found.state.snapshot.position);
  if (!fits) return fits.error();
  // Installed after the log had been cut off, or instead of a log that went another way.
  if (!*fits) return log_->truncate_fully_and_start_at(offset_of(found.state.snapshot.position.index) + 1);
  return {};
}

// Whether the log holds the snapshot's last entry, or begins right behind it.
result<bool> raft_log::continues(const raft::log_position& snapshot) {
  const offset last = offset_of(snapshot.index);
  if (log_->log_start_offset() == last + 1) return true;
  if (last < log_->log_start_offset() || last >= log_->log_end_offset()) return false;
  auto entry = entries(snapshot.index, snapshot.index, 1);
  if (!entry) return entry.error();
  return !entry->empty() && entry->front().position() == snapshot;
}

result<void> raft_log::replay(restored& found) {
  const auto base = found.state.snapshot.position;
  found.state.log = raft::restored_log(base);
  raft_index next = base.index + 1;
  const raft_index last{log_->log_end_offset().value()};
  while (next <= last) {
    auto some = entries(next, last, 4 << 20);
    if (!some) return some.error();
    for (const auto& e : *some) {
      found.state.log.add(e);
      next = e.index + 1;
      // An entry may have reached the disk before the term that it was received in did; no vote can have left then.
      if (e.term > found.state.hard_state.term) found.state.hard_state = {e.term, broker_id{}};
    }
  }
  JD_ASSERT(next == last + 1 || last < base.index, next.value(), last.value(), base.index.value(), directory_);
  return {};
}

result<std::vector<raft::entry>> raft_log::entries(raft_index from, raft_index to, std::size_t max_bytes) {
  JD_ASSERT(from <= to, from.value(), to.value(), directory_);
  const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(max_bytes, 64 << 20));
  auto found = log_->read(offset_of(from), bytes, offset_of(to) + 1, true);
  if (!found) return found.error();
  log::read_slice slice = std::move(found->slice);
  if (found->cold) {
    auto read = found->cold->run();
    if (!read) return read.error();
    slice = std::move(*read);
  }
  if (slice.empty())
    return fail(errc::corrupt, fmt::format("raft entry {} is missing in {}", from.value(), directory_));
  std::vector<std::byte> buffer(slice.size_bytes);
  auto got = slice.file->read_at(buffer, slice.position);
  if (!got) return got.error();
  std::vector<raft::entry> entries;
  protocol::record_reader reader;
  protocol::batch_iterator batches(bytes_view(buffer).first(*got));
  for (;;) {
    auto batch = batches.next();
    if (!batch) return batch.error();
    if (!*batch) break;
    if (auto valid = protocol::validate(**batch); !valid) return valid.error();
    auto e = entry_of(**batch, reader);
    if (!e) return e.error();
    if (e->index >= from && e->index <= to) entries.push_back(std::move(*e));
  }
  return entries;
}

result<void> raft_log::write(const raft::ready& r, timestamp_ms now) {
  if (r.hard_state) unsynced_state_ = encode_state(*r.hard_state);
  rest_.push_back({r.reset_log, r.truncate_from, r.append});
  return write_rest(now);
}

result<void> raft_log::write_rest(timestamp_ms now) {
  while (!rest_.empty()) {
    if (auto ok = perform(rest_.front(), now); !ok) return ok;
    rest_.pop_front();
  }
  return {};
}

// Each step that succeeded is taken out of `work`.
result<void> raft_log::perform(unwritten& work, timestamp_ms now) {
  if (work.reset) {
    if (auto ok = log_->truncate_fully_and_start_at(offset_of(work.reset->index) + 1); !ok) return ok;
    work.reset.reset();
  }
  if (work.truncate_from) {
    if (auto ok = log_->truncate_to(offset_of(*work.truncate_from)); !ok) return ok;
    work.truncate_from.reset();
  }
  while (!work.append.empty()) {
    if (auto ok = append(work.append, now); !ok) return ok;
  }
  return {};
}

// Writes the first entries, as many of one term as make a decent write, and takes them out of `entries`.
result<void> raft_log::append(std::vector<raft::entry>& entries, timestamp_ms now) {
  constexpr std::size_t write_bytes_max = 8U << 20;
  log::append_options options;
  JD_ASSERT(offset_of(entries.front().index) == log_->log_end_offset(), entries.front().index.value(),
            log_->log_end_offset().value(), directory_);
  options.epoch = epoch_of(entries.front().term);
  options.now = now;
  options.origin = log::append_origin::raft;
  std::vector<std::byte> bytes;
  std::size_t count = 0;
  for (; count < entries.size() && bytes.size() < write_bytes_max; ++count) {
    const auto& e = entries[count];
    if (e.term != entries.front().term) break;
    protocol::batch_options how;
    how.base_offset = offset_of(e.index);
    how.leader_epoch = options.epoch;
    protocol::batch_builder builder(how);
    const auto kind = static_cast<std::byte>(e.kind);
    protocol::new_record record;
    record.timestamp = now;
    record.key = bytes_view(&kind, 1);
    record.value = e.bytes();
    builder.add(record);
    auto batch = builder.finish();
    if (!batch) return batch.error();
    bytes.insert(bytes.end(), batch->bytes().begin(), batch->bytes().end());
  }
  const auto outcome = log_->append(bytes, options, scratch_);
  if (!outcome.ok()) {
    const bool disk = outcome.error == log::append_error::kafka_storage_error;
    return fail(disk ? outcome.storage : errc::corrupt, "the metadata log cannot be written: " + outcome.message);
  }
  JD_ASSERT(outcome.last_offset == offset_of(entries[count - 1].index), outcome.last_offset.value(), count, directory_);
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count));
  return {};
}

raft_log::sync_job raft_log::prepare_sync() {
  sync_job job;
  job.state_path_ = directory_ + "/quorum-state";
  job.state_ = std::exchange(unsynced_state_, std::nullopt);
  job.flush_ = log_->prepare_flush();
  return job;
}

void raft_log::sync_failed(const sync_job& job, const error& why) {
  if (!unsynced_state_) unsynced_state_ = job.state_;
  if (!job.flush_.empty()) log_->flush_failed(job.flush_, why);
}

result<void> raft_log::repair_done(const log::repair_job& job, const log::repair_job::outcome& outcome) {
  if (!outcome.complete) {
    return fail(errc::corrupt,
                fmt::format("the disk lost raft entries from {} on in {}", outcome.valid_end.value() + 1, directory_));
  }
  return log_->repair_done(job, outcome);
}

result<void> raft_log::sync_job::run(log::disk& d) const {
  if (state_) {
    if (auto ok = log::replace_file(d, state_path_, as_bytes(*state_), true); !ok) return ok;
  }
  return flush_.run(d);
}

void raft_log::drop_before(raft_index first, timestamp_ms now) {
  const offset start = std::min(offset_of(first), log_->log_end_offset());
  if (start <= log_->log_start_offset()) return;
  if (log_->move_log_start(start)) static_cast<void>(log_->apply_retention(log_->log_end_offset(), now));
}

}  // namespace jackdaw::broker
