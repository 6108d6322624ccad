#include "jackdaw/metadata/image.hpp"

#include <gtest/gtest.h>

#include "jackdaw/metadata/image_builder.hpp"

namespace jackdaw::metadata {
namespace {

const uuid orders{1, 1};
const uuid events{2, 2};
constexpr partition_id p0{0}, p1{1};

partition_state led_by(std::int32_t leader) {
  partition_state s;
  s.replicas = s.isr = {broker_id{leader}};
  s.leader = broker_id{leader};
  return s;
}

image_ptr two_topics() {
  image_builder b(image::empty());
  EXPECT_TRUE(b.apply(topic_created{"orders", orders}));
  EXPECT_TRUE(b.apply(partition_created{orders, p0, led_by(1)}));
  EXPECT_TRUE(b.apply(partition_created{orders, p1, led_by(2)}));
  EXPECT_TRUE(b.apply(topic_created{"events", events}));
  EXPECT_TRUE(b.apply(partition_created{events, p0, led_by(3)}));
  EXPECT_TRUE(b.apply(config_changed{config_resource::topic, "orders", "retention.ms", "1"}));
  return b.finish({raft_index{6}, raft_term{1}}).after;
}

TEST(image, empty_has_nothing) {
  const image_ptr i = image::empty();
  EXPECT_EQ(i->position().index, raft_index{0});
  EXPECT_EQ(i->find_topic("orders"), nullptr);
  EXPECT_EQ(i->find_partition(orders, p0), nullptr);
  EXPECT_EQ(i->find_broker(broker_id{1}), nullptr);
  EXPECT_TRUE(i->configs(config_resource::topic, "orders").empty());
  EXPECT_EQ(i->next_producer_id(), producer_id{0});
}

TEST(image, finds_by_name_and_id_and_lists_in_the_order_of_names) {
  const image_ptr i = two_topics();
  i->check();
  ASSERT_NE(i->find_topic("orders"), nullptr);
  EXPECT_EQ(i->find_topic("orders"), i->find_topic(orders));
  EXPECT_EQ(i->find_topic(orders)->partition_count(), 2);
  EXPECT_EQ(i->find_partition(orders, p1)->leader, broker_id{2});
  EXPECT_EQ(i->find_partition(orders, partition_id{2}), nullptr);
  EXPECT_EQ(i->find_partition(orders, partition_id{-1}), nullptr);
  EXPECT_EQ(i->topic_count(), 2u);
  EXPECT_EQ(i->partition_count(), 3u);
  EXPECT_EQ(i->names().begin().key(), "events");
  EXPECT_EQ(i->names().lower_bound("f").key(), "orders");
  EXPECT_EQ(i->names().lower_bound("z"), i->names().end());
  EXPECT_EQ(i->configs(config_resource::topic, "orders").at("retention.ms"), "1");
}

TEST(image, deleting_a_topic_takes_its_configs_and_frees_its_name) {
  const image_ptr before = two_topics();
  image_builder b(before);
  ASSERT_TRUE(b.apply(topic_deleted{orders}));
  ASSERT_TRUE(b.apply(topic_created{"orders", uuid{3, 3}}));
  const delta d = b.finish({raft_index{7}, raft_term{1}});
  EXPECT_TRUE(d.after->configs(config_resource::topic, "orders").empty());
  EXPECT_EQ(d.after->find_topic("orders")->id(), (uuid{3, 3}));
  EXPECT_EQ(d.after->find_topic(orders), nullptr);
  EXPECT_EQ(d.after->partition_count(), 1u);
  EXPECT_EQ(d.before, before);
  EXPECT_EQ(d.deleted_topics, (std::set<topic_name_and_id>{{"orders", orders}}));
  EXPECT_EQ(d.created_topics, (std::set<topic_name_and_id>{{"orders", {3, 3}}}));
  EXPECT_TRUE(d.partitions.empty());
  EXPECT_EQ(d.configs.size(), 1u);
  EXPECT_EQ(before->find_partition(orders, p1)->leader, broker_id{2}) << "the old image stays";
}

TEST(image, a_topic_that_came_and_went_leaves_no_trace_in_the_delta) {
  image_builder b(two_topics());
  ASSERT_TRUE(b.apply(topic_created{"short", uuid{9, 9}}));
  ASSERT_TRUE(b.apply(partition_created{{9, 9}, p0, led_by(1)}));
  ASSERT_TRUE(b.apply(topic_deleted{{9, 9}}));
  EXPECT_TRUE(b.finish({raft_index{7}, raft_term{1}}).empty());
}

TEST(image, a_change_names_only_what_changed) {
  image_builder b(two_topics());
  ASSERT_TRUE(b.apply(partition_changed{orders, p1, led_by(5)}));
  EXPECT_EQ(b.current().find_partition(orders, p1)->leader, broker_id{5}) << "visible to who decides next";
  delta d = b.finish({raft_index{7}, raft_term{1}});
  EXPECT_EQ(d.partitions, (std::set<std::pair<uuid, partition_id>>{{orders, p1}}));
  ASSERT_TRUE(b.apply(config_changed{config_resource::topic, "orders", "retention.ms", std::nullopt}));
  d = b.finish({raft_index{8}, raft_term{1}});
  EXPECT_TRUE(d.partitions.empty());
  EXPECT_EQ(d.configs, (std::set<config_key>{{config_resource::topic, "orders"}}));
  EXPECT_EQ(d.after->all_configs().size(), 0u);
}

TEST(image, a_change_shares_what_it_didnt_touch) {
  const image_ptr before = two_topics();
  image_builder b(before);
  ASSERT_TRUE(b.apply(partition_changed{orders, p1, led_by(5)}));
  const image_ptr after = b.finish({raft_index{7}, raft_term{1}}).after;
  EXPECT_EQ(after->find_topic(events), before->find_topic(events));
  EXPECT_NE(after->find_topic(orders), before->find_topic(orders));
}

TEST(image, one_change_of_ten_thousand_partitions_copies_one_chunk) {
  image_builder b(image::empty());
  ASSERT_TRUE(b.apply(topic_created{"big", orders}));
  for (std::int32_t p = 0; p < 10000; ++p) ASSERT_TRUE(b.apply(partition_created{orders, partition_id{p}, led_by(p)}));
  const image_ptr before = b.finish({raft_index{1}, raft_term{1}}).after;
  ASSERT_TRUE(b.apply(partition_changed{orders, partition_id{5000}, led_by(-1)}));
  const image_ptr after = b.finish({raft_index{2}, raft_term{1}}).after;
  std::size_t copied = 0;
  for (std::int32_t p = 0; p < 10000; ++p) {
    if (after->find_partition(orders, partition_id{p}) != before->find_partition(orders, partition_id{p})) ++copied;
  }
  EXPECT_EQ(copied, topic::chunk_size);
  EXPECT_LE(sizeof(partition_state), 128u);
}

TEST(image, records_that_dont_fit_change_nothing) {
  const image_ptr before = two_topics();
  image_builder b(before);
  const std::vector<record> bad = {
      topic_created{"orders", uuid{5, 5}},
      topic_created{"other", orders},
      topic_deleted{{5, 5}},
      partition_created{orders, partition_id{3}, led_by(1)},
      partition_created{orders, p1, led_by(1)},
      partition_created{{5, 5}, p0, led_by(1)},
      partition_changed{orders, partition_id{2}, led_by(1)},
      partition_changed{orders, partition_id{-1}, led_by(1)},
      partition_changed{{5, 5}, p0, led_by(1)},
      broker_changed{broker_id{1}, broker_epoch{1}, true, true},
      broker_removed{broker_id{1}},
      producer_ids_allocated{broker_id{1}, broker_epoch{1}, producer_id{-5}},
  };
  for (const record& r : bad) {
    const auto applied = b.apply(r);
    ASSERT_FALSE(applied) << name_of(r);
    EXPECT_EQ(applied.error().code, errc::corrupt);
  }
  const delta d = b.finish(before->position());
  EXPECT_TRUE(d.empty());
  EXPECT_TRUE(*d.after == *before);
}

TEST(image, brokers_register_change_and_go) {
  image_builder b(image::empty());
  broker_registered r;
  r.id = broker_id{4};
  r.epoch = broker_epoch{10};
  r.endpoints = {{"PLAINTEXT", "a", 1, 0}};
  ASSERT_TRUE(b.apply(r));
  EXPECT_FALSE(b.apply(broker_changed{broker_id{4}, broker_epoch{9}, true, false})) << "an older epoch";
  ASSERT_TRUE(b.apply(broker_changed{broker_id{4}, broker_epoch{10}, true, false}));
  delta d = b.finish({raft_index{1}, raft_term{1}});
  EXPECT_EQ(d.brokers, std::set<broker_id>{broker_id{4}});
  EXPECT_TRUE(d.after->find_broker(broker_id{4})->fenced);
  EXPECT_EQ(d.after->find_broker(broker_id{4})->endpoints.size(), 1u);
  ASSERT_TRUE(b.apply(broker_removed{broker_id{4}}));
  EXPECT_EQ(b.finish({raft_index{2}, raft_term{1}}).after->find_broker(broker_id{4}), nullptr);
}

TEST(image, the_cluster_id_is_set_once) {
  image_builder b(image::empty());
  ASSERT_TRUE(b.apply(cluster_created{"a"}));
  EXPECT_TRUE(b.apply(cluster_created{"a"}));
  EXPECT_FALSE(b.apply(cluster_created{"b"}));
  EXPECT_EQ(b.current().cluster_id(), "a");
}

}  // namespace
}  // namespace jackdaw::metadata
