// What each kind of request needs to be allowed, and who asks.
#include <set>

#include "broker_fixture.hpp"
#include "handlers/api_table.hpp"
#include "handlers/shard_state.hpp"

namespace jackdaw::testing {
namespace {

using broker::acl_operation;
using broker::resource_kind;
using protocol::api_key;

std::vector<broker::access> needs_of(api_key key) {
  const auto* entry = broker::find_answered_api(static_cast<std::int16_t>(key));
  return {entry->needs.begin(), entry->needs.end()};
}

TEST(authorization, every_request_needs_something_but_those_that_kafka_answers_to_anybody) {
  const std::set<api_key> open = {api_key::api_versions, api_key::get_telemetry_subscriptions, api_key::push_telemetry};
  for (const auto& entry : broker::answered_apis()) {
    EXPECT_EQ(entry.needs.empty(), open.contains(entry.key)) << static_cast<int>(entry.key);
  }
}

TEST(authorization, data_is_written_and_read_as_the_topic_allows) {
  using broker::access;
  EXPECT_EQ(needs_of(api_key::produce), (std::vector<access>{{acl_operation::write, resource_kind::topic},
                                                             {acl_operation::write, resource_kind::transactional_id}}));
  EXPECT_EQ(needs_of(api_key::fetch), (std::vector<access>{{acl_operation::read, resource_kind::topic},
                                                           {acl_operation::cluster_action, resource_kind::cluster}}));
  EXPECT_EQ(needs_of(api_key::delete_groups), (std::vector<access>{{acl_operation::remove, resource_kind::group}}));
}

TEST(authorization, a_connection_begins_as_nobody_in_particular) {
  test_broker b;
  const auto id = b.connect(0);
  EXPECT_EQ(to_string(*b.state(0).find_connection(id)->who), "User:ANONYMOUS");
}

}  // namespace
}  // namespace jackdaw::testing
