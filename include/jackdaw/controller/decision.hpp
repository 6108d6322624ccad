// What deciding yields: records and a reply. Nothing changes until the records are committed and applied; the reply
// is true only then, so it waits for them.
#pragma once

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

inline verdict refuse(protocol::error_code code, std::string message) { return {code, std::move(message)}; }

}  // namespace jackdaw::controller
