#include "jackdaw/metadata/image.hpp"

#include "jackdaw/base/assert.hpp"
#include "same_object.hpp"

namespace jackdaw::metadata {
namespace {

template <class Map, class Same>
bool same_entries(const Map& a, const Map& b, const Same& same) {
  if (a.size() != b.size()) return false;
  auto other = b.begin();
  for (auto it = a.begin(); it != a.end(); ++it, ++other) {
    if (it.key() != other.key() || !same(it.value(), other.value())) return false;
  }
  return true;
}

}  // namespace

image_ptr image::empty() {
  static const image_ptr none = std::make_shared<const image>();
  return none;
}

const topic* image::find_topic(std::string_view name) const noexcept {
  const uuid* id = names_.find(name);
  if (!id) return nullptr;
  const topic* found = find_topic(*id);
  JD_ASSERT(found != nullptr, name);  // a name never outlives its topic
  return found;
}

const topic* image::find_topic(const uuid& id) const noexcept {
  const topic_ptr* found = topics_.find(id);
  return found ? found->get() : nullptr;
}

const partition_state* image::find_partition(const uuid& id, partition_id p) const noexcept {
  const topic* t = find_topic(id);
  return t && t->has(p) ? &t->partition(p) : nullptr;
}

const config_map& image::configs(config_resource type, std::string_view name) const noexcept {
  static const config_map none;
  const auto* found = configs_.find(config_key{type, std::string(name)});
  JD_ASSERT(!found || !(*found)->empty(), name, static_cast<int>(type));
  return found ? **found : none;
}

const broker_registered* image::find_broker(broker_id id) const noexcept {
  const auto* found = brokers_.find(id);
  JD_ASSERT(!found || (*found)->id == id, id.value());
  return found ? found->get() : nullptr;
}

bool image::operator==(const image& other) const {
  return position_ == other.position_ && cluster_id_ == other.cluster_id_ &&
         next_producer_id_ == other.next_producer_id_ && features_ == other.features_ &&
         partition_count_ == other.partition_count_ &&
         same_entries(names_, other.names_, [](const uuid& a, const uuid& b) { return a == b; }) &&
         same_entries(topics_, other.topics_, same_object) && same_entries(configs_, other.configs_, same_object) &&
         same_entries(brokers_, other.brokers_, same_object) && same_entries(quotas_, other.quotas_, same_object);
}

void image::for_each_record(const std::function<void(record)>& yield) const {
  if (!cluster_id_.empty()) yield(cluster_created{cluster_id_});
  for (const auto& [name, level] : features_) yield(feature_level_set{name, level});
  for (const auto& [id, broker] : brokers_) yield(*broker);
  std::size_t partitions = 0;
  for (const auto& [id, topic] : topics_) {
    partitions += static_cast<std::size_t>(topic->partition_count());
    yield(topic_created{topic->name(), id});
    for (std::int32_t p = 0; p < topic->partition_count(); ++p) {
      yield(partition_created{id, partition_id{p}, topic->partition(partition_id{p})});
    }
  }
  JD_ASSERT(partitions == partition_count_, partitions, partition_count_);  // a snapshot leaves nothing out
  for (const auto& [resource, values] : configs_) {
    for (const auto& [key, value] : *values) yield(config_changed{resource.type, resource.name, key, value});
  }
  for (const auto& [entity, values] : quotas_) {
    for (const auto& [key, value] : *values) yield(client_quota_changed{entity, key, value});
  }
  // Who got the last ones doesn't matter any more.
  if (next_producer_id_ > producer_id{0}) yield(producer_ids_allocated{broker_id{}, broker_epoch{}, next_producer_id_});
}

void image::check() const {
  names_.check();
  topics_.check();
  configs_.check();
  brokers_.check();
  quotas_.check();
  JD_ASSERT(names_.size() == topics_.size(), names_.size(), topics_.size());
  std::size_t partitions = 0;
  for (const auto& [id, topic] : topics_) {
    JD_ASSERT(topic->id() == id);
    const uuid* by_name = names_.find(topic->name());
    JD_ASSERT(by_name && *by_name == id);
    partitions += static_cast<std::size_t>(topic->partition_count());
  }
  JD_ASSERT(partitions == partition_count_, partitions, partition_count_);
  for (const auto& [resource, values] : configs_) JD_ASSERT(!values->empty());
  for (const auto& [entity, values] : quotas_) JD_ASSERT(!values->empty());
}

}  // namespace jackdaw::metadata
