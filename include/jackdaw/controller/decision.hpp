// What deciding yields: records and a reply. Nothing changes until the records are committed and applied; the reply
// is true only then, so it waits for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/metadata/records.hpp"
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::controller {

template <class Reply>
struct decision {
  std::vector<metadata::record> records;
  Reply reply;
};

// How one item of a request fared: Kafka's code and, where Kafka sends one, a sentence.
struct verdict {
  protocol::error_code code = protocol::error_code::none;
  std::optional<std::string> message;

  bool ok() const noexcept { return code == protocol::error_code::none; }
  bool operator==(const verdict&) const = default;
};

// How many partitions a client may still create and delete (KIP-599).
class mutation_quota {
 public:
  virtual ~mutation_quota() = default;
  // Before each change that would be made, also when a request only wants to know whether it could be. False: it must
  // not be made.
  virtual bool take(std::int64_t partitions) = 0;
};

// The verdict on such a change; null: no quota.
inline verdict take_from(mutation_quota* quota, std::int64_t partitions) {
  if (quota == nullptr || quota->take(partitions)) return {};
  return {protocol::error_code::throttling_quota_exceeded, std::nullopt};
}

inline verdict refuse(protocol::error_code code, std::string message) { return {code, std::move(message)}; }

}  // namespace jackdaw::controller
