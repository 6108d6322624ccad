// What time alone brings about on a shard: retention, expiry, checkpoints, and a look whether the disks are there
// still.
#pragma once

namespace jackdaw::broker {

class shard_state;

// Once, at the start; on from then as long as the shard is there.
void start_housekeeping(shard_state& s);

}  // namespace jackdaw::broker
