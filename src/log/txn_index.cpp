#include "txn_index.hpp"

#include <array>

#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::log {

namespace {

constexpr std::int16_t entry_version = 0;

}  // namespace

result<std::vector<aborted_transaction>> read_txn_index(disk& d, const std::string& path) {
  auto content = read_whole(d, path);
  if (!content && content.error().code == errc::not_found) return std::vector<aborted_transaction>{};
  if (!content) return content.error();
  std::vector<aborted_transaction> entries;
  protocol::reader r(*content);
  while (r.remaining() >= txn_index_entry_bytes) {
    if (r.fixed<std::int16_t>() != entry_version) return fail(errc::corrupt, path + " has an entry of unknown version");
    const producer_id id{r.fixed<std::int64_t>()};
    const offset first{r.fixed<std::int64_t>()};
    const offset last{r.fixed<std::int64_t>()};
    entries.push_back({id, first, last, offset{r.fixed<std::int64_t>()}});
  }
  return entries;
}

result<std::shared_ptr<file>> append_txn_index(disk& d, const std::string& path, const aborted_transaction& entry) {
  auto opened = d.open(path, open_mode::create);
  if (!opened) return opened.error();
  auto size = (*opened)->size();
  if (!size) return size.error();
  std::array<std::byte, txn_index_entry_bytes> bytes;
  protocol::writer w(bytes);
  w.fixed(entry_version);
  w.fixed(entry.id.value());
  w.fixed(entry.first_offset.value());
  w.fixed(entry.last_offset.value());
  w.fixed(entry.last_stable_offset.value());
  const bytes_view parts[] = {bytes};
  if (auto written = (*opened)->write_at(parts, *size - *size % txn_index_entry_bytes); !written)
    return written.error();
  return *opened;
}

result<void> truncate_txn_index(disk& d, const std::string& path, offset end) {
  auto entries = read_txn_index(d, path);
  if (!entries) return entries.error();
  std::size_t kept = 0;
  while (kept < entries->size() && (*entries)[kept].last_offset < end) ++kept;
  if (kept == entries->size()) return {};
  auto opened = d.open(path, open_mode::write_existing);
  if (!opened) return opened.error();
  return (*opened)->truncate(kept * txn_index_entry_bytes);
}

}  // namespace jackdaw::log
