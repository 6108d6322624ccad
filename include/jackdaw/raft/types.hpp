// The nouns of the Raft paper (Ongaro, "Consensus: Bridging Theory and Practice"; chapter numbers below are its).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"

namespace jackdaw::raft {

// A place in the log. {0, 0} is before the first entry, which has index 1.
struct log_position {
  raft_index index;
  raft_term term;
  constexpr bool operator==(const log_position&) const noexcept = default;
};

// Written once, then shared by the log, the messages to every follower and whoever applies it.
using payload_ptr = std::shared_ptr<const std::vector<std::byte>>;

enum class entry_kind : std::uint8_t {
  data = 0,    // what somebody proposed
  no_op = 1,   // a new leader's first entry (3.6.2); empty payload
  voters = 2,  // a new set of voters; the payload is encode(voter_set) of wire.hpp (4.1)
};

struct entry {
  raft_index index;
  raft_term term;
  entry_kind kind = entry_kind::data;
  payload_ptr payload;  // never null

  log_position position() const noexcept { return {index, term}; }
  bytes_view bytes() const noexcept { return {payload->data(), payload->size()}; }
  std::size_t size_bytes() const noexcept { return payload->size() + 32; }
};

payload_ptr make_payload(bytes_view bytes);
payload_ptr make_payload(std::vector<std::byte> bytes);

// What a node must never forget.
struct hard_state {
  raft_term term;
  broker_id voted_for;  // in `term`; -1: nobody
  bool operator==(const hard_state&) const noexcept = default;
};

struct voter {
  broker_id id;
  uuid directory;  // KIP-853: the disk that holds the log; zero when not known
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const voter&) const noexcept = default;
};

struct voter_set {
  std::vector<voter> voters;  // in the order of ids

  const voter* find(broker_id id) const noexcept {
    const auto at = std::find_if(voters.begin(), voters.end(), [id](const voter& v) { return v.id == id; });
    return at == voters.end() ? nullptr : &*at;
  }
  bool contains(broker_id id) const noexcept { return find(id) != nullptr; }
  std::size_t size() const noexcept { return voters.size(); }
  std::size_t majority() const noexcept { return voters.size() / 2 + 1; }
  bool operator==(const voter_set&) const noexcept = default;
};

// The state machine's state after the entry at `position`, and who voted then. Its bytes are the shell's business.
struct snapshot_info {
  log_position position;
  voter_set voters;
  bool operator==(const snapshot_info&) const noexcept = default;
};

enum class node_role : std::uint8_t { observer, follower, pre_candidate, candidate, leader };
const char* name_of(node_role role) noexcept;

}  // namespace jackdaw::raft
