#include <gtest/gtest.h>

#include "jackdaw/base/config_broker.hpp"

namespace jackdaw {
namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs parsed(std::string_view text) {
  pairs out;
  const auto settings = parse_properties(text, "f");
  EXPECT_TRUE(settings.has_value());
  for (const auto& s : *settings) out.emplace_back(s.key, s.value);
  return out;
}

TEST(properties, keys_end_at_equals_colon_or_blank) {
  EXPECT_EQ(parsed("a=1\nb:2\nc 3\nd = 4\ne\t:\t5\nf"),
            (pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}, {"f", ""}}));
}

TEST(properties, values_keep_separators_and_trailing_blanks) {
  EXPECT_EQ(parsed("a==1\nlisteners=PLAINTEXT://:9092 \nc=x y"),
            (pairs{{"a", "=1"}, {"listeners", "PLAINTEXT://:9092 "}, {"c", "x y"}}));
}

TEST(properties, comments_and_blank_lines_are_skipped) {
  EXPECT_EQ(parsed("# a=1\n  ! b=2\n\n   \n  c=3\n#end"), (pairs{{"c", "3"}}));
}

TEST(properties, a_backslash_joins_lines) {
  EXPECT_EQ(parsed("a=1,\\\n   2,\\\n\t3\nb=4"), (pairs{{"a", "1,2,3"}, {"b", "4"}}));
  EXPECT_EQ(parsed("a=1\\\\\nb=2"), (pairs{{"a", "1\\"}, {"b", "2"}}));
  EXPECT_EQ(parsed("a=1\\"), (pairs{{"a", "1"}}));
  EXPECT_EQ(parsed("a=1\\\n# not a comment"), (pairs{{"a", "1# not a comment"}}));
}

TEST(properties, escapes) {
  EXPECT_EQ(parsed("a=\\t\\n\\r\\f\\q\\=\nk\\=\\ x=1\nu=\\u00e9\\u20AC"),
            (pairs{{"a", "\t\n\r\fq="}, {"k= x", "1"}, {"u", "\xc3\xa9\xe2\x82\xac"}}));
  for (const char* bad : {"a=\\u12", "a=\\uzzzz", "a=\\u"}) {
    const auto r = parse_properties(bad, "f");
    ASSERT_FALSE(r.has_value()) << bad;
    EXPECT_EQ(r.error().detail, "f:1: \\u must be followed by four hexadecimal digits");
  }
}

TEST(properties, all_line_ends_count_alike) {
  const auto settings = parse_properties("a=1\r\nb=\\\r\n2\rc=3\n\nd=4", "f");
  ASSERT_EQ(settings->size(), 4u);
  EXPECT_EQ((*settings)[0].origin, "f:1");
  EXPECT_EQ((*settings)[1].origin, "f:2");
  EXPECT_EQ((*settings)[1].value, "2");
  EXPECT_EQ((*settings)[2].origin, "f:4");
  EXPECT_EQ((*settings)[3].origin, "f:6");
}

TEST(properties, a_byte_order_mark_is_no_part_of_the_key) {
  EXPECT_EQ(parsed("\xef\xbb\xbfnode.id=1"), (pairs{{"node.id", "1"}}));
}

pairs from_environment(const pairs& environment) {
  pairs out;
  for (const auto& s : settings_from_environment(environment)) out.emplace_back(s.key, s.value);
  return out;
}

TEST(environment, underscores_become_dots_underscores_and_dashes) {
  EXPECT_EQ(from_environment({{"KAFKA_LOG_DIRS", "/d"},
                              {"KAFKA_A__B", "1"},
                              {"KAFKA_A___B", "2"},
                              {"KAFKA_LISTENER_NAME_SASL__SSL_X", "3"},
                              {"KAFKA_LISTENER_NAME_SECURE_SCRAM-SHA-256_SASL_JAAS_CONFIG", "4"}}),
            (pairs{{"log.dirs", "/d"},
                   {"a_b", "1"},
                   {"a-b", "2"},
                   {"listener.name.sasl_ssl.x", "3"},
                   {"listener.name.secure.scram-sha-256.sasl.jaas.config", "4"}}));
}

TEST(environment, variables_for_scripts_and_for_others_are_left_out) {
  EXPECT_EQ(from_environment({{"KAFKA_OPTS", "x"},
                              {"KAFKA_HEAP_OPTS", "x"},
                              {"KAFKA_JMX_PORT", "x"},
                              {"KAFKA_LOG4J_LOGGERS", "x"},
                              {"KAFKA_VERSION", "x"},
                              {"KAFKA_", "x"},
                              {"PATH", "x"},
                              {"MY_KAFKA_LOG_DIRS", "x"}}),
            pairs{});
}

TEST(environment, cluster_ids_and_bitnamis_names) {
  EXPECT_EQ(from_environment({{"CLUSTER_ID", "a"},
                              {"KAFKA_KRAFT_CLUSTER_ID", "b"},
                              {"KAFKA_CFG_LISTENER_NAME_SASL_SSL_X", "c"},
                              {"KAFKA_CFG_NODE_ID", "7"}}),
            (pairs{{"jackdaw.cluster.id", "a"},
                   {"jackdaw.cluster.id", "b"},
                   {"listener.name.sasl_ssl.x", "c"},
                   {"node.id", "7"}}));
}

}  // namespace
}  // namespace jackdaw
