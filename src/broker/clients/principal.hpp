// Who asks.
#pragma once

#include <memory>
#include <string>

namespace jackdaw::broker {

// Kafka writes it "User:ANONYMOUS": nobody authenticates yet. A connection has one, and hands it to its requests, which
// may outlive it.
struct principal {
  std::string type = "User";
  std::string name = "ANONYMOUS";

  bool operator==(const principal&) const = default;
};

using principal_ptr = std::shared_ptr<const principal>;

inline std::string to_string(const principal& who) { return who.type + ':' + who.name; }

}  // namespace jackdaw::broker
