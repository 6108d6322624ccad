#include "jackdaw/metadata/records.hpp"

#include <gtest/gtest.h>

namespace jackdaw::metadata {
namespace {

const uuid id{0x1111, 0x2222};

std::vector<record> of_the_cluster() {
  partition_state s;
  s.replicas = {broker_id{1}, broker_id{2}, broker_id{3}, broker_id{4}};
  s.isr = {broker_id{2}};
  s.elr = {broker_id{3}};
  s.last_known_elr = {broker_id{4}};
  s.adding_replicas = {broker_id{4}};
  s.removing_replicas = {broker_id{1}};
  s.leader = broker_id{-1};
  s.leader_epoch = leader_epoch{9};
  s.partition_epoch = partition_epoch{11};
  s.leader_recovering = true;
  return {cluster_created{"Mk3OEYBSD34fcwNTJENDM2Qk"},
          feature_level_set{"metadata.version", 25},
          topic_created{"orders", id},
          topic_deleted{id},
          partition_created{id, partition_id{3}, s},
          partition_changed{id, partition_id{0}, s},
          config_changed{config_resource::topic, "orders", "retention.ms", "60000"},
          config_changed{config_resource::broker, default_broker_resource, "log.retention.ms", std::nullopt},
          config_changed{config_resource::group, "g", "k", ""},
          broker_registered{broker_id{0},
                            broker_epoch{5},
                            {7, 8},
                            {{"PLAINTEXT", "localhost", 9092, 0}, {"SSL", "::1", 65535, 1}},
                            "rack-a",
                            true,
                            false},
          broker_changed{broker_id{1}, broker_epoch{6}, true, true},
          broker_removed{broker_id{2}},
          producer_ids_allocated{broker_id{1}, broker_epoch{6}, producer_id{2000}}};
}

std::vector<record> of_clients() {
  return {client_quota_changed{{{{"client-id", std::nullopt}, {"user", "ann"}}}, "producer_byte_rate", 1048576.5},
          client_quota_changed{{{{"ip", ""}}}, "connection_creation_rate", std::nullopt},
          group_stored{"g",
                       "consumer",
                       7,
                       "range",
                       "c-1",
                       timestamp_ms{5},
                       {{"c-1", "i-1", "c", "/127.0.0.1", 10000, 20000, {std::byte{1}}, {std::byte{0}, std::byte{2}}},
                        {"c-2", std::nullopt, "", "", 1, 2, {}, {}}}},
          group_stored{"g", "", 0, std::nullopt, std::nullopt, timestamp_ms{-1}, {}},
          offsets_committed{
              "g",
              {{"orders", id, partition_id{3}, offset{1}, leader_epoch{-1}, "", timestamp_ms{9}},
               {"t", {}, partition_id{0}, offset{0}, leader_epoch{2}, "m", timestamp_ms{9}, timestamp_ms{10}}}},
          offsets_removed{"g", {{"orders", partition_id{3}}}, timestamp_ms{8}},
          offsets_removed{"g", {{"orders", partition_id{3}}}, std::nullopt},
          group_removed{"g"},
          group_removed{"g", true}};
}

std::vector<record> one_of_each() {
  auto all = of_the_cluster();
  for (auto& r : of_clients()) all.push_back(std::move(r));
  return all;
}

TEST(records, every_kind_survives_encoding) {
  const auto records = one_of_each();
  const auto decoded = decode(encode(records));
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(*decoded, records);
}

TEST(records, no_records_are_no_bytes) {
  EXPECT_TRUE(encode({}).empty());
  EXPECT_TRUE(decode({})->empty());
}

TEST(records, a_kind_of_a_newer_version_is_unsupported) {
  // Payload{records: Record{field 200: ""}}
  const std::byte bytes[] = {std::byte{0x0a}, std::byte{3}, std::byte{0xc2}, std::byte{0x0c}, std::byte{0}};
  const auto decoded = decode(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, errc::unsupported);
}

TEST(records, a_known_kind_that_asks_for_a_newer_reader_is_unsupported) {
  // Payload{records: Record{min_version: 1, broker_removed: {}}}
  const std::byte bytes[] = {std::byte{0x0a}, std::byte{4},    std::byte{0x08},
                             std::byte{1},    std::byte{0x5a}, std::byte{0}};
  const auto decoded = decode(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, errc::unsupported);
}

TEST(records, every_truncation_is_an_error_or_fewer_records) {
  const auto records = one_of_each();
  const auto bytes = encode(records);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode(bytes_view(bytes).first(size));
    if (decoded) {
      ASSERT_LT(decoded->size(), records.size()) << size;
    } else {
      ASSERT_EQ(decoded.error().code, errc::corrupt) << size;
    }
  }
}

TEST(records, have_names) {
  EXPECT_STREQ(name_of(one_of_each().front()), "cluster_created");
  EXPECT_STREQ(name_of(one_of_each().back()), "group_removed");
}

TEST(broker_list, holds_any_number_and_copies_deeply) {
  for (std::size_t size = 0; size < 10; ++size) {
    std::vector<broker_id> ids;
    for (std::size_t i = 0; i < size; ++i) ids.emplace_back(static_cast<std::int32_t>(i * 7));
    broker_list list{std::span<const broker_id>(ids)};
    const broker_list copy = list;
    broker_list moved = std::move(list);
    EXPECT_TRUE(std::equal(copy.begin(), copy.end(), ids.begin(), ids.end()));
    EXPECT_EQ(copy, moved);
    moved = broker_list{broker_id{5}};
    EXPECT_EQ(copy.size(), size);
    EXPECT_EQ(copy.contains(broker_id{7}), size > 1);
    EXPECT_TRUE(moved.contains(broker_id{5}));
  }
}

}  // namespace
}  // namespace jackdaw::metadata
