// The committed state on its way to the shards.
#include "quorum/cluster_state.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace jackdaw::testing {
namespace {

using broker::cluster_state;

metadata::image_ptr image_of(std::initializer_list<metadata::record> records, std::int64_t index) {
  metadata::image_builder builder(metadata::image::empty());
  for (const auto& r : records) EXPECT_TRUE(builder.apply(r));
  return builder.finish({raft_index{index}, raft_term{1}}).after;
}

TEST(cluster_state, an_installed_snapshot_frees_deleted_topics_names_before_others_take_them) {
  struct published {
    cluster_state::delta_ptr change;
    unique_function<void()> applied;
  };
  std::vector<published> out;
  std::vector<metadata::image_ptr> told;
  cluster_state state(
      [&](auto change, auto applied) {
        out.push_back({std::move(change), std::move(applied)});
      },
      [&](const metadata::image_ptr& image) { told.push_back(image); });
  const uuid old_id{1, 1}, new_id{2, 2};
  state.restore(image_of({metadata::topic_created{"t", old_id}}, 5), {});
  const auto target = image_of({metadata::topic_created{"t", new_id}}, 9);
  state.install(target, {});
  EXPECT_EQ(state.committed(), target);

  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].change->deleted_topics.size(), 1U);
  EXPECT_TRUE(out[0].change->created_topics.empty());
  EXPECT_EQ(out[0].change->after->find_topic("t"), nullptr);
  out[0].applied();

  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[1].change->before, out[0].change->after);
  EXPECT_EQ(out[1].change->created_topics.size(), 1U);
  EXPECT_TRUE(out[1].change->deleted_topics.empty());
  EXPECT_EQ(out[1].change->after, target);
  out[1].applied();
  EXPECT_TRUE(state.is_published());
  EXPECT_EQ(told.back(), target);
}

}  // namespace
}  // namespace jackdaw::testing
