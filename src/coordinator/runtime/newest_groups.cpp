#include "jackdaw/coordinator/runtime/newest_groups.hpp"

#include <algorithm>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {
namespace {

// Both tables make nodes of their own for what changes. After so many changes they share everything again, so that
// together they don't take twice the memory; more often, and each change would copy its whole path twice.
constexpr std::size_t replayed_max = 1024;

}  // namespace

newest_groups::newest_groups(group_table& committed)
    : committed_(committed), newest_(committed.share()), done_(committed.replays()) {}

newest_groups::batch_id newest_groups::append(metadata::record_batch records) {
  JD_ASSERT(records && !records->empty());
  for (const auto& r : *records) {
    const bool is_ours = newest_.replay(r);
    JD_ASSERT(is_ours, name_of(r));
  }
  replayed_ += records->size();
  batches_.push_back({++last_id_, std::move(records)});
  if (replayed_ >= replayed_max) rebuild();
  return last_id_;
}

void newest_groups::committed(batch_id id) {
  JD_ASSERT(!batches_.empty() && batches_.front().id == id, id, batches_.size());
  done_ += batches_.front().records->size();
  batches_.pop_front();
  // The other half of append()'s promise: the log gave back what it was given, in order, and nobody else's.
  JD_ASSERT(committed_.replays() >= done_, committed_.replays(), done_);
  if (batches_.empty()) JD_ASSERT(committed_.bytes() == newest_.bytes(), committed_.bytes(), newest_.bytes());
}

void newest_groups::failed(batch_id id) {
  const auto lost = std::find_if(batches_.begin(), batches_.end(), [id](const batch& b) { return b.id == id; });
  JD_ASSERT(lost != batches_.end(), id, batches_.size());
  batches_.erase(lost);
  rebuild();
  if (batches_.empty()) JD_ASSERT(committed_.bytes() == newest_.bytes(), committed_.bytes(), newest_.bytes());
}

// Of the batches in flight the first ones may be in the committed table already, while their ends are being told.
void newest_groups::rebuild() {
  newest_ = committed_.share();
  JD_ASSERT(committed_.replays() >= done_, committed_.replays(), done_);
  auto skip = committed_.replays() - done_;
  replayed_ = 0;
  for (const auto& b : batches_) {
    for (const auto& r : *b.records) {
      if (skip > 0) {
        --skip;
        continue;
      }
      newest_.replay(r);
    }
  }
  JD_ASSERT(skip == 0, skip, batches_.size());  // or the committed table has records that nobody appended here
}

}  // namespace jackdaw::coordinator
