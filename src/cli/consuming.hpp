// Which partitions to read from where to where: what consume and bench share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/net/client_fetcher.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

struct reading_plan {
  std::vector<std::string> topics;
  std::optional<std::vector<partition_id>> partitions;  // nothing: all
  position_spec from;
  std::optional<position_spec> until;  // nothing: never ends
};

// Looks the offsets up and tells the fetcher what to read.
outcome<void> add_sources(net::client& client, const reading_plan& plan, net::client_fetcher& fetcher);

}  // namespace jackdaw::cli
