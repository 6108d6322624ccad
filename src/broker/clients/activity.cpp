#include "activity.hpp"

#include <algorithm>

namespace jackdaw::broker {

namespace {

constexpr std::size_t client_id_max = 100;

void sort_slowest_first(std::vector<slow_request>& all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.took > b.took; });
}

}  // namespace

void slowest_requests::add(slow_request r, time_point now) {
  if (!wants(r.took, now)) return;
  std::erase_if(rows_, [now](const row& old) { return now - old.ended >= kept_for; });
  const auto faster = [](const row& a, const row& b) { return a.request.took < b.request.took; };
  if (rows_.size() == capacity) rows_.erase(std::min_element(rows_.begin(), rows_.end(), faster));
  rows_.push_back({std::move(r), now});
  fastest_ = std::min_element(rows_.begin(), rows_.end(), faster)->request.took;
  oldest_ = rows_.front().ended;  // they stay in the order in which they came
}

std::vector<slow_request> slowest_requests::list(time_point now) const {
  std::vector<slow_request> all;
  for (const auto& r : rows_) {
    if (now - r.ended < kept_for) all.push_back(r.request);
  }
  sort_slowest_first(all);
  return all;
}

void activity_report::add(activity_report other) {
  connections += other.connections;
  accepted += other.accepted;
  received_bytes += other.received_bytes;
  sent_bytes += other.sent_bytes;
  for (std::size_t key = 0; key < answer_counts::keys; ++key) {
    const auto k = static_cast<std::int16_t>(key);
    answered.add(k, other.answered.of(k));
  }
  for (const auto& [kind, more] : other.memory) {
    auto mine = std::find_if(memory.begin(), memory.end(), [k = kind](const auto& m) { return m.first == k; });
    if (mine == memory.end()) mine = memory.insert(mine, {kind, memory_use{}});
    mine->second.used_bytes += more.used_bytes;
    mine->second.limit_bytes += more.limit_bytes;
    mine->second.refused += more.refused;
  }
  std::move(other.slowest.begin(), other.slowest.end(), std::back_inserter(slowest));
  sort_slowest_first(slowest);
  if (slowest.size() > slowest_requests::capacity) slowest.resize(slowest_requests::capacity);
}

std::string_view cut_client_id(std::string_view id) noexcept {
  if (id.size() <= client_id_max) return id;
  const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  std::size_t size = client_id_max;
  while (size > 0 && is_continuation(id[size])) --size;
  return id.substr(0, size);
}

}  // namespace jackdaw::broker
