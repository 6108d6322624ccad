// From one image to the next, and what changed on the way: brokers react to deltas and never scan all partitions.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::metadata {

struct topic_name_and_id {
  std::string name;
  uuid id;
  auto operator<=>(const topic_name_and_id&) const noexcept = default;
};

// What differs between two images, each thing once. A topic that was created and deleted in between is in neither
// list; the partitions of created topics are all in `partitions`, those of deleted topics are not.
struct delta {
  image_ptr before;
  image_ptr after;
  std::set<topic_name_and_id> created_topics;
  std::set<topic_name_and_id> deleted_topics;          // look their partitions up in `before`
  std::set<std::pair<uuid, partition_id>> partitions;  // created or changed; look both states up in the images
  std::set<config_key> configs;
  std::set<broker_id> brokers;  // registered, changed or removed
  std::set<quota_entity> quotas;
  bool producer_ids = false;
  bool features = false;

  bool empty() const noexcept;
};

class image_builder {
 public:
  explicit image_builder(image_ptr base);

  // One record. An error means that the record doesn't fit the state (an unknown topic, a partition number with a
  // gap): the log is damaged or was written by something else. Nothing has changed then.
  result<void> apply(const record& r);

  // The state so far, for deciding on it before it is published. Lives until the next apply() or finish().
  const image& current() const noexcept { return next_; }

  // Publishes what was applied since the constructor or the last finish(), as the state at `position`. The builder
  // goes on from there.
  delta finish(const log_position& position);

 private:
  result<void> on(const cluster_created& r);
  result<void> on(const feature_level_set& r);
  result<void> on(const topic_created& r);
  result<void> on(const topic_deleted& r);
  result<void> on(const partition_created& r);
  result<void> on(const partition_changed& r);
  result<void> on(const config_changed& r);
  result<void> on(const broker_registered& r);
  result<void> on(const broker_changed& r);
  result<void> on(const broker_removed& r);
  result<void> on(const producer_ids_allocated& r);
  result<void> on(const client_quota_changed& r);
  // Groups are the coordinator's.
  result<void> on(const group_stored&) { return {}; }
  result<void> on(const group_removed&) { return {}; }
  result<void> on(const offsets_committed&) { return {}; }
  result<void> on(const offsets_removed&) { return {}; }
  topic* mutable_topic(const uuid& id);

  edit_id edit_;
  image next_;
  delta changes_;
};

// `position` and the records of a whole snapshot, from the empty image.
result<image_ptr> image_from_snapshot(const log_position& position, const std::vector<record>& records);

}  // namespace jackdaw::metadata
