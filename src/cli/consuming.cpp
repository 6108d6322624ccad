#include "consuming.hpp"

#include <algorithm>

#include "offsets.hpp"

namespace jackdaw::cli {

namespace {

using offsets = std::map<partition_id, offset>;

constexpr std::size_t flush_bytes = 64 * 1024;

}  // namespace

outcome<offsets> resolve(net::client& client, const std::string& topic, const std::vector<partition_id>& partitions,
                         const position_spec& at) {
  using kind = position_spec::kind;
  if (at.at == kind::offset) {
    offsets out;
    for (const partition_id p : partitions) out[p] = offset{at.value};
    return out;
  }
  if (at.at == kind::beginning) return list_offsets(client, topic, partitions, earliest_offset);
  auto ends = list_offsets(client, topic, partitions, latest_offset);
  if (!ends || at.at == kind::end) return ends;
  if (at.at == kind::last) {
    auto begins = list_offsets(client, topic, partitions, earliest_offset);
    if (!begins) return begins;
    for (auto& [p, end] : *ends) end = std::max((*begins)[p], end - at.value);
    return ends;
  }
  auto timed = list_offsets(client, topic, partitions, at.value);
  if (!timed) return timed;
  // -1: nothing is that new yet.
  for (auto& [p, found] : *timed) {
    if (found.value() < 0) found = (*ends)[p];
  }
  return timed;
}

void record_printer::add(std::string_view topic, partition_id partition, const protocol::record_view& record) {
  if (is_json_) {
    append_json(text_, topic, partition, record);
    text_ += '\n';
  } else {
    format_.append(text_, topic, partition, record);
  }
  if (text_.size() >= flush_bytes) flush();
}

void record_printer::flush() {
  context::print(text_);
  text_.clear();
  std::fflush(stdout);
}

outcome<void> add_sources(net::client& client, const reading_plan& plan, net::client_fetcher& fetcher) {
  for (const auto& name : plan.topics) {
    auto topic = find_topic(client, name);
    if (!topic) return topic.error();
    const std::vector<partition_id> partitions = plan.partitions ? *plan.partitions : all_partitions(**topic);
    for (const partition_id p : partitions) {
      if (client.metadata().partition(name, p) == nullptr) {
        return usage("topic '" + name + "' has no partition " + std::to_string(p.value()) + ", it has " +
                     std::to_string((*topic)->partitions.size()));
      }
    }
    auto from = resolve(client, name, partitions, plan.from);
    if (!from) return from.error();
    offsets until;
    if (plan.until) {
      auto ends = resolve(client, name, partitions, *plan.until);
      if (!ends) return ends.error();
      until = std::move(*ends);
    }
    for (const partition_id p : partitions) {
      if (plan.until) {
        fetcher.add(name, p, (*from)[p], until[p]);
      } else {
        fetcher.add(name, p, (*from)[p]);
      }
    }
  }
  return boost::system::in_place_value;
}

}  // namespace jackdaw::cli
