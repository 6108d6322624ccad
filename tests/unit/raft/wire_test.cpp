#include "jackdaw/raft/wire.hpp"

#include <gtest/gtest.h>

namespace jackdaw::raft {
namespace {

message with(message_body body) { return {broker_id{1}, broker_id{2147483647}, raft_term{1LL << 40}, std::move(body)}; }

template <class Body>
Body again(const Body& body) {
  const auto decoded = decode_message(encode(with(body)));
  EXPECT_TRUE(decoded);
  EXPECT_EQ(decoded->from, broker_id{1});
  EXPECT_EQ(decoded->to, broker_id{2147483647});
  EXPECT_EQ(decoded->term, raft_term{1LL << 40});
  return std::get<Body>(decoded->body);
}

const log_position somewhere{raft_index{77}, raft_term{5}};
const voter_set voters{{{broker_id{0}, {}, "", 0}, {broker_id{1}, {3, 4}, "host", 65535}}};

TEST(wire, every_message_survives) {
  const vote_request vote{somewhere, true, true};
  EXPECT_EQ(again(vote), vote);
  const vote_response answer{true, true};
  EXPECT_EQ(again(answer), answer);
  const append_response refused{false, {}, raft_index{9}, somewhere};
  EXPECT_EQ(again(refused), refused);
  const append_response accepted{true, raft_index{8}, {}, {}};
  EXPECT_EQ(again(accepted), accepted);
  const snapshot_response piece{somewhere, 1ULL << 40, true};
  EXPECT_EQ(again(piece), piece);
  again(timeout_now{});
  const observe_request observe{somewhere};
  EXPECT_EQ(again(observe), observe);
  const observe_response nobody{broker_id{-1}};
  EXPECT_EQ(again(nobody), nobody);
}

TEST(wire, entries_survive) {
  append_request request{somewhere, raft_index{3}, {}};
  request.entries.push_back({raft_index{78}, raft_term{6}, entry_kind::no_op, make_payload(bytes_view{})});
  request.entries.push_back({raft_index{79}, raft_term{6}, entry_kind::data, make_payload(as_bytes("text"))});
  const append_request got = again(request);
  EXPECT_EQ(got.previous, somewhere);
  EXPECT_EQ(got.commit, raft_index{3});
  ASSERT_EQ(got.entries.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got.entries[i].position(), request.entries[i].position());
    EXPECT_EQ(got.entries[i].kind, request.entries[i].kind);
    EXPECT_EQ(*got.entries[i].payload, *request.entries[i].payload);
  }
}

TEST(wire, snapshot_pieces_survive) {
  const bytes_view text = as_bytes("some bytes");
  const snapshot_request got = again(snapshot_request{{somewhere, voters}, 12, {text.begin(), text.end()}, true});
  EXPECT_EQ(got.snapshot.position, somewhere);
  EXPECT_EQ(got.snapshot.voters, voters);
  EXPECT_EQ(got.at_byte, 12u);
  EXPECT_EQ(as_text(got.bytes), "some bytes");
  EXPECT_TRUE(got.last);
}

TEST(wire, voters_survive_and_disorder_is_refused) {
  EXPECT_EQ(*decode_voters(encode(voters)), voters);
  voter_set wrong = voters;
  std::swap(wrong.voters[0], wrong.voters[1]);
  EXPECT_EQ(decode_voters(encode(wrong)).error().code, errc::corrupt);
}

TEST(wire, strange_bytes_are_errors) {
  EXPECT_EQ(decode_message(as_bytes("nonsense")).error().code, errc::corrupt);
  EXPECT_EQ(decode_message({}).error().code, errc::unsupported) << "no body";
  append_request request{
      somewhere, {}, {{raft_index{78}, raft_term{6}, static_cast<entry_kind>(9), make_payload(bytes_view{})}}};
  EXPECT_EQ(decode_message(encode(with(request))).error().code, errc::unsupported);
}

}  // namespace
}  // namespace jackdaw::raft
