// What the cluster knows, as far as it is committed: the image that every shard reads, and the table of groups. Applies
// committed entries, takes over snapshots, and hands what changed to the shards, one change at a time.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/coordinator/group_table.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class cluster_state {
 public:
  using delta_ptr = std::shared_ptr<const metadata::delta>;
  // Hands a change to every shard of the process; `applied` runs on shard 0 when all have taken it over.
  using publish_function = unique_function<void(delta_ptr change, unique_function<void()> applied)>;
  // Told, on shard 0, when every shard has the image.
  using published_function = unique_function<void(const metadata::image_ptr& image)>;

  cluster_state(publish_function publish, published_function published);

  // At start: the state that the log's entries come on top of.
  void restore(metadata::image_ptr image, coordinator::group_table groups);

  // The newest committed state; on its way to the shards.
  const metadata::image_ptr& committed() const noexcept { return committed_; }
  // The groups at the same position; only what is committed changes them.
  coordinator::group_table& groups() noexcept { return groups_; }
  // Whether every shard has it.
  bool is_published() const noexcept { return !publishing_ && to_publish_.empty(); }

  // The records of one committed entry, in memory or as bytes.
  struct committed_entry {
    metadata::log_position position;
    const std::vector<metadata::record_batch>* records = nullptr;  // null: what `bytes` encode
    bytes_view bytes;
  };
  // True if topics were deleted. An error: an entry doesn't fit the state, or can't be read.
  result<bool> apply(const std::vector<committed_entry>& entries);
  // The state is this one from now on.
  void install(metadata::image_ptr image, coordinator::group_table groups);

 private:
  struct effect_of_entry {
    bool touches_image = false;
    bool deletes_topics = false;
  };
  result<void> apply_records(const std::vector<metadata::record>& records, effect_of_entry& effect);
  void publish_later(metadata::delta change);
  void publish_next();

  publish_function publish_;
  published_function published_;
  metadata::image_ptr committed_ = metadata::image::empty();
  std::unique_ptr<metadata::image_builder> builder_;
  coordinator::group_table groups_;
  std::deque<delta_ptr> to_publish_;
  raft_index last_to_publish_{-1};
  bool publishing_ = false;
};

}  // namespace jackdaw::broker
