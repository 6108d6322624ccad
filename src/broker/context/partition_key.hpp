// Names a partition inside the broker: by its topic's id, which no later topic of the same name has.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::broker {

struct partition_key {
  uuid topic_id;
  partition_id partition;
  auto operator<=>(const partition_key&) const noexcept = default;
};

struct partition_key_hash {
  std::size_t operator()(const partition_key& k) const noexcept {
    return std::hash<uuid>{}(k.topic_id) + static_cast<std::size_t>(k.partition.value()) * 0x9e3779b97f4a7c15ULL;
  }
};

// Why a partition can't be used, as clients are told.
struct partition_problem {
  protocol::error_code code;
  std::string detail;
};

}  // namespace jackdaw::broker
