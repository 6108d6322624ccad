#include "partition_changes.hpp"

#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

using protocol::error_code;

void partition_changes::apply(const metadata::delta& change, unique_function<void()> applied) {
  JD_ASSERT(change.after == home_.image, "a change that the shard's image doesn't have");
  for (const auto& t : change.deleted_topics) {
    const auto* topic = change.before->find_topic(t.id);
    if (topic == nullptr) continue;
    configs_.forget(t.id);
    for (std::int32_t i = 0; i < topic->partition_count(); ++i) {
      const partition_key key{t.id, partition_id{i}};
      const log::topic_partition name{topic->name(), key.partition};
      if (home_.owner_of(key.topic_id, key.partition) == home_.id())
        remove(key, name, {error_code::unknown_topic_or_partition, "the topic was deleted"});
      // A new topic of that name may be this shard's, whosever the old one was.
      opener_.forget_directory(name);
    }
  }
  apply_settings(change);
  for (const auto& [topic_id, partition] : change.partitions) {
    if (home_.owner_of(topic_id, partition) == home_.id()) follow({topic_id, partition}, change);
  }
  opener_.begin_making();
  discard_all(std::exchange(unwanted_, {}));
  if (dropping_ == 0) return applied();
  when_dropped_.push_back(std::move(applied));
}

void partition_changes::apply_settings(const metadata::delta& change) {
  bool of_all = false;
  for (const auto& c : change.configs) of_all = of_all || c.type == metadata::config_resource::broker;
  const auto changed = [this](hosted_partition& p, const metadata::topic& topic) { roles_.settings_changed(p, topic); };
  if (of_all) {
    configs_.forget_all();
    table_.for_each([&](hosted_partition& p) {
      if (const auto* topic = change.after->find_topic(p.topic_id)) changed(p, *topic);
    });
    return;
  }
  for (const auto& c : change.configs) {
    const auto* topic = c.type == metadata::config_resource::topic ? change.after->find_topic(c.name) : nullptr;
    if (topic == nullptr) continue;
    configs_.forget(topic->id());
    table_.for_each_of(*topic, [&](hosted_partition& p) { changed(p, *topic); });
  }
}

void partition_changes::follow(const partition_key& key, const metadata::delta& change) {
  const auto* topic = change.after->find_topic(key.topic_id);
  if (topic == nullptr || !topic->has(key.partition)) return;
  const log::topic_partition name{topic->name(), key.partition};
  if (topic->partition(key.partition).replicas.contains(home_.node_id())) {
    if (auto* p = table_.find(key)) return roles_.follow(*p, *topic);
    return opener_.make(key, *topic);
  }
  const auto* before = change.before->find_partition(key.topic_id, key.partition);
  const bool was_here = before != nullptr && before->replicas.contains(home_.node_id());
  if (was_here || table_.find(key) != nullptr)
    remove(key, name, {error_code::not_leader_or_follower, "this broker has no replica of this partition any more"});
}

void partition_changes::remove(const partition_key& key, const log::topic_partition& name,
                               const partition_problem& why) {
  unwanted_directory left{opener_.directory_of(key, name), name};
  if (opener_.drop(key, why)) {
    ++dropping_;  // a worker is at it; let_go() does the rest
    return;
  }
  if (auto p = table_.remove(key)) {
    left.directory = p->directory;
    home_.timers.cancel(p->flush_timer);
    roles_.resign(*p, why.code, why.detail);
    p->log.reset();  // what it would write at a close is deleted anyway
    if (mover_.drop(key, [this] { dropped(); })) ++dropping_;
    for (auto& refused : std::exchange(p->held, {})) refused();
  }
  unwanted_.push_back(std::move(left));
}

void partition_changes::let_go(std::size_t directory, const log::topic_partition& name) {
  discard_all({{directory, name}});
  dropped();
}

void partition_changes::discard_all(std::vector<unwanted_directory> unwanted) {
  if (unwanted.empty()) return;
  for (const auto& u : unwanted) {
    opener_.forget_directory(u.name);
    events_.checkpoints_forgotten(u.directory, u.name);
  }
  ++dropping_;
  housekeeping_.when_idle([this, unwanted = std::move(unwanted)] { discard(home_, unwanted, [this] { dropped(); }); });
}

void partition_changes::dropped() {
  JD_ASSERT(dropping_ > 0);
  if (--dropping_ != 0) return;
  for (auto& applied : std::exchange(when_dropped_, {})) applied();
}

}  // namespace jackdaw::broker
