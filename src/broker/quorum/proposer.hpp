// The way into the replicated log for what decides on this node while it leads.
#pragma once

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/metadata/records.hpp"

namespace jackdaw::broker {

// Shard 0's thread.
class proposer {
 public:
  // Records in the order of calls. `done` runs once, at once or later: when the records are replayed into the committed
  // state, or with why they won't be. Those that go well do so in the order of calls.
  virtual void append(metadata::record_batch records, unique_function<void(result<void>)> done) = 0;

 protected:
  ~proposer() = default;
};

}  // namespace jackdaw::broker
