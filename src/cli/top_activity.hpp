// What brokers tell of themselves, for top.
#pragma once

#include "jackdaw/cli/top_view.hpp"
#include "jackdaw/net/client.hpp"

namespace jackdaw::cli {

// Asks all brokers of `sample` at once. Those that don't know the question (docs/formats/activity.md), or don't answer,
// stay as they are.
void ask_activity(net::client& client, top_sample& sample);

}  // namespace jackdaw::cli
