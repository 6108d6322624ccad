#include "jackdaw/log/leader_epochs.hpp"

#include <algorithm>
#include <charconv>

#include "jackdaw/base/assert.hpp"
#include "text_lines.hpp"

namespace jackdaw::log {

std::optional<jackdaw::leader_epoch> leader_epochs::latest() const noexcept {
  if (entries_.empty()) return std::nullopt;
  return entries_.back().epoch;
}

std::optional<jackdaw::leader_epoch> leader_epochs::epoch_at(offset at) const noexcept {
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), at,
                                      [](offset o, const epoch_start& e) { return o < e.start_offset; });
  if (after == entries_.begin()) return std::nullopt;
  return std::prev(after)->epoch;
}

bool leader_epochs::assign(jackdaw::leader_epoch epoch, offset start) {
  if (epoch.value() < 0) return false;
  if (!entries_.empty()) {
    const epoch_start& last = entries_.back();
    if (last.epoch == epoch && last.start_offset <= start) return false;
  }
  while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start_offset >= start)) {
    entries_.pop_back();
  }
  entries_.push_back({epoch, start});
  return true;
}

epoch_end leader_epochs::end_offset_for(jackdaw::leader_epoch requested, offset log_end) const noexcept {
  if (entries_.empty() || requested.value() < 0) return {};
  if (requested == entries_.back().epoch) return {requested, log_end};
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), requested,
                                      [](jackdaw::leader_epoch e, const epoch_start& x) { return e < x.epoch; });
  // An epoch above all known ones, or below them: nothing can be said.
  if (after == entries_.end()) return {};
  // Before the first known epoch the log is empty up to where that begins.
  if (after == entries_.begin()) return {requested, after->start_offset};
  return {std::prev(after)->epoch, after->start_offset};
}

bool leader_epochs::truncate_from_end(offset end) {
  const std::size_t before = entries_.size();
  while (!entries_.empty() && entries_.back().start_offset >= end) entries_.pop_back();
  return entries_.size() != before;
}

bool leader_epochs::truncate_from_start(offset start) {
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), start,
                                      [](offset o, const epoch_start& e) { return o < e.start_offset; });
  if (after == entries_.begin()) return false;
  const auto covers = std::prev(after);
  if (covers == entries_.begin() && covers->start_offset == start) return false;
  covers->start_offset = start;
  entries_.erase(entries_.begin(), covers);
  return true;
}

std::string leader_epochs::encode() const {
  std::string out = "0\n" + std::to_string(entries_.size()) + '\n';
  const epoch_start* last = nullptr;
  for (const epoch_start& e : entries_) {
    // What decode() asks for.
    JD_ASSERT(e.epoch.value() >= 0 && e.start_offset.value() >= 0, e.epoch.value(), e.start_offset.value());
    JD_ASSERT(last == nullptr || (last->epoch < e.epoch && last->start_offset <= e.start_offset), e.epoch.value(),
              e.start_offset.value());
    last = &e;
    out += std::to_string(e.epoch.value()) + ' ' + std::to_string(e.start_offset.value()) + '\n';
  }
  return out;
}

result<leader_epochs> leader_epochs::decode(std::string_view text) {
  text_lines lines(text);
  const auto damaged = [&] { return fail(errc::corrupt, "leader-epoch-checkpoint is damaged"); };
  if (lines.next() != "0") return damaged();
  const auto count = lines.next_number();
  if (!count || *count < 0) return damaged();
  leader_epochs out;
  for (std::int64_t i = 0; i < *count; ++i) {
    text_words words(lines.next());
    const auto epoch = words.next_number();
    const auto start = words.next_number();
    if (!epoch || !start || !words.at_end() || *epoch < 0 || *epoch > INT32_MAX || *start < 0) return damaged();
    const epoch_start entry{jackdaw::leader_epoch{static_cast<std::int32_t>(*epoch)}, offset{*start}};
    if (!out.empty() &&
        (out.entries_.back().epoch >= entry.epoch || out.entries_.back().start_offset > entry.start_offset)) {
      return damaged();
    }
    out.entries_.push_back(entry);
  }
  if (!lines.at_end()) return damaged();
  return out;
}

}  // namespace jackdaw::log
