// Random records that fit the state they meet, and the stupid model that they are checked against.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::metadata::testing {

struct model {
  struct topic_state {
    std::string name;
    std::vector<partition_state> partitions;
    bool operator==(const topic_state&) const = default;
  };
  std::string cluster_id;
  std::map<std::string, std::int16_t> features;
  std::map<uuid, topic_state> topics;
  std::map<std::pair<config_resource, std::string>, std::map<std::string, std::string>> configs;
  std::map<broker_id, broker_registered> brokers;
  std::int64_t next_producer_id = 0;

  bool operator==(const model&) const = default;

  void apply(const record& r) {
    if (const auto* a = std::get_if<cluster_created>(&r)) cluster_id = a->cluster_id;
    if (const auto* a = std::get_if<feature_level_set>(&r)) {
      if (a->level == 0) {
        features.erase(a->name);
      } else {
        features[a->name] = a->level;
      }
    }
    if (const auto* a = std::get_if<topic_created>(&r)) topics[a->id].name = a->name;
    if (const auto* a = std::get_if<topic_deleted>(&r)) {
      configs.erase({config_resource::topic, topics[a->id].name});
      topics.erase(a->id);
    }
    if (const auto* a = std::get_if<partition_created>(&r)) topics[a->topic].partitions.push_back(a->state);
    if (const auto* a = std::get_if<partition_changed>(&r)) {
      topics[a->topic].partitions[static_cast<std::size_t>(a->partition.value())] = a->state;
    }
    if (const auto* a = std::get_if<config_changed>(&r)) {
      auto& values = configs[{a->type, a->name}];
      if (a->value) {
        values[a->key] = *a->value;
      } else {
        values.erase(a->key);
      }
      if (values.empty()) configs.erase({a->type, a->name});
    }
    if (const auto* a = std::get_if<broker_registered>(&r)) brokers[a->id] = *a;
    if (const auto* a = std::get_if<broker_changed>(&r)) {
      brokers[a->id].fenced = a->fenced;
      brokers[a->id].shutting_down = a->shutting_down;
    }
    if (const auto* a = std::get_if<broker_removed>(&r)) brokers.erase(a->id);
    if (const auto* a = std::get_if<producer_ids_allocated>(&r)) next_producer_id = a->next.value();
  }

  // The same, read from an image by its public means.
  static model of(const image& i) {
    model m;
    m.cluster_id = i.cluster_id();
    m.features = {i.features().begin(), i.features().end()};
    for (const auto& [name, id] : i.names()) {
      const topic* t = i.find_topic(name);
      m.topics[id].name = t->name();
      for (std::int32_t p = 0; p < t->partition_count(); ++p) {
        m.topics[id].partitions.push_back(*i.find_partition(id, partition_id{p}));
      }
    }
    for (const auto& [key, values] : i.all_configs()) {
      m.configs[{key.type, key.name}] = {values->begin(), values->end()};
    }
    for (const auto& [id, broker] : i.brokers()) m.brokers[id] = *broker;
    m.next_producer_id = i.next_producer_id().value();
    return m;
  }
};

class record_source {
 public:
  explicit record_source(std::uint64_t seed) : random_(seed) {}

  template <class Map>
  const typename Map::value_type& any(const Map& map) {
    auto at = map.begin();
    std::advance(at, random_.below(map.size()));
    return *at;
  }

  record next(const model& m) {
    for (;;) {
      switch (random_.below(16)) {
        case 0: return topic_created{"topic-" + std::to_string(++names_), random_uuid(random_)};
        case 1:
          if (m.topics.empty() || !random_.one_in(3)) break;
          return topic_deleted{any(m.topics).first};
        case 2:
        case 3:
        case 4:
        case 5:
          if (m.topics.empty()) break;
          return created(m);
        case 6:
        case 7:
        case 8:
        case 9:
          if (m.topics.empty() || any_partition(m).topic.is_zero()) break;
          return last_;
        case 10:
        case 11: return config(m);
        case 12: return broker();
        case 13: {
          if (m.brokers.empty()) break;
          const auto& b = any(m.brokers).second;
          return broker_changed{b.id, b.epoch, random_.one_in(2), random_.one_in(2)};
        }
        case 14:
          if (m.brokers.empty() || !random_.one_in(4)) break;
          return broker_removed{any(m.brokers).first};
        case 15:
          if (random_.one_in(4)) {
            return client_quota_changed{{{{"user", std::to_string(random_.below(3))}}},
                                        random_.one_in(2) ? "producer_byte_rate" : "consumer_byte_rate",
                                        random_.one_in(2) ? std::optional(1.5 * small(4)) : std::nullopt};
          }
          if (random_.one_in(2)) return feature_level_set{"f" + std::to_string(random_.below(4)), small(4)};
          if (m.cluster_id.empty()) return cluster_created{"cluster"};
          return producer_ids_allocated{broker_id{1}, broker_epoch{3}, producer_id{m.next_producer_id + 1000}};
      }
    }
  }

  partition_state state() {
    partition_state s;
    s.replicas = brokers(1 + random_.below(6));
    s.isr = brokers(random_.below(5));
    s.adding_replicas = brokers(random_.below(2));
    s.removing_replicas = brokers(random_.below(2));
    s.elr = brokers(random_.below(2));
    s.last_known_elr = brokers(random_.below(2));
    s.leader = broker_id{small(6) - 1};
    s.leader_epoch = leader_epoch{small(100)};
    s.partition_epoch = partition_epoch{small(100)};
    s.leader_recovering = random_.one_in(2);
    return s;
  }

  random_source& random() { return random_; }

 private:
  std::int16_t small(std::uint64_t bound) { return static_cast<std::int16_t>(random_.below(bound)); }

  broker_list brokers(std::size_t count) {
    std::vector<broker_id> ids;
    for (std::size_t i = 0; i < count; ++i) ids.emplace_back(small(1000));
    return broker_list(ids);
  }

  record created(const model& m) {
    const auto& [id, t] = any(m.topics);
    return partition_created{id, partition_id{static_cast<std::int32_t>(t.partitions.size())}, state()};
  }

  // A change in last_; a zero topic when that one has no partitions.
  partition_changed any_partition(const model& m) {
    const auto& [id, t] = any(m.topics);
    if (t.partitions.empty()) return {};
    last_ = {id, partition_id{static_cast<std::int32_t>(random_.below(t.partitions.size()))}, state()};
    return last_;
  }

  record config(const model& m) {
    config_changed c{
        config_resource::broker, std::to_string(random_.below(4)), "k" + std::to_string(random_.below(5)), {}};
    if (!m.topics.empty() && random_.one_in(2)) {
      c.type = config_resource::topic;
      c.name = any(m.topics).second.name;
    }
    if (!random_.one_in(3)) c.value = std::string(random_.below(40), 'v');
    return c;
  }

  record broker() {
    broker_registered b;
    b.id = broker_id{small(6)};
    b.epoch = broker_epoch{static_cast<std::int64_t>(random_.next() >> 1)};
    b.incarnation = random_uuid(random_);
    for (std::uint64_t i = random_.below(3); i > 0; --i) b.endpoints.push_back({"PLAINTEXT", "host", 9092, small(4)});
    if (random_.one_in(2)) b.rack = random_.one_in(2) ? "rack" : "";
    b.fenced = random_.one_in(2);
    return b;
  }

  random_source random_;
  partition_changed last_;
  int names_ = 0;
};

}  // namespace jackdaw::metadata::testing
