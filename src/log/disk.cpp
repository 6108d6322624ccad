#include "jackdaw/log/disk.hpp"

namespace jackdaw::log {

result<std::vector<std::byte>> read_whole(disk& d, const std::string& path, std::uint64_t size_max) {
  auto opened = d.open(path, open_mode::read_existing);
  if (!opened) return opened.error();
  auto size = (*opened)->size();
  if (!size) return size.error();
  if (*size > size_max) {
    return fail(errc::too_large, path + " has " + std::to_string(*size) + " bytes; at most " +
                                     std::to_string(size_max) + " were expected");
  }
  std::vector<std::byte> content(static_cast<std::size_t>(*size));
  auto got = (*opened)->read_at(content, 0);
  if (!got) return got.error();
  content.resize(*got);
  return content;
}

result<void> replace_file(disk& d, const std::string& path, bytes_view content, bool durable) {
  const std::string beside = path + ".tmp";
  auto opened = d.open(beside, open_mode::truncate);
  if (!opened) return opened.error();
  const bytes_view parts[] = {content};
  if (auto written = (*opened)->write_at(parts, 0); !written) return written;
  if (auto synced = (*opened)->sync(); !synced) return synced;
  if (auto renamed = d.rename(beside, path); !renamed) return renamed;
  return durable ? d.sync_directory(parent_directory(path)) : result<void>{};
}

std::string parent_directory(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace jackdaw::log
