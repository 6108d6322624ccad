#include "metadata_submit.hpp"

#include "jackdaw/base/assert.hpp"
#include "quorum/cluster_member.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {

void submit_metadata(shard_state& home, decide_function decide, unique_function<void(result<void>)> done) {
  submit_metadata(
      home, [](shard_state&) {}, std::move(decide), std::move(done));
}

void submit_metadata(shard_state& home, unique_function<void(shard_state& zero)> prepare, decide_function decide,
                     unique_function<void(result<void>)> done) {
  home.env.post(shard_zero, [prepare = std::move(prepare), decide = std::move(decide), done = std::move(done),
                             to = home.id()](shard& s) mutable {
    auto& zero = s.state();
    JD_ASSERT(zero.metadata != nullptr, to.value());
    prepare(zero);
    zero.metadata->submit(std::move(decide), [&zero, to, done = std::move(done)](result<void> outcome) mutable {
      zero.env.post(
          to, [done = std::move(done), outcome = std::move(outcome)](shard&) mutable { done(std::move(outcome)); });
    });
  });
}

}  // namespace jackdaw::broker
