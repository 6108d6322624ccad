// CreateTopics: names, settings, counts, placement.
#include <algorithm>
#include <map>

#include "assignments.hpp"
#include "config_notes.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config_topic.hpp"
#include "jackdaw/controller/placement.hpp"
#include "jackdaw/controller/topics.hpp"
#include "partition_steps.hpp"

namespace jackdaw::controller {
namespace {

using protocol::create_topics_request;
using protocol::error_code;
using creatable = create_topics_request::creatable_topic;

// Topics that are no topics of clients.
constexpr std::string_view metadata_topic = "__cluster_metadata";
constexpr uuid metadata_topic_id{0, 1};

constexpr const char* too_many = "Excessively large number of partitions per request.";

std::string without_specials(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '.', '_');
  return out;
}

class topic_creator {
 public:
  topic_creator(const metadata::image& image, const create_topics_request& request, const broker_config& config,
                random_source& random, mutation_quota* quota)
      : image_(image),
        request_(request),
        config_(config),
        random_(random),
        quota_(quota),
        brokers_(brokers_for_placement(image)),
        layers_{nullptr, nullptr, &image.configs(metadata::config_resource::broker, metadata::default_broker_resource),
                &config.settings} {}

  decision<std::vector<created_topic>> decide() {
    in_bounds_ = wanted_partitions() <= partitions_per_request_max;
    std::map<std::string_view, int> times;
    for (const creatable& t : request_.topics) ++times[t.name];
    for (const creatable& t : request_.topics) {
      if (times[t.name] == 1 && t.name != metadata_topic) add_row(t, false);
    }
    for (const creatable& t : request_.topics) {
      if (int& left = times[t.name]; left > 1) {
        left = 0;
        add_row(t, true);
      }
    }
    for (const creatable& t : request_.topics) {
      if (times[t.name] == 1 && t.name == metadata_topic) add_row(t, false);
    }
    JD_ASSERT(out_.reply.size() == times.size(), out_.reply.size(), times.size());  // one answer for each name
    if (request_.validate_only) out_.records.clear();
    return std::move(out_);
  }

 private:
  std::int64_t wanted_partitions() const {
    std::int64_t sum = 0;
    for (const creatable& t : request_.topics) {
      if (!t.assignments.empty()) {
        sum += static_cast<std::int64_t>(t.assignments.size());
      } else {
        sum += t.num_partitions == -1 ? config_.num_partitions : std::max(t.num_partitions, 0);
      }
    }
    return sum;
  }

  void add_row(const creatable& t, bool is_named_twice) {
    const std::size_t records = out_.records.size();
    created_topic row;
    row.name = std::string(t.name);
    if (!in_bounds_) {
      row.outcome = refuse(error_code::policy_violation, too_many);
    } else {
      row.outcome = is_named_twice ? refuse(error_code::invalid_request, "Duplicate topic name.") : create(t, row);
    }
    JD_ASSERT(row.outcome.ok() || out_.records.size() == records, row.name, records);
    out_.reply.push_back(std::move(row));
  }

  verdict create(const creatable& t, created_topic& row) {
    if (auto v = check_name(t.name); !v.ok()) return v;
    if (auto v = check_configs(t, row); !v.ok()) return v;
    std::vector<metadata::partition_state> partitions;
    if (auto v = t.assignments.empty() ? place(t, partitions) : take_assignments(t, partitions); !v.ok()) return v;
    if (auto v = take_from(quota_, static_cast<std::int64_t>(partitions.size())); !v.ok()) return v;
    JD_ASSERT(!partitions.empty(), row.name);

    row.id = fresh_id();
    row.partition_count = static_cast<std::int32_t>(partitions.size());
    row.replication_factor = static_cast<std::int16_t>(partitions.front().replicas.size());
    partitions_made_ += row.partition_count;
    JD_ASSERT(partitions_made_ <= partitions_per_request_max, row.name, partitions_made_);
    const bool is_first = names_.emplace(without_specials(t.name), row.name).second;
    JD_ASSERT(is_first, row.name);
    out_.records.push_back(metadata::topic_created{row.name, row.id});
    for (const auto& [key, value] : row.configs)
      out_.records.push_back(metadata::config_changed{metadata::config_resource::topic, row.name, key, value});
    for (std::int32_t p = 0; p < row.partition_count; ++p) {
      auto& state = partitions[static_cast<std::size_t>(p)];
      check_state(state);
      JD_ASSERT(state.replicas.size() == partitions.back().replicas.size(), row.name, p);
      out_.records.push_back(metadata::partition_created{row.id, partition_id(p), std::move(state)});
    }
    return {};
  }

  verdict check_name(std::string_view name) const {
    if (auto why = why_illegal_topic_name(name)) return refuse(error_code::invalid_topic_exception, std::move(*why));
    if (name == metadata_topic)
      return refuse(error_code::invalid_request, "Creation of internal topic " + std::string(name) + " is prohibited.");
    if (image_.find_topic(name) != nullptr)
      return refuse(error_code::topic_already_exists, "Topic '" + std::string(name) + "' already exists.");
    if (is_internal_topic(name))
      return refuse(error_code::invalid_topic_exception,
                    "Creation of internal topic " + std::string(name) + " is prohibited.");
    auto other = colliding_topic(image_, name);
    if (const auto at = names_.find(without_specials(name)); !other && at != names_.end()) other = at->second;
    if (other)
      return refuse(error_code::invalid_topic_exception,
                    "Topic '" + std::string(name) + "' collides with existing topic: " + *other);
    return {};
  }

  verdict check_configs(const creatable& t, created_topic& row) const {
    std::string nulls;
    for (const auto& c : t.configs) {
      if (c.value) {
        row.configs.insert_or_assign(std::string(c.name), std::string(*c.value));
      } else {
        nulls += (nulls.empty() ? "" : ",") + std::string(c.name);
      }
    }
    if (!nulls.empty())
      return refuse(error_code::invalid_config, "Null value not supported for topic configs: " + nulls);
    if (auto r = check_topic_config(row.configs, layers_); !r)
      return refuse(error_code::invalid_config, r.error().detail);
    row.notes = notes_on_effects(config_scope::topic, row.configs);
    return {};
  }

  verdict place(const creatable& t, std::vector<metadata::partition_state>& partitions) {
    if (t.replication_factor < -1 || t.replication_factor == 0)
      return refuse(error_code::invalid_replication_factor,
                    "Replication factor must be larger than 0, or -1 to use the default value.");
    if (t.num_partitions < -1 || t.num_partitions == 0)
      return refuse(error_code::invalid_partitions, "Number of partitions was set to an invalid non-positive value.");
    auto placed =
        place_replicas(brokers_, t.num_partitions == -1 ? config_.num_partitions : t.num_partitions,
                       t.replication_factor == -1 ? config_.default_replication_factor : t.replication_factor, random_);
    if (!placed.outcome.ok()) return std::move(placed.outcome);
    for (const auto& replicas : placed.replicas) partitions.push_back(first_state(image_, replicas));
    return {};
  }

  verdict take_assignments(const creatable& t, std::vector<metadata::partition_state>& partitions) {
    if (t.replication_factor != -1)
      return refuse(error_code::invalid_request,
                    "A manual partition assignment was specified, but replication factor was not set to -1.");
    if (t.num_partitions != -1)
      return refuse(error_code::invalid_request,
                    "A manual partition assignment was specified, but numPartitions was not set to -1.");
    std::map<partition_id, const std::vector<broker_id>*> by_partition;
    for (const auto& a : t.assignments) {
      if (!by_partition.emplace(a.partition_index, &a.broker_ids).second)
        return refuse(error_code::invalid_replica_assignment,
                      "Found multiple manual partition assignments for "
                      "partition " +
                          std::to_string(a.partition_index.value()));
    }
    std::size_t replication_factor = 0;
    for (const auto& [p, brokers] : by_partition) {
      if (auto v = check_assignment(image_, *brokers, replication_factor); !v.ok()) return v;
      replication_factor = brokers->size();
      partitions.push_back(first_state(image_, metadata::broker_list(std::span<const broker_id>(*brokers))));
      if (auto v = check_leader(partitions.back(), p); !v.ok()) return v;
    }
    const auto last = static_cast<std::int32_t>(by_partition.size()) - 1;
    if (by_partition.begin()->first != partition_id(0) || by_partition.rbegin()->first != partition_id(last))
      return refuse(error_code::invalid_replica_assignment,
                    "partitions should be a consecutive 0-based integer sequence");
    return {};
  }

  uuid fresh_id() {
    for (;;) {
      const uuid id = random_uuid(random_);
      if (!id.is_zero() && id != metadata_topic_id && image_.find_topic(id) == nullptr) return id;
    }
  }

  const metadata::image& image_;
  const create_topics_request& request_;
  const broker_config& config_;
  random_source& random_;
  mutation_quota* quota_;
  std::vector<placement_broker> brokers_;
  config_layers layers_;
  bool in_bounds_ = true;
  std::int64_t partitions_made_ = 0;
  std::map<std::string, std::string> names_;  // of topics that this request creates; by name with '.' as '_'
  decision<std::vector<created_topic>> out_;
};

}  // namespace

decision<std::vector<created_topic>> create_topics(const metadata::image& image, const create_topics_request& request,
                                                   const broker_config& config, random_source& random,
                                                   mutation_quota* quota) {
  return topic_creator(image, request, config, random, quota).decide();
}

}  // namespace jackdaw::controller
