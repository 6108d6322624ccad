// What is decided on: the committed table, and on top of it the records that are on their way to the log, in the order
// they were handed to it. An overlay: dropping it leaves what is committed.
//
// Owned by one shard. Holds after every call: with nothing in flight both tables are equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "jackdaw/coordinator/group_table.hpp"

namespace jackdaw::coordinator {

class newest_groups {
 public:
  // `committed` outlives this. As long as this lives it changes only by the records that are given to append().
  explicit newest_groups(group_table& committed);

  const group_table& committed() const noexcept { return committed_; }
  // Committed and in flight. Lives until the next call that isn't const.
  const group_table& newest() const noexcept { return newest_; }

  // Names a batch of records from append() to its end.
  using batch_id = std::uint64_t;
  batch_id append(metadata::record_batch records);
  // The oldest batch in flight has been replayed into the committed table.
  void committed(batch_id id);
  // This batch, whichever, will never be. What is in flight before and after it stays.
  void failed(batch_id id);
  std::size_t in_flight() const noexcept { return batches_.size(); }

 private:
  struct batch {
    batch_id id = 0;
    metadata::record_batch records;
  };
  void rebuild();

  group_table& committed_;
  group_table newest_;
  std::deque<batch> batches_;
  batch_id last_id_ = 0;
  std::uint64_t done_;        // committed_.replays() once all batches that ended well so far are in it
  std::size_t replayed_ = 0;  // onto newest_ since it was a copy of committed_
};

}  // namespace jackdaw::coordinator
