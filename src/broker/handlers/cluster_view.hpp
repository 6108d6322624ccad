// What several answers say alike of brokers and topics.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "jackdaw/controller/topic_names.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::broker {

// Bit sets of Kafka's AclOperation numbers: everything that can be allowed on a resource. Without an authorizer
// everything is (KIP-430).
inline constexpr std::int32_t all_topic_operations = 0b1101'1111'1000;
inline constexpr std::int32_t all_cluster_operations = 0b1'1111'1010'0000;
inline constexpr std::int32_t all_group_operations = 0b1101'0100'1000;
// "Not asked for."
inline constexpr std::int32_t no_operations_asked = INT32_MIN;

// Null when the broker has no such listener.
inline const metadata::broker_endpoint* endpoint_of(const metadata::broker_registered& b, std::string_view listener) {
  for (const auto& e : b.endpoints) {
    if (e.listener == listener) return &e;
  }
  return nullptr;
}

using controller::is_internal_topic;

// 1 to 249 of letters, digits, '.', '_', '-'; not "." or "..".
inline bool is_legal_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  for (const char c : name) {
    const bool legal =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
    if (!legal) return false;
  }
  return true;
}

inline std::vector<broker_id> to_vector(const metadata::broker_list& list) { return {list.begin(), list.end()}; }

// Replicas on brokers that are gone or fenced.
inline std::vector<broker_id> offline_replicas(const metadata::image& image, const metadata::broker_list& replicas) {
  std::vector<broker_id> offline;
  for (const broker_id id : replicas) {
    const auto* b = image.find_broker(id);
    if (b == nullptr || b->fenced) offline.push_back(id);
  }
  return offline;
}

}  // namespace jackdaw::broker
