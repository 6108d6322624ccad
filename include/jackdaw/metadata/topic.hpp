// One topic as the image holds it. Partitions lie in chunks, so that changing one of ten thousand copies a chunk and
// the list of chunks, not the partitions.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/metadata/persistent_map.hpp"
#include "jackdaw/metadata/records.hpp"

namespace jackdaw::metadata {

class topic : public boost::intrusive_ref_counter<topic> {
 public:
  static constexpr std::size_t chunk_size = 32;

  topic(edit_id edit, std::string name, const uuid& id) : name_(std::move(name)), id_(id), edit_(edit) {}
  // A copy that shares the chunks, for `edit` to change.
  topic(edit_id edit, const topic& other)
      : boost::intrusive_ref_counter<topic>(),
        name_(other.name_),
        id_(other.id_),
        chunks_(other.chunks_),
        partition_count_(other.partition_count_),
        edit_(edit) {}

  const std::string& name() const noexcept { return name_; }
  const uuid& id() const noexcept { return id_; }
  // Partitions are 0 to partition_count() - 1.
  std::int32_t partition_count() const noexcept { return partition_count_; }
  bool has(partition_id p) const noexcept { return p.value() >= 0 && p.value() < partition_count_; }
  // Lives as long as this topic. Asserts has(p).
  const partition_state& partition(partition_id p) const;

  // Only image_builder changes topics, and only those of its own edit.
  edit_id edit() const noexcept { return edit_; }
  void append(partition_state state);
  void replace(partition_id p, partition_state state);

  bool operator==(const topic& other) const;

 private:
  struct chunk : boost::intrusive_ref_counter<chunk> {
    edit_id edit;
    std::vector<partition_state> partitions;
  };
  chunk& owned(std::size_t index);

  std::string name_;
  uuid id_;
  std::vector<boost::intrusive_ptr<chunk>> chunks_;
  std::int32_t partition_count_ = 0;
  edit_id edit_;
};

// Shared and never changed once it is in a published image.
using topic_ptr = boost::intrusive_ptr<topic>;

}  // namespace jackdaw::metadata
