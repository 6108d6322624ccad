// The open partitions of one shard.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

#include "hosted_partition.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/metadata/topic.hpp"

namespace jackdaw::broker {

class partition_table {
 public:
  // Null unless its log is open. What is found lives until it is removed.
  hosted_partition* find(const partition_key& key) const noexcept {
    const auto found = open_.find(key);
    return found == open_.end() ? nullptr : found->second.get();
  }
  hosted_partition& add(std::unique_ptr<hosted_partition> p) {
    const auto key = p->key();
    const auto [at, added] = open_.emplace(key, std::move(p));
    JD_ASSERT(added, to_string(key.topic_id), key.partition.value());
    return *at->second;
  }
  // Null if it isn't there.
  std::unique_ptr<hosted_partition> remove(const partition_key& key) {
    auto node = open_.extract(key);
    return node ? std::move(node.mapped()) : nullptr;
  }
  std::size_t size() const noexcept { return open_.size(); }
  void clear() noexcept { open_.clear(); }

  // In no particular order; `f` neither adds nor removes.
  template <class F>
  void for_each(F&& f) {
    for (auto& [key, p] : open_) f(*p);
  }
  // Of one topic only, at the cost of its partitions.
  template <class F>
  void for_each_of(const metadata::topic& topic, F&& f) {
    for (std::int32_t i = 0; i < topic.partition_count(); ++i) {
      if (auto* p = find({topic.id(), partition_id{i}})) f(*p);
    }
  }

 private:
  std::unordered_map<partition_key, std::unique_ptr<hosted_partition>, partition_key_hash> open_;
};

}  // namespace jackdaw::broker
