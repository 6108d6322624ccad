#include "jackdaw/protocol/frames.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jackdaw/protocol/messages/api_versions.hpp"
#include "jackdaw/protocol/messages/fetch.hpp"
#include "jackdaw/protocol/messages/metadata.hpp"
#include "jackdaw/protocol/messages/sasl_handshake.hpp"

namespace jackdaw::protocol {
namespace {

std::vector<std::byte> raw_header(std::int16_t key, std::int16_t version) {
  std::vector<std::byte> bytes(10);
  writer out(bytes);
  out.fixed(key);
  out.fixed(version);
  out.fixed<std::int32_t>(77);
  out.fixed<std::int16_t>(-1);
  return bytes;
}

TEST(headers, an_unknown_key_is_unsupported) {
  const auto bytes = raw_header(999, 0);
  reader in(bytes);
  const auto header = decode_request_header(in);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, errc::unsupported);
  EXPECT_NE(header.error().detail.find("999"), std::string::npos);
}

TEST(headers, a_version_without_description_is_unsupported) {
  for (const std::int16_t version : {-1, 2, 99}) {
    const auto bytes = raw_header(fetch_request::api_key, version);
    reader in(bytes);
    const auto header = decode_request_header(in);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, errc::unsupported);
    EXPECT_NE(header.error().detail.find("Fetch has versions 4 to"), std::string::npos);
  }
}

TEST(headers, api_versions_is_read_in_any_version) {
  for (const std::int16_t version : {-1, 0, 99, 32767}) {
    auto bytes = raw_header(api_versions_request::api_key, version);
    if (version >= 3) bytes.push_back(std::byte{0});  // no tagged fields
    reader in(bytes);
    const auto header = decode_request_header(in);
    ASSERT_TRUE(header) << version;
    EXPECT_EQ(header->correlation_id, correlation_id{77});
    EXPECT_FALSE(header->client_id.has_value());
    EXPECT_EQ(knows_version(*find_api(header->api_key), version), version == 0);
    EXPECT_EQ(in.remaining(), 0u);
  }
}

TEST(headers, a_cut_header_is_corrupt) {
  const auto bytes = raw_header(fetch_request::api_key, 4);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    reader in(part);
    const auto header = decode_request_header(in);
    ASSERT_FALSE(header) << size;
    EXPECT_EQ(header.error().code, errc::corrupt);
  }
}

TEST(headers, versions_follow_the_flexible_ones_but_for_the_answer_to_api_versions) {
  const auto& fetch = *find_api(fetch_request::api_key);
  EXPECT_EQ(request_header_version(fetch, 11), 1);
  EXPECT_EQ(request_header_version(fetch, 12), 2);
  EXPECT_EQ(response_header_version(fetch, 11), 0);
  EXPECT_EQ(response_header_version(fetch, 12), 1);
  const auto& sasl = *find_api(sasl_handshake_request::api_key);
  EXPECT_EQ(request_header_version(sasl, 1), 1);
  EXPECT_EQ(response_header_version(sasl, 1), 0);
  const auto& api_versions = *find_api(api_versions_request::api_key);
  EXPECT_EQ(request_header_version(api_versions, 4), 2);
  EXPECT_EQ(response_header_version(api_versions, 4), 0);
}

TEST(frames, a_request_comes_back_with_its_header) {
  fetch_request request;
  request.topics.resize(1);
  request.topics[0].topic = "orders";
  request_header header;
  header.api_version = 12;
  header.correlation_id = correlation_id{5};
  header.client_id = "me";
  const auto frame = encode_request_frame(header, request);
  ASSERT_TRUE(frame);
  EXPECT_EQ(load_be<std::int32_t>(frame->data()), static_cast<std::int32_t>(frame->size()) - 4);
  reader in(bytes_view(*frame).subspan(4));
  const auto read = decode_request_header(in);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->api_key, fetch_request::api_key);
  EXPECT_EQ(read->client_id, "me");
  const auto body = decode_message<fetch_request>(in, read->api_version);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, request);
}

TEST(frames, a_request_that_the_version_can_not_say_is_refused_by_the_field_s_name) {
  fetch_request request;
  request.topics.resize(1);
  request.topics[0].partitions.resize(1);
  request.topics[0].partitions[0].last_fetched_epoch = leader_epoch{3};
  EXPECT_STREQ(request.unsupported_field(11), "lastFetchedEpoch");
  EXPECT_EQ(request.unsupported_field(12), nullptr);
  request_header header;
  header.api_version = 11;
  const auto frame = encode_request_frame(header, request);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, errc::unsupported);
  EXPECT_EQ(frame.error().detail, "FetchRequest v11 can't say lastFetchedEpoch");
}

TEST(frames, null_is_refused_in_a_version_that_has_no_null) {
  metadata_request request;
  request.topics.reset();
  EXPECT_STREQ(request.unsupported_field(0), "topics");
  EXPECT_EQ(request.unsupported_field(1), nullptr);
}

TEST(frames, what_may_be_ignored_is_left_out) {
  fetch_request request;
  request.rack_id = "a";  // ignorable, from version 11 on
  EXPECT_EQ(request.unsupported_field(10), nullptr);
}

TEST(frames, a_version_that_does_not_exist_is_refused) {
  request_header header;
  header.api_version = 99;
  const auto frame = encode_request_frame(header, metadata_request{});
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, errc::unsupported);
}

TEST(frames, the_size_of_a_response_counts_records_that_come_from_elsewhere) {
  fetch_response response;
  response.responses.resize(1);
  response.responses[0].partitions.resize(2);
  response.responses[0].partitions[0].records = records_view::external(1'000'000);
  response.responses[0].partitions[1].records = records_view::external(7);
  for (const std::int16_t version : {4, 12, 18}) {
    const auto frame = encode_response_frame(correlation_id{9}, response, version);
    ASSERT_EQ(frame.externals.size(), 2u);
    EXPECT_EQ(load_be<std::int32_t>(frame.bytes.data()), static_cast<std::int32_t>(frame.bytes.size()) - 4 + 1'000'007);
    // Put the records where they belong: what comes out is the message with those records inside.
    std::vector<std::byte> whole(frame.bytes.begin() + 4, frame.bytes.end());
    const std::vector<std::byte> big(1'000'000, std::byte{1});
    const std::vector<std::byte> small(7, std::byte{2});
    const auto at = [&](std::size_t i) {
      return whole.begin() + static_cast<std::ptrdiff_t>(frame.externals[i].position) - 4;
    };
    whole.insert(at(1), small.begin(), small.end());
    whole.insert(at(0), big.begin(), big.end());
    const auto decoded = decode_response<fetch_response>(whole, version);
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(decoded->id, correlation_id{9});
    EXPECT_TRUE(same_bytes(decoded->body.responses[0].partitions[0].records->bytes(), big));
    EXPECT_TRUE(same_bytes(decoded->body.responses[0].partitions[1].records->bytes(), small));
  }
}

TEST(frames, a_bad_body_is_named_with_version_and_place) {
  const std::byte bytes[] = {std::byte{0}, std::byte{0}};
  const auto body = decode_message<metadata_request>(bytes, 4);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, errc::corrupt);
  EXPECT_EQ(body.error().detail, "MetadataRequest v4: a field reaches past the end at byte 0");
}

TEST(frames, tagged_fields_that_nobody_knows_survive) {
  metadata_request request;
  const std::byte value[] = {std::byte{1}, std::byte{2}};
  request.unknown_tags.add({4000, value});
  const auto bytes = encode_message(request, 12);
  const auto decoded = decode_message<metadata_request>(bytes, 12);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->unknown_tags.all().size(), 1u);
  EXPECT_EQ(decoded->unknown_tags.all()[0].tag, 4000u);
  EXPECT_TRUE(same_bytes(decoded->unknown_tags.all()[0].value, value));
}

}  // namespace
}  // namespace jackdaw::protocol
