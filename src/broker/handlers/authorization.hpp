// What a request needs to be allowed, and whether it is. Dispatch asks, for every request, by the API table; handlers
// don't know of it.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "clients/principal.hpp"

namespace jackdaw::broker {

// Numbered as in Kafka's ACLs.
enum class acl_operation : std::int8_t {
  read = 3,
  write = 4,
  create = 5,
  remove = 6,  // Kafka's DELETE
  alter = 7,
  describe = 8,
  cluster_action = 9,
  describe_configs = 10,
  alter_configs = 11,
  idempotent_write = 12,
};
enum class resource_kind : std::int8_t { topic = 2, group = 3, cluster = 4, transactional_id = 5 };

struct access {
  acl_operation what;
  resource_kind on;

  bool operator==(const access&) const = default;
};

// What requests of one kind may need, each of what they name: Kafka's table of authorizations. Empty only where Kafka
// asks for nothing.
class access_list {
 public:
  constexpr access_list(std::initializer_list<access> needed) {
    for (const access& a : needed) needed_[size_++] = a;
  }
  constexpr const access* begin() const noexcept { return needed_.data(); }
  constexpr const access* end() const noexcept { return needed_.data() + size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }

 private:
  std::array<access, 4> needed_{};
  std::size_t size_ = 0;
};

struct resource {
  resource_kind kind;
  std::string_view name;  // empty: any one of this kind
};

// There are no ACLs yet: everybody may do everything.
bool authorize(const principal& who, acl_operation what, const resource& on) noexcept;
// Whether such a request can have any effect: one thing of what it may need is allowed for some resource.
bool may_send(const principal& who, const access_list& needed) noexcept;

}  // namespace jackdaw::broker
