// From any shard to the controller: decide on the newest state, replicate, and come back when every shard here knows.
#pragma once

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "quorum/decide_function.hpp"

namespace jackdaw::broker {

class shard_state;

// `done` runs on `home`'s thread: once the records are committed and every shard of this process has applied them
// (at once when there are none), or with an error when they can't be: errc::not_leader, errc::closed, errc::io.
void submit_metadata(shard_state& home, decide_function decide, unique_function<void(result<void>)> done);
// The same; `prepare` runs on shard 0's thread before anything is decided.
void submit_metadata(shard_state& home, unique_function<void(shard_state& zero)> prepare, decide_function decide,
                     unique_function<void(result<void>)> done);

}  // namespace jackdaw::broker
