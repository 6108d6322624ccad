#include "recovery.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "text_lines.hpp"

namespace jackdaw::log {

namespace {

constexpr std::size_t digits = 20;
constexpr std::size_t search_step_bytes = 1024 * 1024;

// "00000000000000000042.log" -> 42
std::optional<offset> base_of(std::string_view name) {
  if (name.size() <= digits) return std::nullopt;
  const auto number = parse_number(name.substr(0, digits));
  if (!number || *number < 0) return std::nullopt;
  return offset{*number};
}

bool is_leftover(std::string_view name) {
  return name.ends_with(".deleted") || name.ends_with(".tmp") || name.ends_with(".cleaned");
}

void sort_name(const std::string& name, directory_content& out) {
  if (name == "partition.metadata") {
    out.has_metadata = true;
    return;
  }
  if (is_leftover(name)) {
    out.leftovers.push_back(name);
    return;
  }
  const auto base = base_of(name);
  if (!base) return;
  const std::string_view suffix = std::string_view(name).substr(digits);
  if (suffix == ".log") out.segments.push_back(*base);
  if (suffix == ".snapshot") out.snapshots.push_back(*base);
  if (suffix == ".txnindex") out.txn_indexes.push_back(*base);
  if (suffix == ".index" || suffix == ".timeindex") out.indexes.push_back(name);
}

// A crash between the renames of a deletion can leave an index behind that has no segment any more.
void drop_orphans(directory_content& content) {
  const auto is_orphan = [&](const std::string& name) {
    return !std::binary_search(content.segments.begin(), content.segments.end(), *base_of(name));
  };
  for (const auto& name : content.indexes) {
    if (is_orphan(name)) content.leftovers.push_back(name);
  }
  // Producers' state without the records that it is of.
  while (content.segments.empty() && !content.snapshots.empty()) {
    content.leftovers.push_back(segment_path("", content.snapshots.back(), ".snapshot").substr(1));
    content.snapshots.pop_back();
  }
  std::erase_if(content.txn_indexes, [&](offset base) {
    const std::string name = segment_path("", base, ".txnindex").substr(1);
    if (!is_orphan(name)) return false;
    content.leftovers.push_back(name);
    return true;
  });
}

// Why the batch can't come next; empty if it can.
std::string why_not_next(const protocol::batch_view& batch, offset next, offset limit, const leader_epochs& epochs) {
  if (auto sound = protocol::validate(batch); !sound) return sound.error().detail;
  if (batch.base_offset() < next || batch.last_offset_delta() < 0) {
    return "a batch at offset " + std::to_string(batch.base_offset().value()) + " where " +
           std::to_string(next.value()) + " or later is expected";
  }
  if (batch.last_offset() >= limit) return "offsets that belong to the next segment";
  // What an earlier leader wrote may still lie behind the end of a truncated file.
  if (const auto latest = epochs.latest(); latest && batch.leader_epoch() < *latest) {
    return "a batch of leader epoch " + std::to_string(batch.leader_epoch().value()) + " behind one of " +
           std::to_string(latest->value());
  }
  return {};
}

bool may_be_batch(const std::byte* at, std::uint64_t room, offset next) noexcept {
  if (load_be<std::int8_t>(at + protocol::batch_field::magic) != protocol::batch_magic) return false;
  const auto length = load_be<std::int32_t>(at + protocol::batch_field::length);
  if (length < static_cast<std::int32_t>(protocol::batch_header_bytes - protocol::batch_prefix_bytes)) return false;
  if (protocol::batch_prefix_bytes + static_cast<std::uint64_t>(length) > room) return false;
  const auto base = load_be<std::int64_t>(at + protocol::batch_field::base_offset);
  constexpr std::int64_t plausible_distance = std::int64_t{1} << 40;
  return base >= next.value() && base - next.value() < plausible_distance;
}

}  // namespace

result<directory_content> examine_directory(disk& d, const std::string& directory) {
  auto entries = d.list(directory);
  if (!entries) return entries.error();
  directory_content out;
  for (const auto& entry : *entries) {
    if (entry.is_directory) continue;
    if (entry.name.ends_with(".swap")) {
      return fail(errc::unsupported, directory + " holds an unfinished compaction (" + entry.name +
                                         "): start the broker that wrote it once more and stop it cleanly");
    }
    sort_name(entry.name, out);
  }
  for (auto* list : {&out.segments, &out.snapshots, &out.txn_indexes}) std::sort(list->begin(), list->end());
  drop_orphans(out);
  return out;
}

std::string encode_partition_metadata(const uuid& topic_id) {
  return "version: 0\ntopic_id: " + to_string(topic_id) + '\n';
}

result<uuid> decode_partition_metadata(std::string_view text) {
  std::optional<uuid> id;
  for (text_lines lines(text); !lines.at_end();) {
    const std::string_view line = lines.next();
    constexpr std::string_view key = "topic_id: ";
    if (line.starts_with(key)) id = parse_uuid(line.substr(key.size()));
  }
  if (!id) return fail(errc::corrupt, "partition.metadata names no topic id");
  return *id;
}

result<segment_check> check_segment(disk& d, const std::string& directory, segment& s, std::uint64_t file_size,
                                    offset limit, std::uint32_t index_interval_bytes, leader_epochs& epochs) {
  auto f = s.log_file(d, directory);
  if (!f) return f.error();
  batch_stream batches(**f, s.size_bytes(), file_size);
  for (bool first = true;;) {
    auto step = batches.next();
    if (!step) return step.error();
    const std::uint64_t at = s.size_bytes();
    if (*step == scan_step::end) return segment_check{at, {}};
    if (*step == scan_step::incomplete) return segment_check{at, "the last batch is incomplete"};
    if (*step == scan_step::damaged) return segment_check{at, "no batch of magic 2 begins here"};
    const auto& batch = batches.batch();
    // What the checkpoint says of later offsets may be of batches that are lost: the batches tell.
    if (first) epochs.truncate_from_end(batch.base_offset());
    first = false;
    std::string why = why_not_next(batch, s.end(), limit, epochs);
    if (!why.empty()) return segment_check{at, std::move(why)};
    s.note_batch({batch.base_offset(), batch.last_offset(), static_cast<std::uint32_t>(batch.size_bytes()),
                  batch.max_timestamp()},
                 index_interval_bytes);
    JD_ASSERT(s.size_bytes() == batches.next_position(), s.size_bytes(), batches.next_position(), directory);
    if (const auto latest = epochs.latest(); !latest || *latest < batch.leader_epoch()) {
      epochs.assign(batch.leader_epoch(), batch.base_offset());
    }
    if (s.wants_index_write()) {
      if (auto written = s.write_index(d, directory); !written) return written.error();
    }
  }
}

result<bool> valid_batch_behind(file& f, std::uint64_t position, std::uint64_t file_size, offset next) {
  constexpr std::size_t header = protocol::batch_header_bytes;
  std::vector<std::byte> window(search_step_bytes + header);
  for (std::uint64_t start = position + 1; start + header <= file_size; start += search_step_bytes) {
    auto got = f.read_at(window, start);
    if (!got) return got.error();
    for (std::size_t i = 0; i < search_step_bytes && i + header <= *got; ++i) {
      if (!may_be_batch(window.data() + i, file_size - start - i, next)) continue;
      batch_stream candidate(f, start + i, file_size);
      auto step = candidate.next();
      if (!step) return step.error();
      if (*step == scan_step::found && protocol::validate(candidate.batch())) return true;
    }
  }
  return false;
}

}  // namespace jackdaw::log
