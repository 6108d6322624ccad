#include "jackdaw/cli/top_view.hpp"

#include <algorithm>

namespace jackdaw::cli {

namespace {

double per_second(std::int64_t change, std::int64_t ms) {
  return static_cast<double>(change) * 1000 / static_cast<double>(ms);
}

// Adds up rates of which some aren't known.
void add(rate& sum, const rate& more) {
  if (more) sum = sum.value_or(0) + *more;
}

class looker {
 public:
  looker(const top_sample* before, const top_sample& now)
      : before_(before != nullptr && now.at_ms > before->at_ms ? before : nullptr), now_(now) {}

  top_view look() {
    out_.cluster_id = now_.cluster_id;
    out_.under_replicated = now_.under_replicated;
    out_.without_leader = now_.without_leader;
    out_.partition_count = static_cast<std::int64_t>(now_.partitions.size());
    for (const auto& b : now_.brokers) out_.brokers.push_back({b.id, b.address, b.is_controller, 0, {}});
    for (const auto& [key, p] : now_.partitions) look_at(key, p);
    for (const auto& [name, g] : now_.groups) look_at(name, g);
    const auto busier = [](const auto& a, const auto& b) { return a.produced.value_or(0) > b.produced.value_or(0); };
    std::stable_sort(out_.topics.begin(), out_.topics.end(), busier);
    std::stable_sort(out_.partitions.begin(), out_.partitions.end(), busier);
    std::stable_sort(out_.groups.begin(), out_.groups.end(),
                     [](const auto& a, const auto& b) { return a.lag > b.lag; });
    std::stable_sort(out_.lags.begin(), out_.lags.end(),
                     [](const auto& a, const auto& b) { return a.records > b.records; });
    return std::move(out_);
  }

 private:
  rate change(std::int64_t from, std::int64_t to) const { return per_second(to - from, now_.at_ms - before_->at_ms); }

  // Keys come by topic, so the topic is a new one or the last.
  void look_at(const partition_key& key, const top_sample::partition& p) {
    rate produced;
    if (before_ != nullptr) {
      const auto was = before_->partitions.find(key);
      // Less than before is a topic that was made anew.
      if (was != before_->partitions.end() && was->second.end <= p.end) produced = change(was->second.end, p.end);
    }
    out_.partitions.push_back({key.first, key.second, p.leader, p.end, produced});
    if (out_.topics.empty() || out_.topics.back().name != key.first) {
      out_.topics.push_back({key.first, 0, {}, key.second, {}});
    }
    auto& topic = out_.topics.back();
    ++topic.partitions;
    add(topic.produced, produced);
    add(out_.produced, produced);
    if (produced && produced > topic.busiest_produced) {
      topic.busiest = key.second;
      topic.busiest_produced = produced;
    }
    for (auto& b : out_.brokers) {
      if (b.id != p.leader) continue;
      ++b.leads;
      add(b.produced, produced);
    }
  }

  static std::optional<std::int64_t> lag_of(const top_sample& sample, const partition_key& key, offset committed) {
    const auto at = sample.partitions.find(key);
    if (at == sample.partitions.end()) return std::nullopt;
    return std::max<std::int64_t>(0, at->second.end - committed.value());
  }

  void look_at(const std::string& name, const top_sample::group& g) {
    top_view::group row{name, g.state, 0, {}, {}};
    const top_sample::group* was = nullptr;
    if (before_ != nullptr) {
      const auto at = before_->groups.find(name);
      if (at != before_->groups.end()) was = &at->second;
    }
    for (const auto& [key, committed] : g.committed) {
      const auto lag = lag_of(now_, key, committed);
      if (!lag) continue;
      row.lag += *lag;
      rate trend;
      const auto at = was == nullptr ? g.committed.end() : was->committed.find(key);
      if (was != nullptr && at != was->committed.end()) {
        if (const auto lag_was = lag_of(*before_, key, at->second)) trend = change(*lag_was, *lag);
        add(row.consumed, change(at->second.value(), committed.value()));
      }
      add(row.trend, trend);
      if (*lag > 0) out_.lags.push_back({name, key.first, key.second, *lag, trend});
    }
    out_.groups.push_back(std::move(row));
  }

  const top_sample* before_;
  const top_sample& now_;
  top_view out_;
};

}  // namespace

top_view look(const top_sample* before, const top_sample& now) { return looker(before, now).look(); }

}  // namespace jackdaw::cli
