// Producers' state after opening or truncating: the newest snapshot that can be read, then the batches behind it.
#include <algorithm>

#include "log_state.hpp"
#include "marker.hpp"

namespace jackdaw::log {

namespace {

// How far back batches of known producers are looked for after a clean start.
constexpr std::uint64_t recall_bytes = 256 * 1024;

// The header that the scanner stands at, with its records.
result<protocol::batch_view> whole_batch(file& f, const header_scanner& headers, std::vector<std::byte>& buffer) {
  buffer.resize(headers.size_bytes());
  auto got = f.read_at(buffer, headers.position());
  if (!got) return got.error();
  if (*got != buffer.size()) return fail(errc::corrupt, "a segment is shorter than it was");
  return protocol::batch_view(buffer);
}

}  // namespace

result<void> partition_log::reload_producers(timestamp_ms now, offset rebuild_from) {
  state& s = *state_;
  s.producers.clear();
  s.unwritten_aborts.clear();
  while (!s.snapshots.empty()) {
    const offset at = s.snapshots.back();
    const std::string path = segment_path(directory_, at, ".snapshot");
    // One from before the first segment lacks what was deleted since: better to know nothing of a producer.
    if (at <= log_end_ && at >= s.segments.front().base()) {
      auto bytes = read_whole(disk_, path);
      if (bytes && s.producers.decode_snapshot(*bytes, now, config_->producer_id_expiration_ms)) {
        if (auto done = recall_batches(at); !done) return done.error();
        return at == log_end_ ? result<void>{} : replay_producers(at, now, rebuild_from);
      }
    }
    // Of other batches than those in the log, or damaged.
    doom(path, now);
    s.snapshots.pop_back();
  }
  s.producers.clear();
  return replay_producers(s.segments.front().base(), now, rebuild_from);
}

result<void> partition_log::replay_producers(offset from, timestamp_ms now, offset rebuild_from) {
  protocol::record_reader reader;
  std::vector<std::byte> buffer;
  for (std::size_t i = state_->segment_of(from); i < state_->segments.size(); ++i) {
    auto v = state_->segments[i].view(disk_, directory_);
    if (!v) return v.error();
    auto start = scan_start_for(*v, std::max(from, v->base), wait_mode::may_wait);
    if (!start) return start.error();
    header_scanner headers(*v->log_file, **start, v->size_bytes, wait_mode::may_wait);
    while (true) {
      auto step = headers.next();
      if (!step) return step.error();
      if (*step == scan_step::end) break;
      if (*step != scan_step::found) return fail(errc::corrupt, directory_ + ": a segment is damaged");
      const auto& header = headers.header();
      if (header.last_offset() < from || !header.has_producer_id()) continue;
      if (!header.is_control()) {
        state_->producers.apply_data(header, now);
        continue;
      }
      auto batch = whole_batch(*v->log_file, headers, buffer);
      if (!batch) return batch.error();
      auto marker = parse_marker(*batch, reader);
      if (!marker) return marker.error();
      if (!*marker) continue;
      const auto aborted = state_->producers.apply_marker(**marker, now);
      if (aborted && aborted->last_offset >= rebuild_from) note_aborted(*aborted);
    }
  }
  return {};
}

// A client may send up to five batches again, some of them from before the snapshot, even from before the last roll.
result<void> partition_log::recall_batches(offset before) {
  if (state_->producers.empty() || before <= state_->segments.front().base()) return {};
  const std::size_t last = state_->segment_of(before - 1);
  std::size_t first = last;
  std::uint64_t wanted = recall_bytes;
  while (first > 0 && state_->segments[first].size_bytes() < wanted) wanted -= state_->segments[first--].size_bytes();
  for (std::size_t i = first; i <= last; ++i) {
    auto v = state_->segments[i].view(disk_, directory_);
    if (!v) return v.error();
    const std::uint64_t from = i > first ? 0 : v->size_bytes - std::min(v->size_bytes, wanted);
    auto start = boundary_at_or_before(*v, from, wait_mode::may_wait);
    if (!start) return start.error();
    header_scanner headers(*v->log_file, **start, v->size_bytes, wait_mode::may_wait);
    while (true) {
      auto step = headers.next();
      if (!step) return step.error();
      if (*step != scan_step::found) break;
      const auto& header = headers.header();
      if (header.last_offset() >= before) break;
      if (header.has_producer_id() && !header.is_control()) state_->producers.recall(header);
    }
  }
  return {};
}

std::vector<producer_description> partition_log::describe_producers() const {
  return state_ ? state_->producers.describe() : std::vector<producer_description>{};
}

void partition_log::expire_producers(timestamp_ms now) {
  if (state_) state_->producers.expire(now, config_->producer_id_expiration_ms);
}

std::size_t partition_log::producer_count() const noexcept { return state_ ? state_->producers.size() : 0; }

offset partition_log::last_stable_offset(offset high_watermark) const noexcept {
  if (!state_) return high_watermark;
  const auto unstable = state_->producers.first_unstable();
  return unstable ? std::min(*unstable, high_watermark) : high_watermark;
}

void partition_log::high_watermark_moved(offset high_watermark) {
  if (state_) state_->producers.high_watermark_moved(high_watermark);
}

}  // namespace jackdaw::log
