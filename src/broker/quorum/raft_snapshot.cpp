#include "raft_snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "jackdaw/raft/wire.hpp"

namespace jackdaw::broker {
namespace {

constexpr std::string_view suffix = ".checkpoint";
constexpr std::size_t records_per_payload = 512;
constexpr std::size_t batch_bytes = 1 << 20;

// Keys of the records in a snapshot: the voters come first, then pieces of cluster state.
constexpr std::byte voters_key{2};
constexpr std::byte state_key{0};

struct snapshot_name {
  std::int64_t entries = 0;  // in the log up to the snapshot, = the last one's index
  std::int64_t term = 0;
  std::string name;
};

std::string name_of(const raft::log_position& p) {
  return fmt::format("{:020}-{:010}{}", p.index.value(), p.term.value(), suffix);
}

std::optional<snapshot_name> parse_name(const std::string& name) {
  if (name.size() != 20 + 1 + 10 + suffix.size() || !name.ends_with(suffix) || name[20] != '-') return std::nullopt;
  snapshot_name s;
  s.name = name;
  const auto first = std::from_chars(name.data(), name.data() + 20, s.entries);
  const auto second = std::from_chars(name.data() + 21, name.data() + 31, s.term);
  if (first.ptr != name.data() + 20 || second.ptr != name.data() + 31) return std::nullopt;
  if (s.entries < 0 || s.term < 0) return std::nullopt;
  return s;
}

// Oldest first.
result<std::vector<snapshot_name>> list_snapshots(log::disk& d, const std::string& directory) {
  auto all = d.list(directory);
  if (!all) return all.error();
  std::vector<snapshot_name> found;
  for (const auto& e : *all) {
    if (auto s = e.is_directory ? std::nullopt : parse_name(e.name)) found.push_back(std::move(*s));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.entries < b.entries; });
  return found;
}

class snapshot_writer {
 public:
  void add(std::byte key, bytes_view value) {
    protocol::new_record record;
    record.timestamp = timestamp_ms{0};
    record.key = bytes_view(&key, 1);
    record.value = value;
    builder_.add(record);
    ++next_;
    if (builder_.uncompressed_size_bytes() >= batch_bytes) end_batch();
  }
  void end_batch() {
    if (builder_.empty()) return;
    const auto batch = builder_.finish();
    JD_ASSERT(batch);  // nothing is compressed, so nothing can fail
    bytes.insert(bytes.end(), batch->bytes().begin(), batch->bytes().end());
    protocol::batch_options how;
    how.base_offset = offset{next_};
    builder_.reset(how);
  }

  std::vector<std::byte> bytes;

 private:
  protocol::batch_builder builder_;
  std::int64_t next_ = 0;
};

result<void> take_record(const protocol::record_view& record, loaded_snapshot& s,
                         std::vector<metadata::record>& records) {
  if (!record.key || record.key->size() != 1 || !record.value)
    return fail(errc::corrupt, "a record that is not of a snapshot");
  if (record.key->front() == voters_key) {
    auto voters = raft::decode_voters(*record.value);
    if (!voters) return voters.error();
    s.info.voters = std::move(*voters);
    return {};
  }
  auto piece = metadata::decode(*record.value);
  if (!piece) return piece.error();
  for (auto& r : *piece) {
    if (!s.groups.replay(r)) records.push_back(std::move(r));
  }
  return {};
}

result<void> read_records(bytes_view bytes, loaded_snapshot& s, std::vector<metadata::record>& records) {
  protocol::batch_iterator batches(bytes);
  protocol::record_reader reader;
  for (;;) {
    auto batch = batches.next();
    if (!batch) return batch.error();
    if (!*batch) break;
    if (auto valid = protocol::validate(**batch); !valid) return valid;
    if (auto opened = reader.open(**batch); !opened) return opened;
    for (protocol::record_view record;;) {
      auto more = reader.next(record);
      if (!more) return more.error();
      if (!*more) break;
      if (auto taken = take_record(record, s, records); !taken) return taken;
    }
  }
  if (batches.remaining() != 0) return fail(errc::corrupt, "it ends in the middle of a batch");
  return {};
}

}  // namespace

result<void> write_snapshot(log::disk& d, const std::string& directory, const metadata::image& image,
                            const coordinator::group_table& groups, const raft::snapshot_info& info) {
  // What a reader asks for, and the state that the name promises.
  JD_ASSERT(!info.voters.voters.empty(), info.position.index.value());
  JD_ASSERT(image.position().index == info.position.index && image.position().term == info.position.term,
            image.position().index.value(), info.position.index.value());
  snapshot_writer out;
  out.add(voters_key, raft::encode(info.voters));
  std::vector<metadata::record> piece;
  std::size_t piece_bytes = 0;
  const auto flush = [&] {
    if (!piece.empty()) out.add(state_key, metadata::encode(piece));
    piece.clear();
    piece_bytes = 0;
  };
  const auto add = [&](metadata::record r) {
    piece_bytes += metadata::roughly_bytes(r);
    piece.push_back(std::move(r));
    if (piece.size() == records_per_payload || piece_bytes >= batch_bytes) flush();
  };
  image.for_each_record(add);
  groups.for_each_record(add);
  flush();
  out.end_batch();
  return log::replace_file(d, directory + '/' + name_of(info.position), out.bytes, true);
}

namespace {

result<loaded_snapshot> load_snapshot(log::disk& d, const std::string& path, const raft::log_position& position) {
  auto bytes = log::read_whole(d, path, std::uint64_t{4} << 30);
  if (!bytes) return bytes.error();
  loaded_snapshot s;
  s.info.position = position;
  std::vector<metadata::record> records;
  if (auto ok = read_records(*bytes, s, records); !ok) return fail(ok.error().code, path + ": " + ok.error().detail);
  if (s.info.voters.voters.empty()) return fail(errc::corrupt, path + ": it names no voters");
  auto image = metadata::image_from_snapshot({position.index, position.term}, records);
  if (!image) return fail(image.error().code, path + ": " + image.error().detail);
  s.image = std::move(*image);
  return s;
}

constexpr std::string_view received_suffix = ".part";

std::string received_path(const std::string& directory, const raft::log_position& which) {
  return directory + '/' + name_of(which) + std::string(received_suffix);
}

}  // namespace

result<std::optional<loaded_snapshot>> load_newest_snapshot(log::disk& d, const std::string& directory) {
  auto names = list_snapshots(d, directory);
  if (!names) return names.error();
  if (names->empty()) return std::optional<loaded_snapshot>();
  const auto& newest = names->back();
  auto loaded = load_snapshot(d, directory + '/' + newest.name, {raft_index{newest.entries}, raft_term{newest.term}});
  if (!loaded) return loaded.error();
  return std::optional<loaded_snapshot>(std::move(*loaded));
}

result<void> remove_old_snapshots(log::disk& d, const std::string& directory) {
  auto names = list_snapshots(d, directory);
  if (!names) return names.error();
  for (std::size_t i = 0; i + 1 < names->size(); ++i) {
    if (auto ok = d.remove(directory + '/' + (*names)[i].name); !ok) return ok;
  }
  auto all = d.list(directory);
  if (!all) return all.error();
  for (const auto& e : *all) {
    if (!e.name.ends_with(received_suffix)) continue;
    if (auto ok = d.remove(directory + '/' + e.name); !ok) return ok;
  }
  return {};
}

result<snapshot_bytes> read_snapshot_bytes(log::disk& d, const std::string& directory, const raft::log_position& which,
                                           std::uint64_t at_byte, std::size_t bytes_max) {
  const auto path = directory + '/' + name_of(which);
  if (!d.exists(path)) return fail(errc::not_found, path + " is gone");
  auto file = d.open(path, log::open_mode::read_existing);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  snapshot_bytes piece;
  piece.bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, *size - std::min(*size, at_byte))));
  const auto got = (*file)->read_at(piece.bytes, at_byte);
  if (!got) return got.error();
  if (*got != piece.bytes.size()) return fail(errc::io, path + " gave less than its size");
  piece.is_last = at_byte + *got >= *size;
  return piece;
}

result<void> keep_snapshot_bytes(log::disk& d, const std::string& directory, const raft::log_position& which,
                                 std::uint64_t at_byte, bytes_view bytes) {
  auto file = d.open(received_path(directory, which), log::open_mode::create);
  if (!file) return file.error();
  if (at_byte == 0) {
    if (auto emptied = (*file)->truncate(0); !emptied) return emptied;
  }
  return (*file)->write_at({&bytes, 1}, at_byte);
}

result<loaded_snapshot> finish_snapshot(log::disk& d, const std::string& directory, const raft::log_position& which) {
  const auto received = received_path(directory, which);
  const auto path = directory + '/' + name_of(which);
  auto loaded = load_snapshot(d, received, which);
  if (!loaded) return loaded.error();
  auto file = d.open(received, log::open_mode::write_existing);
  if (!file) return file.error();
  if (auto ok = (*file)->sync(); !ok) return ok.error();
  if (auto ok = d.rename(received, path); !ok) return ok.error();
  if (auto ok = d.sync_directory(directory); !ok) return ok.error();
  return loaded;
}

}  // namespace jackdaw::broker
