#include "authorization.hpp"

#include <algorithm>

namespace jackdaw::broker {

bool authorize(const principal&, acl_operation, const resource&) noexcept { return true; }

bool may_send(const principal& who, const access_list& needed) noexcept {
  if (needed.empty()) return true;
  return std::any_of(needed.begin(), needed.end(), [&who](const access& a) {
    return authorize(who, a.what, {a.on, {}});
  });
}

}  // namespace jackdaw::broker
