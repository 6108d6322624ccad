#include "jackdaw/security/quotas.hpp"

#include <gtest/gtest.h>

#include "jackdaw/metadata/image_builder.hpp"

#include "unit/security/at_ms.hpp"

namespace jackdaw::security {
namespace {

using metadata::client_quota_changed;
using metadata::quota_entity;

// "user u, client-id <default>" -> entity; "-" stands for absent, "*" for the default.
quota_entity entity(const std::string& user, const std::string& client) {
  quota_entity e;
  if (user != "-") e.parts["user"] = user == "*" ? std::nullopt : std::optional(user);
  if (client != "-") e.parts["client-id"] = client == "*" ? std::nullopt : std::optional(client);
  return e;
}

TEST(find_quota, the_order_of_precedence) {
  const std::pair<quota_entity, quota_entity> order[] = {
      {entity("u", "c"), entity("u", "c")}, {entity("u", "*"), entity("u", "c")}, {entity("u", "-"), entity("u", "-")},
      {entity("*", "c"), entity("u", "c")}, {entity("*", "*"), entity("u", "c")}, {entity("*", "-"), entity("u", "-")},
      {entity("-", "c"), entity("-", "c")}, {entity("-", "*"), entity("-", "c")},
  };
  metadata::image_builder builder(metadata::image::empty());
  double limit = 0;
  // From the last to the first: each new one goes before all others.
  for (auto at = std::rbegin(order); at != std::rend(order); ++at) {
    ASSERT_TRUE(builder.apply(client_quota_changed{at->first, "producer_byte_rate", ++limit}));
    const auto found = find_quota(builder.current().quotas(), quota_kind::produce, "u", "c");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->limit, limit);
    EXPECT_EQ(found->counted, at->second);
  }
  const auto& quotas = builder.current().quotas();
  EXPECT_EQ(find_quota(quotas, quota_kind::produce, "v", "c")->limit, 5) << "any user with this client";
  EXPECT_EQ(find_quota(quotas, quota_kind::produce, "v", "d")->limit, 4);
  EXPECT_FALSE(find_quota(quotas, quota_kind::fetch, "u", "c")) << "another key";
}

TEST(find_quota, each_key_is_looked_for_on_its_own) {
  metadata::image_builder builder(metadata::image::empty());
  ASSERT_TRUE(builder.apply(client_quota_changed{entity("u", "c"), "producer_byte_rate", 1.0}));
  ASSERT_TRUE(builder.apply(client_quota_changed{entity("-", "*"), "request_percentage", 2.0}));
  const auto& quotas = builder.current().quotas();
  EXPECT_EQ(find_quota(quotas, quota_kind::request, "u", "c")->counted, entity("-", "c"));
  EXPECT_EQ(find_quota(quotas, quota_kind::produce, "u", "c")->counted, entity("u", "c"));
  EXPECT_FALSE(find_quota(quotas, quota_kind::produce, "u", "d"));
  EXPECT_EQ(find_quota(quotas, quota_kind::request, "u", "")->counted, entity("-", "")) << "who says no client id";
}

// As observed with Apache Kafka at 0.5 per second: a burst of 5.5, overdrawn by what is still accepted.
TEST(mutation_allowance, an_old_request_is_done_and_told_to_wait) {
  auto bucket = std::make_shared<token_bucket>();
  mutation_allowance first(bucket, 0.5, {}, false);
  EXPECT_TRUE(first.take(6, at_ms(0)));
  EXPECT_EQ(throttle_ms(first.wait()), 1000);
  mutation_allowance second(bucket, 0.5, {}, false);
  EXPECT_TRUE(second.take(4, at_ms(1000)));
  EXPECT_EQ(throttle_ms(second.wait()), 8000);
}

TEST(mutation_allowance, a_strict_request_is_refused_from_where_the_quota_is_spent) {
  auto bucket = std::make_shared<token_bucket>();
  mutation_allowance first(bucket, 0.5, {}, true);
  EXPECT_TRUE(first.take(20, at_ms(0)));
  EXPECT_EQ(throttle_ms(first.wait()), 0) << "accepted: no need to wait before the next try";
  EXPECT_FALSE(first.take(1, at_ms(0)));
  EXPECT_EQ(throttle_ms(first.wait()), 29'000);
  mutation_allowance later(bucket, 0.5, {}, true);
  EXPECT_FALSE(later.take(1, at_ms(28'999)));
  EXPECT_TRUE(later.take(1, at_ms(29'000)));
}

}  // namespace
}  // namespace jackdaw::security
