// A group's rebalances told in words.
#pragma once

#include <cstdint>
#include <string>

#include "jackdaw/protocol/json_printer.hpp"
#include "jackdaw/protocol/messages/group_history.hpp"

namespace jackdaw::cli {

// "870 ms", "3.1 s", "2 min 5 s".
std::string format_duration(std::int64_t ms);
// Several lines: when and to what, why, how long it took, who was slow or dropped, what moved.
std::string tell(const protocol::group_history::rebalance& r);
void print(protocol::json_printer& out, const protocol::group_history::rebalance& r);

}  // namespace jackdaw::cli
