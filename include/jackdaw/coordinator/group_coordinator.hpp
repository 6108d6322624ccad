// The coordinator of all groups, whole: the runtime, and on top of it what each kind and the offsets are asked.
#pragma once

#include "jackdaw/coordinator/classic/classic_requests.hpp"
#include "jackdaw/coordinator/offsets/offset_requests.hpp"
#include "jackdaw/coordinator/runtime/group_runtime.hpp"

namespace jackdaw::coordinator {

// Exists while this node coordinates. `committed` outlives it and holds all that was committed before.
struct group_coordinator {
  group_coordinator(const coordinator_settings& settings, group_table& committed, now_t now)
      : groups(settings, committed, now), classic(groups), offsets(groups) {}

  group_runtime groups;
  classic_requests classic;
  offset_requests offsets;
};

}  // namespace jackdaw::coordinator
