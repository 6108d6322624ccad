// Messages and voter sets as bytes (Protobuf, raft.proto).
#pragma once

#include <cstddef>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/raft/messages.hpp"

namespace jackdaw::raft {

std::vector<std::byte> encode(const message& m);
// errc::corrupt when the bytes aren't a message, errc::unsupported when it is of a kind this version doesn't know.
result<message> decode_message(bytes_view bytes);

std::vector<std::byte> encode(const voter_set& voters);
result<voter_set> decode_voters(bytes_view bytes);

}  // namespace jackdaw::raft
