#include "jackdaw/raft/log_view.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/wire.hpp"

namespace jackdaw::raft {

restored_log::restored_log(log_position base) : base_(base), last_(base.index) {}

void restored_log::add(const entry& e) {
  const raft_term last_term = terms_.empty() ? base_.term : terms_.back().term;
  JD_ASSERT(e.index == last_ + 1, e.index.value(), last_.value());
  JD_ASSERT(e.term >= last_term, e.term.value(), last_term.value());
  last_ = e.index;
  if (terms_.empty() || terms_.back().term != e.term) terms_.push_back({e.term, e.index});
  if (e.kind == entry_kind::voters) {
    if (auto voters = decode_voters(e.bytes())) voters_.emplace_back(e.index, std::move(*voters));
  }
}

log_view::log_view(const restored_log& restored, log_reader& reader, std::size_t cache_bytes_max)
    : reader_(reader),
      cache_bytes_max_(cache_bytes_max),
      base_(restored.base()),
      last_(restored.last_index()),
      terms_(restored.terms()) {
  JD_ASSERT(terms_.empty() == (base_.index == last_), base_.index.value(), last_.value(), terms_.size());
}

std::optional<raft_term> log_view::term_at(raft_index index) const noexcept {
  if (index < base_.index || index > last_) return std::nullopt;
  if (index == base_.index) return base_.term;
  const auto after = std::upper_bound(terms_.begin(), terms_.end(), index,
                                      [](raft_index i, const restored_log::term_start& t) { return i < t.first; });
  JD_ASSERT(after != terms_.begin(), index.value(), base_.index.value(), last_.value());
  return std::prev(after)->term;
}

log_position log_view::last_at_most(raft_index index, raft_term term) const noexcept {
  index = std::min(index, last_);
  if (index <= base_.index) return {index, std::min(term, base_.term)};
  for (auto t = terms_.rbegin(); t != terms_.rend(); ++t) {
    if (t->first > index) continue;
    if (t->term <= term) return {index, t->term};
    index = t->first - 1;
  }
  return base_;
}

void log_view::append(entry e) {
  JD_ASSERT(e.index == last_ + 1, e.index.value(), last_.value());
  JD_ASSERT(e.term >= last_term(), e.term.value(), last_term().value());
  JD_ASSERT(e.payload != nullptr);
  if (terms_.empty() || terms_.back().term != e.term) terms_.push_back({e.term, e.index});
  last_ = e.index;
  cached_bytes_ += e.size_bytes();
  cache_.push_back(std::move(e));
}

void log_view::truncate_from(raft_index index) {
  JD_ASSERT(index > base_.index && index <= last_, index.value(), base_.index.value(), last_.value());
  while (!cache_.empty() && cache_.back().index >= index) {
    cached_bytes_ -= cache_.back().size_bytes();
    cache_.pop_back();
  }
  JD_ASSERT(cache_.empty() == (cached_bytes_ == 0), cache_.size(), cached_bytes_);
  last_ = index - 1;
  while (!terms_.empty() && terms_.back().first > last_) terms_.pop_back();
}

void log_view::drop_before(raft_index index) {
  JD_ASSERT(index > base_.index && index <= last_ + 1, index.value(), base_.index.value(), last_.value());
  base_ = {index - 1, *term_at(index - 1)};
  while (!cache_.empty() && cache_.front().index < index) {
    cached_bytes_ -= cache_.front().size_bytes();
    cache_.pop_front();
  }
  JD_ASSERT(cache_.empty() == (cached_bytes_ == 0), cache_.size(), cached_bytes_);
  // The term that holds `index` begins there now; those wholly before it are gone.
  auto keep = std::find_if(terms_.begin(), terms_.end(), [index](const auto& t) { return t.first > index; });
  if (index <= last_) {
    JD_ASSERT(keep != terms_.begin(), index.value(), last_.value());
    --keep;
    keep->first = index;
  }
  terms_.erase(terms_.begin(), keep);
}

void log_view::reset(const log_position& base) {
  base_ = base;
  last_ = base.index;
  terms_.clear();
  cache_.clear();
  cached_bytes_ = 0;
}

result<std::vector<entry>> log_view::entries(raft_index from, raft_index to, std::size_t max_bytes) const {
  JD_ASSERT(from > base_.index && from <= to && to <= last_, from.value(), to.value());
  if (from < first_cached()) {
    to = std::min(to, first_cached() - 1);
    auto read = reader_.entries(from, to, max_bytes);
    if (!read) return read;
    bool right = !read->empty() && static_cast<std::int64_t>(read->size()) <= to - from + 1;
    for (std::size_t i = 0; right && i < read->size(); ++i) {
      const entry& e = (*read)[i];
      right = e.index == from + static_cast<std::int64_t>(i) && term_at(e.index) == e.term;
    }
    if (!right) return fail(errc::corrupt, "the raft log at entry " + std::to_string(from.value()) + " has others");
    return read;
  }
  std::vector<entry> out;
  std::size_t bytes = 0;
  for (auto i = static_cast<std::size_t>(from - first_cached()); i < cache_.size() && cache_[i].index <= to; ++i) {
    bytes += cache_[i].size_bytes();
    if (!out.empty() && bytes > max_bytes) break;
    out.push_back(cache_[i]);
  }
  JD_ASSERT(!out.empty() && out.front().index == from, from.value(), to.value(), first_cached().value());
  return out;
}

void log_view::trim(raft_index index) {
  while (cached_bytes_ > cache_bytes_max_ && !cache_.empty() && cache_.front().index <= index) {
    cached_bytes_ -= cache_.front().size_bytes();
    cache_.pop_front();
  }
}

void log_view::check() const {
  JD_ASSERT(base_.index <= last_, base_.index.value(), last_.value());
  JD_ASSERT(terms_.empty() == (base_.index == last_));
  JD_ASSERT(terms_.empty() || terms_.front().first == base_.index + 1);
  for (std::size_t i = 1; i < terms_.size(); ++i) {
    JD_ASSERT(terms_[i - 1].first < terms_[i].first && terms_[i - 1].term < terms_[i].term);
  }
  raft_index expected = first_cached();
  JD_ASSERT(expected > base_.index, expected.value());
  std::size_t bytes = 0;
  for (const entry& e : cache_) {
    JD_ASSERT(e.index == expected && term_at(e.index) == e.term, e.index.value(), expected.value());
    bytes += e.size_bytes();
    ++expected;
  }
  JD_ASSERT(bytes == cached_bytes_, bytes, cached_bytes_);
}

}  // namespace jackdaw::raft
