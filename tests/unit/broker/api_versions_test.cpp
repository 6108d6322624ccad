// ApiVersions and which requests are let in (KIP-35, KIP-511).
#include "jackdaw/protocol/messages/api_versions.hpp"
#include "broker_fixture.hpp"
#include "handlers/api_table.hpp"

namespace jackdaw::testing {
namespace {

using protocol::api_key;
using protocol::api_versions_response;

class api_versions : public broker_test {
 protected:
  static protocol::api_versions_request asked() {
    protocol::api_versions_request r;
    r.client_software_name = "test";
    r.client_software_version = "1.0";
    return r;
  }
  // A request header and nothing after it; the newer form ends with a count of tagged fields.
  static std::shared_ptr<buffer> bare_request(std::int16_t key, std::int16_t version, bool newer_form = false) {
    auto bytes = std::make_shared<buffer>(newer_form ? 11 : 10);
    if (newer_form) bytes->data()[10] = std::byte{0};
    store_be<std::int16_t>(bytes->data(), key);
    store_be<std::int16_t>(bytes->data() + 2, version);
    store_be<std::int32_t>(bytes->data() + 4, 77);
    store_be<std::int16_t>(bytes->data() + 8, -1);
    return bytes;
  }
};

TEST_F(api_versions, each_version_lists_the_whole_table) {
  test_broker b;
  for (std::int16_t v = 0; v <= 4; ++v) {
    const auto answer = b.call<api_versions_response>(v, asked());
    EXPECT_EQ(answer.error_code, error_code::none);
    ASSERT_EQ(answer.api_keys.size(), broker::answered_apis().size()) << v;
    for (std::size_t i = 0; i < answer.api_keys.size(); ++i) {
      const auto& row = broker::answered_apis()[i];
      EXPECT_EQ(answer.api_keys[i].api_key, static_cast<std::int16_t>(row.key));
      EXPECT_EQ(answer.api_keys[i].min_version, row.advertised_min);
      EXPECT_EQ(answer.api_keys[i].max_version, row.version_max);
    }
    EXPECT_EQ(answer.finalized_features.empty(), v < 3);
  }
}

TEST_F(api_versions, an_unknown_version_is_answered_in_version_0_and_names_only_itself) {
  test_broker b;
  auto a = b.send_bytes(b.connection(), bare_request(static_cast<std::int16_t>(api_key::api_versions), 99, true));
  const auto answer = b.decode<api_versions_response>(a, 0);
  EXPECT_EQ(answer.error_code, error_code::unsupported_version);
  ASSERT_EQ(answer.api_keys.size(), 1U);
  EXPECT_EQ(answer.api_keys[0].api_key, 18);
  EXPECT_EQ(answer.api_keys[0].min_version, 0);
  EXPECT_EQ(answer.api_keys[0].max_version, 4);
}

TEST_F(api_versions, a_software_name_of_other_characters_is_an_invalid_request) {
  test_broker b;
  for (const auto name : {"", "-x", "x.", "a b", "\xc3\xa9"}) {
    auto r = asked();
    r.client_software_name = name;
    EXPECT_EQ(b.call<api_versions_response>(3, r).error_code, error_code::invalid_request) << name;
  }
  auto r = asked();
  r.client_software_version = "";
  EXPECT_EQ(b.call<api_versions_response>(4, r).error_code, error_code::invalid_request);
}

TEST_F(api_versions, an_unknown_api_and_an_unknown_version_close_the_connection_and_say_why) {
  test_broker b;
  const auto unknown = b.send_bytes(b.connection(), bare_request(9999, 0));
  EXPECT_NE(unknown->closed.find("9999"), std::string::npos) << unknown->closed;
  const auto old = b.send_bytes(b.connection(), bare_request(static_cast<std::int16_t>(api_key::fetch), 3));
  EXPECT_FALSE(old->arrived);
  EXPECT_NE(old->closed.find("Fetch"), std::string::npos) << old->closed;
  EXPECT_NE(old->closed.find('3'), std::string::npos) << old->closed;
  // Produce 0 to 2 are advertised for librdkafka's sake only.
  EXPECT_FALSE(b.send_bytes(b.connection(), bare_request(0, 0))->closed.empty());
}

TEST_F(api_versions, a_body_cut_short_closes_the_connection_for_every_api) {
  test_broker b;
  for (const auto& row : broker::answered_apis()) {
    if (row.key == api_key::api_versions || row.key == api_key::describe_cluster) continue;  // empty in some versions
    const auto a = b.send_bytes(b.connection(), bare_request(static_cast<std::int16_t>(row.key), row.version_min));
    // Version 0 has an empty body.
    if (row.key == api_key::list_config_resources || row.key == api_key::list_groups) continue;
    EXPECT_FALSE(a->arrived) << static_cast<int>(row.key);
    EXPECT_FALSE(a->closed.empty()) << static_cast<int>(row.key);
  }
}

}  // namespace
}  // namespace jackdaw::testing
