// What a partition's log should hold, as a plain list of records, and what a crash may make of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace jackdaw::log {

struct model_record {
  std::int64_t at = 0;
  std::int64_t timestamp = 0;
  std::string value;
  bool operator==(const model_record&) const = default;
};
using history = std::vector<model_record>;

inline bool is_prefix(const history& shorter, const history& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

inline history from_offset(const history& all, std::int64_t start) {
  history out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const auto& r) { return r.at >= start; });
  return out;
}

// The histories that may be on the disk besides the newest one: truncations that were not flushed may come undone.
class possible_pasts {
 public:
  // Truncations are on the disk now.
  void flushed() { ghosts_.clear(); }
  // `records` are about to be cut.
  void cutting(const history& records) {
    for (history& one : alternatives(records)) ghosts_.push_back(std::move(one));
  }
  // They were cut to end there.
  void cut_to(std::int64_t end) {
    for (history& one : below_) std::erase_if(one, [&](const model_record& r) { return r.at >= end; });
    below_until_ = std::min(below_until_, end);
  }
  // The log was emptied and goes on elsewhere.
  void emptied() { below_.clear(); }
  // After a crash: whether what was found from `start` on is the beginning of something that was there.
  bool explain(const history& found, const history& records, std::int64_t start) {
    std::vector<history> below;
    auto candidates = alternatives(records);
    candidates.insert(candidates.end(), ghosts_.begin(), ghosts_.end());
    for (const history& one : candidates) {
      if (!is_prefix(found, from_offset(one, start))) continue;
      below.push_back(one);
      std::erase_if(below.back(), [&](const model_record& r) { return r.at >= start; });
    }
    ghosts_.clear();
    below_ = std::move(below);
    below_until_ = start;
    return !below_.empty();
  }

 private:
  // The records, with each of the things that may lie below the start.
  std::vector<history> alternatives(const history& records) const {
    if (below_.empty()) return {records};
    std::vector<history> all = below_;
    for (history& one : all) {
      const history known = from_offset(records, below_until_);
      one.insert(one.end(), known.begin(), known.end());
    }
    return all;
  }

  std::vector<history> ghosts_;
  // What a crash may have left below the log's start, where nobody can read until a truncation moves the start down.
  std::vector<history> below_;
  std::int64_t below_until_ = 0;
};

}  // namespace jackdaw::log
