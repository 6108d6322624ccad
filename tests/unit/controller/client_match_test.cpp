// Which clients a client-metrics subscription is for.
#include "jackdaw/controller/client_match.hpp"

#include <gtest/gtest.h>

namespace jackdaw::controller {
namespace {

client_facts somebody() { return {"orders-7", "id", "apache-kafka-java", "4.3.1", "10.1.2.3", "4711"}; }

bool fits(const std::vector<std::string>& items) {
  const auto match = client_match::parse(items);
  EXPECT_TRUE(match) << (match ? "" : match.error().detail);
  return match && match->fits(somebody());
}

TEST(client_match, without_patterns_everybody_fits) { EXPECT_TRUE(fits({})); }

TEST(client_match, all_patterns_must_fit_the_whole_text) {
  EXPECT_TRUE(fits({"client_id=orders-.*", "client_software_version=4\\..*", "client_source_port=[0-9]+"}));
  EXPECT_FALSE(fits({"client_id=orders"}));
  EXPECT_FALSE(fits({"client_id=orders-.*", "client_source_address=192.*"}));
  EXPECT_TRUE(fits({" client_software_name = apache-kafka-java ", "client_instance_id=id"}));
}

TEST(client_match, of_two_patterns_for_one_name_the_last_counts) {
  EXPECT_TRUE(fits({"client_id=nobody", "client_id=orders-7"}));
}

TEST(client_match, what_is_no_pattern_is_refused) {
  for (const auto* item :
       {"client_id", "client_id=", "=x", "x=y", "client_id=a=b", "client_id=[", "client_id=a(?=b)"}) {
    const auto match = client_match::parse({item});
    ASSERT_FALSE(match) << item;
    EXPECT_EQ(match.error().detail, "Illegal client matching pattern: " + std::string(item));
  }
}

TEST(client_match, patterns_that_blow_up_elsewhere_take_linear_time) {
  const auto match = client_match::parse({"client_id=(a*)*b"});
  ASSERT_TRUE(match);
  auto client = somebody();
  client[0] = std::string(30'000, 'a');
  EXPECT_FALSE(match->fits(client));
}

}  // namespace
}  // namespace jackdaw::controller
