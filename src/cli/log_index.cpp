#include <algorithm>

#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/base/endian.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "jackdaw/protocol/wire.hpp"
#include "log_files.hpp"

namespace jackdaw::cli {

namespace {

constexpr std::size_t offset_entry_bytes = 8;        // int32 relative offset, int32 position
constexpr std::size_t time_entry_bytes = 12;         // int64 timestamp, int32 relative offset
constexpr std::size_t transaction_entry_bytes = 34;  // int16 version, int64 producer, first, last, last stable offset
constexpr std::size_t producer_entry_bytes = 46;

void print_rows(const context& ctx, const table& rows) {
  if (ctx.is_json()) {
    protocol::json_printer json;
    rows.print(json);
    context::print(json);
  } else {
    context::print(rows.text(terminal_width()));
  }
}

failure damaged(const std::string& path, const std::string& what) { return {exit_status::failed, path + ": " + what}; }

// Entries of a fixed size; the index of an active segment is longer than what is used, with zeros at its end.
std::size_t used_entries(bytes_view bytes, std::size_t entry_bytes) {
  std::size_t count = bytes.size() / entry_bytes;
  const auto is_zero = [&](std::size_t i) {
    const bytes_view entry = bytes.subspan(i * entry_bytes, entry_bytes);
    return std::all_of(entry.begin(), entry.end(), [](std::byte b) { return b == std::byte{0}; });
  };
  while (count > 0 && is_zero(count - 1)) --count;
  return count;
}

}  // namespace

outcome<void> dump_offset_index(const context& ctx, const std::string& path, const dump_options& o) {
  auto file = mapped_file::open(path);
  if (!file) return file.error();
  const auto base = base_offset_of(path);
  if (!base) return damaged(path, "is not named after an offset");
  table rows({{"offset"}, {"position"}});
  std::int64_t last = -1;
  std::optional<failure> failed;
  for (std::size_t i = 0, n = used_entries(file->bytes(), offset_entry_bytes); i < n; ++i) {
    protocol::reader in(file->bytes().subspan(i * offset_entry_bytes, offset_entry_bytes));
    const std::int64_t entry_offset = *base + in.fixed<std::int32_t>();
    const auto position = in.fixed<std::int32_t>();
    if (entry_offset <= last && !failed) failed = damaged(path, "entry " + std::to_string(i) + " doesn't go up");
    last = entry_offset;
    if (entry_offset >= o.from && entry_offset < o.until) rows.add({entry_offset, std::int64_t{position}});
  }
  print_rows(ctx, rows);
  if (failed) return *failed;
  return boost::system::in_place_value;
}

outcome<void> dump_time_index(const context& ctx, const std::string& path, const dump_options& o) {
  auto file = mapped_file::open(path);
  if (!file) return file.error();
  const auto base = base_offset_of(path);
  if (!base) return damaged(path, "is not named after an offset");
  table rows({{"timestamp"}, {"time"}, {"offset"}});
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  std::optional<failure> failed;
  for (std::size_t i = 0, n = used_entries(file->bytes(), time_entry_bytes); i < n; ++i) {
    protocol::reader in(file->bytes().subspan(i * time_entry_bytes, time_entry_bytes));
    const auto timestamp = in.fixed<std::int64_t>();
    const std::int64_t entry_offset = *base + in.fixed<std::int32_t>();
    if (timestamp < last && !failed) failed = damaged(path, "entry " + std::to_string(i) + " goes back in time");
    last = timestamp;
    if (entry_offset >= o.from && entry_offset < o.until) rows.add({timestamp, format_time(timestamp), entry_offset});
  }
  print_rows(ctx, rows);
  if (failed) return *failed;
  return boost::system::in_place_value;
}

outcome<void> dump_transaction_index(const context& ctx, const std::string& path, const dump_options&) {
  auto file = mapped_file::open(path);
  if (!file) return file.error();
  table rows({{"producer"}, {"first_offset"}, {"last_offset"}, {"last_stable_offset"}});
  protocol::reader in(file->bytes());
  while (in.remaining() >= transaction_entry_bytes) {
    const auto version = in.fixed<std::int16_t>();
    if (version != 0) return damaged(path, "has an entry of the unknown version " + std::to_string(version));
    std::vector<cell> row;
    for (int i = 0; i < 4; ++i) row.emplace_back(in.fixed<std::int64_t>());
    rows.add(std::move(row));
  }
  print_rows(ctx, rows);
  if (in.remaining() != 0) return damaged(path, "ends in the middle of an entry");
  return boost::system::in_place_value;
}

outcome<void> dump_producer_snapshot(const context& ctx, const std::string& path, const dump_options&) {
  auto file = mapped_file::open(path);
  if (!file) return file.error();
  protocol::reader in(file->bytes());
  const auto version = in.fixed<std::int16_t>();
  const auto crc = in.fixed<std::uint32_t>();
  const std::size_t covered_from = in.position();
  if (!in.ok() || version != 1) return damaged(path, "is no producer snapshot of version 1");
  if (crc != crc32c(file->bytes().subspan(covered_from))) return damaged(path, "has a wrong checksum");
  const std::size_t count = in.array_count(false, producer_entry_bytes);
  table rows({{"producer"},
              {"epoch"},
              {"last_sequence"},
              {"last_offset"},
              {"offset_delta"},
              {"last_time"},
              {"coordinator_epoch"},
              {"open_transaction_from"}});
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const auto id = in.fixed<std::int64_t>();
    const auto epoch = in.fixed<std::int16_t>();
    const auto sequence = in.fixed<std::int32_t>();
    const auto last_offset = in.fixed<std::int64_t>();
    const auto delta = in.fixed<std::int32_t>();
    const auto time_ms = in.fixed<std::int64_t>();
    const auto coordinator_epoch = in.fixed<std::int32_t>();
    const auto open_from = in.fixed<std::int64_t>();
    rows.add({id, std::int64_t{epoch}, std::int64_t{sequence}, last_offset, std::int64_t{delta}, format_time(time_ms),
              std::int64_t{coordinator_epoch}, open_from < 0 ? cell{} : cell{open_from}});
  }
  print_rows(ctx, rows);
  in.expect_end();
  if (!in.ok()) return damaged(path, "doesn't hold the entries that it claims");
  return boost::system::in_place_value;
}

}  // namespace jackdaw::cli
