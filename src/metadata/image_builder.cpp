#include "jackdaw/metadata/image_builder.hpp"

#include <variant>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::metadata {
namespace {

error unknown_topic(const uuid& id) { return fail(errc::corrupt, "a record of the unknown topic id " + to_string(id)); }

error unknown_broker(broker_id id) {
  return fail(errc::corrupt, "a record of the unknown broker " + std::to_string(id.value()));
}

}  // namespace

bool delta::empty() const noexcept {
  return created_topics.empty() && deleted_topics.empty() && partitions.empty() && configs.empty() && brokers.empty() &&
         quotas.empty() && !producer_ids && !features;
}

image_builder::image_builder(image_ptr base) : edit_(edit_id::fresh()), next_(*base) {
  changes_.before = std::move(base);
}

result<void> image_builder::apply(const record& r) {
  return std::visit([this](const auto& alternative) { return on(alternative); }, r);
}

delta image_builder::finish(const log_position& position) {
  JD_ASSERT(position.index >= next_.position_.index, position.index.value(), next_.position_.index.value());
  JD_ASSERT(next_.names_.size() == next_.topics_.size(), next_.names_.size(), next_.topics_.size());
  next_.position_ = position;
  changes_.after = std::make_shared<const image>(next_);
  delta out = std::exchange(changes_, delta{});
  changes_.before = out.after;
  // What the published image shares with next_ may no longer be changed in place.
  edit_ = edit_id::fresh();
  return out;
}

topic* image_builder::mutable_topic(const uuid& id) {
  topic_ptr* at = next_.topics_.mutate(edit_, id);
  if (!at) return nullptr;
  if ((*at)->edit() != edit_) *at = topic_ptr(new topic(edit_, **at));
  JD_ASSERT((*at)->id() == id, (*at)->name());
  return at->get();
}

result<void> image_builder::on(const cluster_created& r) {
  if (!next_.cluster_id_.empty() && next_.cluster_id_ != r.cluster_id) {
    return fail(errc::corrupt, "a second cluster id, " + r.cluster_id + " after " + next_.cluster_id_);
  }
  next_.cluster_id_ = r.cluster_id;
  return {};
}

result<void> image_builder::on(const feature_level_set& r) {
  if (r.level == 0) {
    next_.features_.erase(r.name);
  } else {
    next_.features_[r.name] = r.level;
  }
  changes_.features = true;
  return {};
}

result<void> image_builder::on(const topic_created& r) {
  if (next_.find_topic(r.name) || next_.find_topic(r.id)) {
    return fail(errc::corrupt, "topic " + r.name + " with id " + to_string(r.id) + " is created a second time");
  }
  next_.names_.set(edit_, r.name, r.id);
  next_.topics_.set(edit_, r.id, topic_ptr(new topic(edit_, r.name, r.id)));
  changes_.created_topics.insert({r.name, r.id});
  return {};
}

result<void> image_builder::on(const topic_deleted& r) {
  const topic* old = next_.find_topic(r.id);
  if (!old) return unknown_topic(r.id);
  const topic_name_and_id name{old->name(), r.id};
  const config_key config{config_resource::topic, name.name};
  const auto partitions = static_cast<std::size_t>(old->partition_count());
  JD_ASSERT(partitions <= next_.partition_count_, name.name, partitions, next_.partition_count_);
  next_.partition_count_ -= partitions;
  const bool was_named = next_.names_.erase(edit_, name.name);
  const bool was_there = next_.topics_.erase(edit_, r.id);
  JD_ASSERT(was_named && was_there, name.name, was_named, was_there);
  if (next_.configs_.erase(edit_, config)) changes_.configs.insert(config);
  if (changes_.created_topics.erase(name) == 0) changes_.deleted_topics.insert(name);
  const auto first = changes_.partitions.lower_bound({r.id, partition_id{0}});
  auto last = first;
  while (last != changes_.partitions.end() && last->first == r.id) ++last;
  changes_.partitions.erase(first, last);
  return {};
}

result<void> image_builder::on(const partition_created& r) {
  const topic* old = next_.find_topic(r.topic);
  if (!old) return unknown_topic(r.topic);
  if (r.partition.value() != old->partition_count()) {
    return fail(errc::corrupt, "partition " + std::to_string(r.partition.value()) + " of topic " + old->name() +
                                   " is created when it has " + std::to_string(old->partition_count()));
  }
  topic* grown = mutable_topic(r.topic);
  grown->append(r.state);
  ++next_.partition_count_;
  JD_ASSERT(grown->partition_count() == r.partition.value() + 1, grown->name(), grown->partition_count());
  changes_.partitions.insert({r.topic, r.partition});
  return {};
}

result<void> image_builder::on(const partition_changed& r) {
  const topic* old = next_.find_topic(r.topic);
  if (!old) return unknown_topic(r.topic);
  if (!old->has(r.partition)) {
    return fail(errc::corrupt, "a change of partition " + std::to_string(r.partition.value()) + " of topic " +
                                   old->name() + ", which has " + std::to_string(old->partition_count()));
  }
  mutable_topic(r.topic)->replace(r.partition, r.state);
  changes_.partitions.insert({r.topic, r.partition});
  return {};
}

result<void> image_builder::on(const config_changed& r) {
  const config_key key{r.type, r.name};
  auto values = std::make_shared<config_map>(next_.configs(r.type, r.name));
  if (r.value) {
    (*values)[r.key] = *r.value;
  } else {
    values->erase(r.key);
  }
  if (values->empty()) {
    next_.configs_.erase(edit_, key);
  } else {
    next_.configs_.set(edit_, key, std::move(values));
  }
  changes_.configs.insert(key);
  return {};
}

result<void> image_builder::on(const broker_registered& r) {
  next_.brokers_.set(edit_, r.id, std::make_shared<const broker_registered>(r));
  changes_.brokers.insert(r.id);
  return {};
}

result<void> image_builder::on(const broker_changed& r) {
  const broker_registered* old = next_.find_broker(r.id);
  if (!old || old->epoch != r.epoch) return unknown_broker(r.id);
  auto changed = std::make_shared<broker_registered>(*old);
  changed->fenced = r.fenced;
  changed->shutting_down = r.shutting_down;
  next_.brokers_.set(edit_, r.id, std::move(changed));
  changes_.brokers.insert(r.id);
  return {};
}

result<void> image_builder::on(const broker_removed& r) {
  if (!next_.brokers_.erase(edit_, r.id)) return unknown_broker(r.id);
  changes_.brokers.insert(r.id);
  return {};
}

result<void> image_builder::on(const producer_ids_allocated& r) {
  if (r.next < next_.next_producer_id_) {
    return fail(errc::corrupt, "producer ids up to " + std::to_string(r.next.value()) +
                                   " are allocated after those up to " +
                                   std::to_string(next_.next_producer_id_.value()));
  }
  next_.next_producer_id_ = r.next;
  changes_.producer_ids = true;
  return {};
}

result<void> image_builder::on(const client_quota_changed& r) {
  const auto* old = next_.quotas_.find(r.entity);
  auto values = old ? std::make_shared<image::quota_values>(**old) : std::make_shared<image::quota_values>();
  if (r.value) {
    (*values)[r.key] = *r.value;
  } else {
    values->erase(r.key);
  }
  if (values->empty()) {
    next_.quotas_.erase(edit_, r.entity);
  } else {
    next_.quotas_.set(edit_, r.entity, std::move(values));
  }
  changes_.quotas.insert(r.entity);
  return {};
}

result<image_ptr> image_from_snapshot(const log_position& position, const std::vector<record>& records) {
  image_builder builder(image::empty());
  for (const record& r : records) {
    if (auto applied = builder.apply(r); !applied) return applied.error();
  }
  return builder.finish(position).after;
}

}  // namespace jackdaw::metadata
