// Random records against a model of plain maps.
#include <gtest/gtest.h>

#include <set>

#include "jackdaw/metadata/difference.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "property/metadata/random_records.hpp"

namespace jackdaw::metadata {
namespace {

using testing::model;
using testing::record_source;

// What differs between two models, the slow way.
delta expected_delta(const model& a, const model& b) {
  delta d;
  for (const auto& [id, t] : a.topics) {
    if (!b.topics.contains(id)) d.deleted_topics.insert({t.name, id});
  }
  for (const auto& [id, t] : b.topics) {
    const auto old = a.topics.find(id);
    if (old == a.topics.end()) d.created_topics.insert({t.name, id});
    for (std::size_t p = 0; p < t.partitions.size(); ++p) {
      if (old == a.topics.end() || p >= old->second.partitions.size() || old->second.partitions[p] != t.partitions[p]) {
        d.partitions.insert({id, partition_id{static_cast<std::int32_t>(p)}});
      }
    }
  }
  return d;
}

class image_property : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(image_property, equals_the_model_and_old_images_stay) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  record_source source(GetParam());
  image_builder builder(image::empty());
  model now;
  model published;
  std::vector<std::pair<image_ptr, model>> old;
  for (int step = 1; step <= 3000; ++step) {
    const record r = source.next(now);
    const auto applied = builder.apply(r);
    ASSERT_TRUE(applied) << name_of(r) << ": " << to_string(applied.error());
    now.apply(r);
    if (!source.random().one_in(10)) continue;
    const delta d = builder.finish({raft_index{step}, raft_term{1}});
    ASSERT_EQ(model::of(*d.after), now) << step;
    ASSERT_EQ(d.after->position().index, raft_index{step});
    d.after->check();
    const delta expected = expected_delta(published, now);
    ASSERT_EQ(d.created_topics, expected.created_topics);
    ASSERT_EQ(d.deleted_topics, expected.deleted_topics);
    for (const auto& p : expected.partitions) ASSERT_TRUE(d.partitions.contains(p));
    for (const auto& [topic, p] : d.partitions) ASSERT_NE(d.after->find_partition(topic, p), nullptr);
    published = now;
    if (source.random().one_in(20)) old.emplace_back(d.after, now);
  }
  for (const auto& [image, was] : old) ASSERT_EQ(model::of(*image), was);
}

// Any two, in either direction, whether they came from one builder or from a snapshot.
TEST_P(image_property, the_difference_of_two_images_names_what_differs_and_nothing_else) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  record_source source(GetParam() + 100);
  image_builder builder(image::empty());
  model now;
  std::vector<std::pair<image_ptr, model>> all{{image::empty(), model{}}};
  for (int step = 1; step <= 1000; ++step) {
    const record r = source.next(now);
    ASSERT_TRUE(builder.apply(r));
    now.apply(r);
    if (step % 50 != 0) continue;
    auto after = builder.finish({raft_index{step}, raft_term{1}}).after;
    if (source.random().one_in(2)) {
      std::vector<record> records;
      after->for_each_record([&](record one) { records.push_back(std::move(one)); });
      after = *image_from_snapshot({raft_index{step}, raft_term{1}}, records);
    }
    all.emplace_back(std::move(after), now);
  }
  for (const auto& [a, model_a] : all) {
    for (const auto& [b, model_b] : all) {
      const delta d = difference(a, b);
      const delta expected = expected_delta(model_a, model_b);
      ASSERT_EQ(d.created_topics, expected.created_topics);
      ASSERT_EQ(d.deleted_topics, expected.deleted_topics);
      ASSERT_EQ(d.partitions, expected.partitions);
      for (const auto* side : {&a, &b}) {
        for (const auto& [key, values] : (*side)->all_configs())
          ASSERT_EQ(d.configs.contains(key), a->configs(key.type, key.name) != b->configs(key.type, key.name))
              << key.name;
        for (const auto& [id, broker] : (*side)->brokers()) {
          const auto *was = a->find_broker(id), *is = b->find_broker(id);
          ASSERT_EQ(d.brokers.contains(id), was == nullptr || is == nullptr || !(*was == *is)) << id.value();
        }
      }
      ASSERT_EQ(d.producer_ids, a->next_producer_id() != b->next_producer_id());
      ASSERT_EQ(d.features, a->features() != b->features());
      ASSERT_TRUE(a != b || d.empty());
    }
  }
}

TEST_P(image_property, a_snapshot_gives_the_same_image) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  record_source source(GetParam());
  image_builder builder(image::empty());
  model now;
  for (int step = 0; step < 1000; ++step) {
    const record r = source.next(now);
    ASSERT_TRUE(builder.apply(r));
    now.apply(r);
  }
  const image_ptr image = builder.finish({raft_index{1000}, raft_term{7}}).after;
  std::vector<record> records;
  image->for_each_record([&](record r) { records.push_back(std::move(r)); });
  const auto decoded = decode(encode(records));
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  ASSERT_EQ(*decoded, records);
  const auto again = image_from_snapshot(image->position(), *decoded);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_TRUE(**again == *image);
}

TEST_P(image_property, two_futures_of_one_image_dont_meet) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  record_source source(GetParam());
  image_builder builder(image::empty());
  model base;
  for (int step = 0; step < 300; ++step) {
    const record r = source.next(base);
    ASSERT_TRUE(builder.apply(r));
    base.apply(r);
  }
  const image_ptr start = builder.finish({raft_index{300}, raft_term{1}}).after;
  model a = base;
  model b = base;
  image_builder left(start);
  image_builder right(start);
  for (int step = 0; step < 300; ++step) {
    model& m = step % 2 == 0 ? a : b;
    const record r = source.next(m);
    ASSERT_TRUE((step % 2 == 0 ? left : right).apply(r));
    m.apply(r);
  }
  EXPECT_EQ(model::of(left.current()), a);
  EXPECT_EQ(model::of(right.current()), b);
  EXPECT_EQ(model::of(*start), base);
}

INSTANTIATE_TEST_SUITE_P(seeds, image_property, ::testing::Range(std::uint64_t{1}, std::uint64_t{7}));

TEST(persistent_map_property, equals_a_map_and_copies_stay) {
  const std::uint64_t seed = 77;
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_source random(seed);
  persistent_map<int, int> map;
  std::map<int, int> model;
  std::vector<std::pair<persistent_map<int, int>, std::map<int, int>>> copies;
  edit_id edit = edit_id::fresh();
  for (int step = 0; step < 20000; ++step) {
    const int key = static_cast<int>(random.below(2000));
    switch (random.below(4)) {
      case 0: {
        const bool erased = map.erase(edit, key);
        ASSERT_EQ(erased, model.erase(key) == 1);
        break;
      }
      case 1: {
        int* value = map.mutate(edit, key);
        ASSERT_EQ(value != nullptr, model.contains(key));
        if (value) *value = model[key] = step;
        break;
      }
      default: map.set(edit, key, step); model[key] = step;
    }
    if (random.one_in(500)) {
      map.check();
      copies.emplace_back(map, model);
      edit = edit_id::fresh();
    }
  }
  for (const auto& [copy, was] : copies) {
    copy.check();
    auto expected = was.begin();
    for (const auto& [key, value] : copy) {
      ASSERT_EQ(key, expected->first);
      ASSERT_EQ(value, expected->second);
      ++expected;
    }
    ASSERT_EQ(expected, was.end());
    const int from = static_cast<int>(random.below(2000));
    const auto lower = was.lower_bound(from);
    const auto found = copy.lower_bound(from);
    ASSERT_EQ(found == copy.end(), lower == was.end());
    if (lower != was.end()) {
      ASSERT_EQ(found.key(), lower->first);
    }
  }
}

}  // namespace
}  // namespace jackdaw::metadata
