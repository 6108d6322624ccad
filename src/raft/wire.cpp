#include "jackdaw/raft/wire.hpp"

#include <google/protobuf/arena.h>

#include <limits>

#include "jackdaw/base/assert.hpp"
#include "raft.pb.h"

namespace jackdaw::raft {
namespace {

using google::protobuf::Arena;

// ---- to Protobuf

void put(wire::Position* to, const log_position& p) {
  to->set_index(p.index.value());
  to->set_term(p.term.value());
}

void put(wire::VoterSet* to, const voter_set& set) {
  for (const voter& v : set.voters) {
    wire::Voter* one = to->add_voters();
    one->set_id(v.id.value());
    one->mutable_directory()->set_high(v.directory.high);
    one->mutable_directory()->set_low(v.directory.low);
    one->set_host(v.host);
    one->set_port(v.port);
  }
}

void put(wire::Message* to, const vote_request& m) {
  put(to->mutable_vote_request()->mutable_last(), m.last);
  to->mutable_vote_request()->set_pre_vote(m.pre_vote);
  to->mutable_vote_request()->set_transfer(m.transfer);
}

void put(wire::Message* to, const vote_response& m) {
  to->mutable_vote_response()->set_pre_vote(m.pre_vote);
  to->mutable_vote_response()->set_granted(m.granted);
}

void put(wire::Message* to, const append_request& m) {
  wire::AppendRequest* request = to->mutable_append_request();
  put(request->mutable_previous(), m.previous);
  request->set_commit(m.commit.value());
  for (const entry& e : m.entries) {
    wire::Entry* one = request->add_entries();
    one->set_index(e.index.value());
    one->set_term(e.term.value());
    one->set_kind(static_cast<std::uint32_t>(e.kind));
    one->set_payload(e.payload->data(), e.payload->size());
  }
}

void put(wire::Message* to, const append_response& m) {
  wire::AppendResponse* response = to->mutable_append_response();
  response->set_accepted(m.accepted);
  response->set_match(m.match.value());
  response->set_refused(m.refused.value());
  put(response->mutable_hint(), m.hint);
}

void put(wire::Message* to, const snapshot_request& m) {
  wire::SnapshotRequest* request = to->mutable_snapshot_request();
  put(request->mutable_position(), m.snapshot.position);
  put(request->mutable_voters(), m.snapshot.voters);
  request->set_at_byte(m.at_byte);
  request->set_bytes(m.bytes.data(), m.bytes.size());
  request->set_last(m.last);
}

void put(wire::Message* to, const snapshot_response& m) {
  put(to->mutable_snapshot_response()->mutable_position(), m.position);
  to->mutable_snapshot_response()->set_next_byte(m.next_byte);
  to->mutable_snapshot_response()->set_installed(m.installed);
}

void put(wire::Message* to, const timeout_now&) { to->mutable_timeout_now(); }

void put(wire::Message* to, const observe_request& m) { put(to->mutable_observe_request()->mutable_last(), m.last); }

void put(wire::Message* to, const observe_response& m) { to->mutable_observe_response()->set_leader(m.leader.value()); }

template <class Message>
std::vector<std::byte> serialize(const Message& m) {
  std::vector<std::byte> out(m.ByteSizeLong());
  JD_ASSERT(out.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), out.size());
  auto* const start = reinterpret_cast<std::uint8_t*>(out.data());
  const std::uint8_t* end = m.SerializeWithCachedSizesToArray(start);
  JD_ASSERT(end == start + out.size(), end - start, out.size());
  return out;
}

// ---- from Protobuf

log_position get(const wire::Position& from) { return {raft_index{from.index()}, raft_term{from.term()}}; }

result<voter_set> get(const wire::VoterSet& from) {
  voter_set set;
  for (const wire::Voter& v : from.voters()) {
    if (v.port() > std::numeric_limits<std::uint16_t>::max()) {
      return fail(errc::corrupt, "voter " + std::to_string(v.id()) + " with port " + std::to_string(v.port()));
    }
    if (!set.voters.empty() && set.voters.back().id >= broker_id{v.id()}) {
      return fail(errc::corrupt, "a set of voters that isn't in the order of ids");
    }
    set.voters.push_back({broker_id{v.id()},
                          {v.directory().high(), v.directory().low()},
                          v.host(),
                          static_cast<std::uint16_t>(v.port())});
  }
  return set;
}

result<message_body> get(const wire::AppendRequest& from) {
  append_request m{get(from.previous()), raft_index{from.commit()}, {}};
  m.entries.reserve(static_cast<std::size_t>(from.entries_size()));
  for (const wire::Entry& e : from.entries()) {
    if (e.kind() > static_cast<std::uint32_t>(entry_kind::voters)) {
      return fail(errc::unsupported, "an entry of the unknown kind " + std::to_string(e.kind()));
    }
    m.entries.push_back({raft_index{e.index()}, raft_term{e.term()}, static_cast<entry_kind>(e.kind()),
                         make_payload(as_bytes(e.payload()))});
  }
  return message_body(std::move(m));
}

result<message_body> get(const wire::SnapshotRequest& from) {
  auto voters = get(from.voters());
  if (!voters) return voters.error();
  snapshot_request m;
  m.snapshot = {get(from.position()), std::move(*voters)};
  m.at_byte = from.at_byte();
  const bytes_view bytes = as_bytes(from.bytes());
  m.bytes.assign(bytes.begin(), bytes.end());
  m.last = from.last();
  return message_body(std::move(m));
}

result<message_body> get_body(const wire::Message& from) {
  switch (from.body_case()) {
    case wire::Message::kVoteRequest: {
      const auto& r = from.vote_request();
      return message_body(vote_request{get(r.last()), r.pre_vote(), r.transfer()});
    }
    case wire::Message::kVoteResponse:
      return message_body(vote_response{from.vote_response().pre_vote(), from.vote_response().granted()});
    case wire::Message::kAppendRequest: return get(from.append_request());
    case wire::Message::kAppendResponse: {
      const auto& r = from.append_response();
      return message_body(append_response{r.accepted(), raft_index{r.match()}, raft_index{r.refused()}, get(r.hint())});
    }
    case wire::Message::kSnapshotRequest: return get(from.snapshot_request());
    case wire::Message::kSnapshotResponse: {
      const auto& r = from.snapshot_response();
      return message_body(snapshot_response{get(r.position()), r.next_byte(), r.installed()});
    }
    case wire::Message::kTimeoutNow: return message_body(timeout_now{});
    case wire::Message::kObserveRequest: return message_body(observe_request{get(from.observe_request().last())});
    case wire::Message::kObserveResponse:
      return message_body(observe_response{broker_id{from.observe_response().leader()}});
    case wire::Message::BODY_NOT_SET: break;
  }
  return fail(errc::unsupported, "a raft message of a kind that this program doesn't know");
}

template <class Message>
bool parse(Message* to, bytes_view bytes) {
  return bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
         to->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

std::vector<std::byte> encode(const message& m) {
  Arena arena;
  auto* to = Arena::CreateMessage<wire::Message>(&arena);
  to->set_from(m.from.value());
  to->set_to(m.to.value());
  to->set_term(m.term.value());
  std::visit([to](const auto& body) { put(to, body); }, m.body);
  return serialize(*to);
}

result<message> decode_message(bytes_view bytes) {
  Arena arena;
  auto* from = Arena::CreateMessage<wire::Message>(&arena);
  if (!parse(from, bytes)) return fail(errc::corrupt, "a raft message that doesn't parse");
  auto body = get_body(*from);
  if (!body) return body.error();
  return message{broker_id{from->from()}, broker_id{from->to()}, raft_term{from->term()}, std::move(*body)};
}

std::vector<std::byte> encode(const voter_set& voters) {
  wire::VoterSet to;
  put(&to, voters);
  return serialize(to);
}

result<voter_set> decode_voters(bytes_view bytes) {
  wire::VoterSet from;
  if (!parse(&from, bytes)) return fail(errc::corrupt, "a set of voters that doesn't parse");
  return get(from);
}

}  // namespace jackdaw::raft
