#include "jackdaw/controller/quotas.hpp"

#include <limits>

#include "unit/controller/support.hpp"

namespace jackdaw::controller {
namespace {

using metadata::client_quota_changed;
using metadata::quota_entity;
using parts = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct op {
  std::string key;
  std::optional<double> value;
};
struct alteration {
  parts entity;
  std::vector<op> ops;
};

decision<std::vector<altered_quota>> alter(const cluster& c, const std::vector<alteration>& all,
                                           bool validate_only = false) {
  protocol::alter_client_quotas_request request;
  request.validate_only = validate_only;
  for (const auto& a : all) {
    auto& e = request.entries.emplace_back();
    for (const auto& [type, name] : a.entity) {
      auto& part = e.entity.emplace_back();
      part.entity_type = type;
      part.entity_name = name ? std::optional<std::string_view>(*name) : std::nullopt;
    }
    for (const auto& o : a.ops) {
      auto& out = e.ops.emplace_back();
      out.key = o.key;
      out.value = o.value.value_or(0);
      out.remove = !o.value;
    }
  }
  return alter_client_quotas(c.image(), request);
}

std::string verdict_on(const parts& entity, const std::string& key, std::optional<double> value) {
  const auto decided = alter(cluster(), {{entity, {{key, value}}}});
  EXPECT_EQ(decided.reply.size(), 1U);
  EXPECT_EQ(decided.records.empty(), !decided.reply[0].outcome.ok() || !value);
  return text(decided.reply[0].outcome);
}

const std::string bytes = "producer_byte_rate";
const std::string connections = "connection_creation_rate";
const parts user = {{"user", "u"}};
const parts address = {{"ip", "10.0.0.1"}};

TEST(alter_client_quotas, entities) {
  EXPECT_EQ(verdict_on(user, bytes, 1), "0");
  EXPECT_EQ(verdict_on({{"user", std::nullopt}}, bytes, 1), "0");
  EXPECT_EQ(verdict_on({{"user", "u"}, {"client-id", std::nullopt}}, bytes, 1), "0");
  EXPECT_EQ(verdict_on({}, bytes, 1), "42: Invalid empty client quota entity");
  EXPECT_EQ(verdict_on({{"foo", "x"}}, bytes, 1), "42: Unhandled client quota entity type: foo");
  EXPECT_EQ(verdict_on({{"user", ""}}, bytes, 1), "42: Empty user not supported");
  const std::string alone =
      "42: Invalid quota entity combination, an IP entity can't be combined with User or ClientId";
  EXPECT_EQ(verdict_on({{"user", "u"}, {"ip", "10.0.0.1"}}, bytes, 1), alone);
  EXPECT_EQ(verdict_on({{"client-id", "c"}, {"ip", std::nullopt}}, connections, 1), alone);
  EXPECT_EQ(verdict_on({{"ip", "no host"}}, connections, 1), "42: no host is not a valid IP or resolvable host.");
  for (const auto* host : {"10.0.0.1", "::1", "localhost"}) EXPECT_EQ(verdict_on({{"ip", host}}, connections, 1), "0");
}

TEST(alter_client_quotas, the_last_of_two_names_of_one_type_counts) {
  const auto decided = alter(cluster(), {{{{"user", "u"}, {"user", "v"}}, {{bytes, 1}}}});
  ASSERT_EQ(decided.reply.size(), 1U);
  EXPECT_EQ(decided.reply[0].entity, (quota_entity{{{"user", "v"}}}));
}

TEST(alter_client_quotas, keys_belong_to_types_of_entities) {
  EXPECT_EQ(verdict_on(user, "bogus", 1), "42: Invalid configuration key bogus");
  EXPECT_EQ(verdict_on(user, connections, 1), "42: Invalid configuration key " + connections);
  EXPECT_EQ(verdict_on(address, bytes, 1), "42: Invalid configuration key " + bytes);
  EXPECT_EQ(verdict_on(user, "bogus", std::nullopt), "0") << "removing what isn't there";
}

TEST(alter_client_quotas, values) {
  EXPECT_EQ(verdict_on(user, bytes, 0), "42: Quota producer_byte_rate must be greater than 0");
  EXPECT_EQ(verdict_on(user, bytes, -1), "42: Quota producer_byte_rate must be greater than 0");
  EXPECT_EQ(verdict_on(user, bytes, std::numeric_limits<double>::quiet_NaN()),
            "42: Quota producer_byte_rate must be greater than 0");
  EXPECT_EQ(verdict_on(user, bytes, 1.5), "42: producer_byte_rate cannot be a fractional value.");
  EXPECT_EQ(verdict_on(user, bytes, 1e30), "42: Proposed value for producer_byte_rate is too large for a LONG.");
  EXPECT_EQ(verdict_on(address, connections, 3e9),
            "42: Proposed value for connection_creation_rate is too large for an INT.");
  EXPECT_EQ(verdict_on(address, connections, 0), "42: Quota connection_creation_rate must be greater than 0");
  EXPECT_EQ(verdict_on(user, "request_percentage", 0.5), "0");
  EXPECT_EQ(verdict_on(user, "controller_mutation_rate", 0.25), "0");
}

TEST(alter_client_quotas, each_entity_is_changed_whole_or_not_at_all) {
  const auto decided = alter(cluster(), {{user, {{bytes, 60}, {"bogus", 1}}}, {{{"client-id", "c"}}, {{bytes, 1000}}}});
  ASSERT_EQ(decided.reply.size(), 2U);
  EXPECT_FALSE(decided.reply[0].outcome.ok());
  EXPECT_TRUE(decided.reply[1].outcome.ok());
  EXPECT_EQ(records_of<client_quota_changed>(decided.records),
            (std::vector<client_quota_changed>{{{{{"client-id", "c"}}}, bytes, 1000.0}}));
}

TEST(alter_client_quotas, an_entity_named_twice_is_changed_once_and_told_so) {
  const auto decided = alter(cluster(), {{user, {{bytes, 30}}}, {user, {{bytes, 40}}}});
  ASSERT_EQ(decided.reply.size(), 1U);
  EXPECT_EQ(text(decided.reply[0].outcome), "42: Ignoring duplicate entity {user=u}");
  ASSERT_EQ(decided.records.size(), 1U);
  EXPECT_EQ(std::get<client_quota_changed>(decided.records[0]).value, 30.0);
  const auto keys = alter(cluster(), {{user, {{bytes, 30}, {bytes, std::nullopt}}}});
  EXPECT_EQ(text(keys.reply.at(0).outcome), "42: Ignoring duplicate entity {user=u}");
  EXPECT_TRUE(keys.records.empty());
}

TEST(alter_client_quotas, only_what_changes_is_recorded) {
  cluster c;
  c.apply({client_quota_changed{{{{"user", "u"}}}, bytes, 10.0}});
  EXPECT_TRUE(alter(c, {{user, {{bytes, 10}, {"consumer_byte_rate", std::nullopt}}}}).records.empty());
  const auto removed = alter(c, {{user, {{bytes, std::nullopt}}}});
  ASSERT_EQ(removed.records.size(), 1U);
  c.apply(removed.records);
  EXPECT_EQ(c.image().quotas().size(), 0U);
}

TEST(alter_client_quotas, validating_alone_records_nothing) {
  const auto decided = alter(cluster(), {{user, {{bytes, 70}}}, {user, {{bytes, 0}}}}, true);
  EXPECT_TRUE(decided.records.empty());
  EXPECT_EQ(decided.reply.size(), 1U);
  EXPECT_TRUE(text(alter(cluster(), {{user, {{bytes, 70}}}}, true).reply.at(0).outcome) == "0");
}

}  // namespace
}  // namespace jackdaw::controller
