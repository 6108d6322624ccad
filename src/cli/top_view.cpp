#include "jackdaw/cli/top_view.hpp"

#include <algorithm>

#include "jackdaw/protocol/apis.hpp"

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
    for (const auto& b : now_.brokers) look_at(b);
    for (const auto& [key, p] : now_.partitions) look_at(key, p);
    for (const auto& [name, g] : now_.groups) look_at(name, g);
    const auto busier = [](const auto& a, const auto& b) { return a.produced.value_or(0) > b.produced.value_or(0); };
    std::stable_sort(out_.topics.begin(), out_.topics.end(), busier);
    std::stable_sort(out_.partitions.begin(), out_.partitions.end(), busier);
    std::stable_sort(out_.groups.begin(), out_.groups.end(),
                     [](const auto& a, const auto& b) { return a.lag > b.lag; });
    std::stable_sort(out_.lags.begin(), out_.lags.end(),
                     [](const auto& a, const auto& b) { return a.records > b.records; });
    std::stable_sort(out_.slowest.begin(), out_.slowest.end(),
                     [](const auto& a, const auto& b) { return a.request.took_us > b.request.took_us; });
    return std::move(out_);
  }

 private:
  rate change(std::int64_t from, std::int64_t to) const { return per_second(to - from, now_.at_ms - before_->at_ms); }

  void look_at(const top_sample::broker& b) {
    auto& row = out_.brokers.emplace_back(top_view::broker{b.id, b.address, b.is_controller, 0, {}, b.activity});
    if (!b.activity) return;
    const auto& a = *b.activity;
    if (const auto* was = activity_before(b.id, a)) {
      const auto since = [&](std::int64_t then, std::int64_t now) {
        return per_second(now - then, a.at_ms - was->at_ms);
      };
      row.requests = since(answered_in_all(*was), answered_in_all(a));
      row.received_bytes = since(was->received_bytes, a.received_bytes);
      row.sent_bytes = since(was->sent_bytes, a.sent_bytes);
    }
    look_at_apis(b.id, a);
    for (const auto& r : a.slowest) out_.slowest.push_back({b.id, r});
    for (const auto& m : a.memory) out_.memory.push_back({b.id, m});
  }

  void look_at_apis(broker_id id, const broker_activity& a) {
    const auto* was = activity_before(id, a);
    const auto first = static_cast<std::ptrdiff_t>(out_.apis.size());
    for (const auto& [key, answered] : a.answered) {
      rate requests;
      if (was != nullptr) requests = per_second(answered - answered_of(*was, key), a.at_ms - was->at_ms);
      out_.apis.push_back({id, api_name(key), answered, requests});
    }
    std::stable_sort(out_.apis.begin() + first, out_.apis.end(),
                     [](const auto& x, const auto& y) { return x.requests.value_or(0) > y.requests.value_or(0); });
  }

  static std::int64_t answered_of(const broker_activity& a, std::int16_t key) {
    const auto at = a.answered.find(key);
    return at == a.answered.end() ? 0 : at->second;
  }
  static std::int64_t answered_in_all(const broker_activity& a) {
    std::int64_t sum = 0;
    for (const auto& [key, count] : a.answered) sum += count;
    return sum;
  }

  // Counts of a broker never fall, but when it begins anew.
  static bool is_after(const broker_activity& a, const broker_activity& was) {
    return a.at_ms > was.at_ms && a.accepted >= was.accepted && a.received_bytes >= was.received_bytes &&
           a.sent_bytes >= was.sent_bytes &&
           std::all_of(was.answered.begin(), was.answered.end(),
                       [&](const auto& counted) { return answered_of(a, counted.first) >= counted.second; });
  }

  // Null when there is nothing to compare with.
  const broker_activity* activity_before(broker_id id, const broker_activity& a) const {
    if (before_ == nullptr) return nullptr;
    for (const auto& b : before_->brokers) {
      if (b.id == id && b.activity && is_after(a, *b.activity)) return &*b.activity;
    }
    return nullptr;
  }

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

std::string api_name(std::int16_t key) {
  const auto* api = protocol::find_api(key);
  return api != nullptr ? std::string(api->name) : std::to_string(key);
}

top_view look(const top_sample* before, const top_sample& now) { return looker(before, now).look(); }

}  // namespace jackdaw::cli
