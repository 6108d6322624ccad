// The clients that a client-metrics subscription is for: its `match` setting (KIP-714).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/result.hpp"

namespace jackdaw::controller {

// What is known of a client, by the names that `match` uses. Indexes into client_facts.
enum class client_fact : std::size_t {
  client_id,
  client_instance_id,
  client_software_name,
  client_software_version,
  client_source_address,
  client_source_port,
};
inline constexpr std::size_t client_fact_count = 6;
using client_facts = std::array<std::string, client_fact_count>;

// Patterns that a client must fit all; with none it fits. Patterns are RE2's, as in Kafka, and must fit the whole text:
// matching takes time linear in it whatever the pattern. Immutable; copies share.
class client_match {
 public:
  // Items NAME=PATTERN; of several for one name the last counts. The error is Kafka's sentence.
  static result<client_match> parse(const std::vector<std::string>& items);

  bool fits(const client_facts& client) const;

 private:
  struct pattern;
  std::vector<std::shared_ptr<const pattern>> patterns_;
};

}  // namespace jackdaw::controller
