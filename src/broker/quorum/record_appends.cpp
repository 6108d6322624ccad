#include "record_appends.hpp"

#include <algorithm>
#include <cstdint>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {
namespace {

// An entry that has so much takes no more.
constexpr std::size_t entry_bytes = 4 << 20;

}  // namespace

record_appends::~record_appends() {
  if (is_gathering_) home_.timers.cancel(gathering_end_);
}

void record_appends::append(metadata::record_batch records, unique_function<void(result<void>)> done) {
  JD_ASSERT(records && !records->empty());
  if (is_abandoned_) return done(fail(errc::not_leader, "this node is not the active controller"));
  if (!quorum_.is_open()) return done(fail(errc::closed, "the broker is shutting down"));
  if (const auto& trouble = quorum_.disk_trouble()) return done(error(*trouble));
  if (waiting_.empty() || waiting_.back().roughly_bytes >= entry_bytes) waiting_.emplace_back();
  auto& last = waiting_.back();
  for (const auto& r : *records) last.roughly_bytes += metadata::roughly_bytes(r);
  last.records.push_back(std::move(records));
  last.done.push_back(std::move(done));
}

std::size_t record_appends::waiting() const noexcept {
  std::size_t count = 0;
  for (const auto& e : waiting_) count += e.done.size();
  return count;
}

bool record_appends::must_wait() {
  if (quorum_.is_syncing()) return true;
  if (!gathering_.is_on(quorum_.is_open() ? waiting() : SIZE_MAX, home_.now.steady)) return false;
  if (!std::exchange(is_gathering_, true)) {
    gathering_end_ = home_.timers.schedule(gathering_.until(), [this] {
      is_gathering_ = false;
      quorum_.pump();
    });
  }
  return true;
}

void record_appends::before_work() {
  if (waiting_.empty() || must_wait()) return;
  for (auto& e : std::exchange(waiting_, {})) {
    JD_ASSERT(!e.records.empty() && !e.done.empty(), e.records.size(), e.done.size());
    auto proposed = quorum_.propose(raft::make_payload(metadata::encode_batches(e.records)));
    if (!proposed) {
      for (auto& done : e.done) done(proposed.error());
      continue;
    }
    JD_ASSERT(in_flight_.empty() || in_flight_.back().position.index < proposed->index, proposed->index.value());
    e.position = *proposed;
    in_flight_.push_back(std::move(e));
  }
}

void record_appends::synced(duration took) {
  const std::size_t answered = in_flight_.empty() ? 0 : in_flight_.front().done.size();
  gathering_.sync_ended(answered, waiting(), took, home_.now.steady);
}

const std::vector<metadata::record_batch>* record_appends::find(const raft::log_position& position) const {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const auto& e) { return e.position.index >= position.index; });
  return found != in_flight_.end() && found->position == position ? &found->records : nullptr;
}

void record_appends::committed(raft_index up_to) {
  while (!in_flight_.empty() && in_flight_.front().position.index <= up_to) {
    auto e = std::move(in_flight_.front());
    in_flight_.pop_front();
    for (auto& done : e.done) done({});
  }
}

void record_appends::abandon(const error& why) {
  JD_ASSERT(!is_abandoned_, waiting_.size(), in_flight_.size());
  is_abandoned_ = true;
  for (auto* queue : {&waiting_, &in_flight_}) {
    for (auto& e : std::exchange(*queue, {})) {
      for (auto& done : e.done) done(why);
    }
  }
}

}  // namespace jackdaw::broker
