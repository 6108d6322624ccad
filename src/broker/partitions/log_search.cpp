#include "log_search.hpp"

#include <algorithm>

namespace jackdaw::broker {
namespace {

constexpr std::size_t looked_at_a_time = 256;

bool has_records(log::disk& disk, const std::string& directory) {
  const auto entries = disk.list(directory);
  if (!entries) return false;
  return std::any_of(entries->begin(), entries->end(), [&](const auto& entry) {
    if (!entry.name.ends_with(".log")) return false;
    const auto size = disk.file_size(directory + '/' + entry.name);
    return size && *size != 0;
  });
}

}  // namespace

void log_search::look_at_some(log::disk& disk) {
  const std::size_t end = std::min(looked_at_ + looked_at_a_time, among_.size());
  for (; looked_at_ < end; ++looked_at_) {
    if (has_records(disk, among_[looked_at_].second)) found_.push_back(among_[looked_at_].first);
  }
}

}  // namespace jackdaw::broker
