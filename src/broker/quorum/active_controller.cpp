#include "active_controller.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

void active_controller::submit(decide_function decide, unique_function<void(result<void>)> done) {
  if (is_abandoned_) return done(fail(errc::not_leader, "this node is not the active controller"));
  if (!quorum_.is_open()) return done(fail(errc::closed, "the broker is shutting down"));
  // Without it nothing is in flight: what was committed is all that was decided.
  JD_ASSERT(newest_ || state_.committed()->position().index >= last_proposed_, last_proposed_.value());
  if (!newest_) newest_ = std::make_unique<metadata::image_builder>(state_.committed());
  const auto records = decide(newest_->current(), home_.random);
  if (records.empty()) {
    drop_newest_if_idle();
    if (in_flight_.empty()) return done({});
    in_flight_.push_back({in_flight_.back().index, std::move(done)});
    return;
  }
  if (const auto& trouble = quorum_.disk_trouble()) {
    drop_newest_if_idle();
    return done(error(*trouble));
  }
  auto proposed = quorum_.propose(raft::make_payload(metadata::encode(records)));
  if (!proposed) {
    drop_newest_if_idle();
    return done(proposed.error());
  }
  for (const auto& r : records) {
    const auto applied = newest_->apply(r);
    JD_ASSERT(applied, name_of(r));
  }
  JD_ASSERT(proposed->index > last_proposed_, proposed->index.value(), last_proposed_.value());
  JD_ASSERT(proposed->index == quorum_.raft()->last_index(), proposed->index.value());
  last_proposed_ = proposed->index;
  in_flight_.push_back({proposed->index, std::move(done)});
}

// It equals the committed state once nothing is in flight, and would only keep memory.
void active_controller::drop_newest_if_idle() {
  if (state_.committed()->position().index >= last_proposed_) newest_.reset();
}

void active_controller::applied(raft_index up_to) {
  JD_ASSERT(up_to == state_.committed()->position().index, up_to.value(), state_.committed()->position().index.value());
  drop_newest_if_idle();
}

void active_controller::published(raft_index up_to) {
  JD_ASSERT(up_to <= state_.committed()->position().index, up_to.value(), state_.committed()->position().index.value());
  while (!in_flight_.empty() && in_flight_.front().index <= up_to) {
    auto done = std::move(in_flight_.front().done);
    in_flight_.pop_front();
    done({});
  }
}

void active_controller::abandon(const error& why) {
  JD_ASSERT(!is_abandoned_, in_flight_.size());
  is_abandoned_ = true;
  newest_.reset();
  for (auto& s : std::exchange(in_flight_, {})) s.done(why);
}

}  // namespace jackdaw::broker
