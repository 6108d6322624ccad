// A group as an administrator sees it, whatever its kind.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/coordinator/group_history.hpp"
#include "jackdaw/metadata/group_records.hpp"

namespace jackdaw::coordinator {

struct group_description {
  std::string state;  // as tools print it
  bool is_dead = false;
  std::string protocol_type;
  std::string protocol_name;
  std::vector<metadata::group_member> members;
  std::vector<rebalance_report> history{};  // the newest last
};

}  // namespace jackdaw::coordinator
