// For each partition: since when nothing of it was delivered, and the longest such time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace jackdaw::bench {

using clock = std::chrono::steady_clock;

// Any thread.
class deliveries {
 public:
  explicit deliveries(std::size_t partitions) : rows_(partitions) {}

  void delivered(std::size_t partition) {
    row& r = rows_[partition];
    const auto now = clock::now().time_since_epoch().count();
    const auto before = r.last.exchange(now);
    r.count.fetch_add(1);
    if (before != 0) note(r, now - before);
  }

  // Whether something of every partition was delivered since `when`.
  bool all_since(clock::time_point when) const {
    return std::all_of(rows_.begin(), rows_.end(),
                       [when](const row& r) { return r.last.load() >= when.time_since_epoch().count(); });
  }

  // Forgets what came before: the measurement begins.
  void begin() {
    for (row& r : rows_) r.longest = 0;
  }

  // The longest stop of each partition in seconds, those that last until now included; least first.
  std::vector<double> longest_stops() {
    std::vector<double> all;
    const auto now = clock::now().time_since_epoch().count();
    for (row& r : rows_) {
      note(r, now - r.last.load());
      all.push_back(std::chrono::duration<double>(clock::duration(r.longest.load())).count());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const row& r : rows_) sum += r.count.load();
    return sum;
  }

 private:
  struct row {
    std::atomic<clock::rep> last{0};
    std::atomic<clock::rep> longest{0};
    std::atomic<std::uint64_t> count{0};
  };

  static void note(row& r, clock::rep stop) {
    clock::rep known = r.longest.load();
    while (known < stop && !r.longest.compare_exchange_weak(known, stop)) {
    }
  }

  std::vector<row> rows_;
};

}  // namespace jackdaw::bench
