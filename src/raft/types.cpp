#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

payload_ptr make_payload(bytes_view bytes) {
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

payload_ptr make_payload(std::vector<std::byte> bytes) {
  return std::make_shared<const std::vector<std::byte>>(std::move(bytes));
}

const char* name_of(node_role role) noexcept {
  switch (role) {
    case node_role::observer: return "observer";
    case node_role::follower: return "follower";
    case node_role::pre_candidate: return "pre-candidate";
    case node_role::candidate: return "candidate";
    case node_role::leader: return "leader";
  }
  return "unknown";
}

}  // namespace jackdaw::raft
