// Effective values, their sources and their synonyms, as Apache Kafka 4.3 answers DescribeConfigs.
#include <gtest/gtest.h>

#include "jackdaw/base/config.hpp"
#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/base/config_topic.hpp"

namespace jackdaw {
namespace {

using rows = std::vector<std::tuple<std::string, std::string, config_source>>;

struct maps {
  config_map resource, broker, all, file;
  config_layers layers() const { return {&resource, &broker, &all, &file}; }
};

rows synonyms(const described_value& d) {
  rows out;
  for (const auto& s : d.synonyms) out.emplace_back(s.name, s.value.value_or("null"), s.source);
  return out;
}

described_value describe_topic(const char* name, const maps& m) {
  return describe(config_scope::topic, *find_key(config_scope::topic, name), m.layers());
}
described_value describe_broker(const char* name, const maps& m) {
  return describe(config_scope::broker, *find_key(config_scope::broker, name), m.layers());
}

TEST(config_layers, a_default_lists_the_brokers_default) {
  const auto d = describe_topic("cleanup.policy", {});
  EXPECT_EQ(d.text, "delete");
  EXPECT_EQ(d.source, config_source::default_config);
  EXPECT_EQ(synonyms(d), (rows{{"log.cleanup.policy", "delete", config_source::default_config}}));
}

TEST(config_layers, a_default_in_another_unit_is_not_listed) {
  const auto d = describe_topic("retention.ms", {});
  EXPECT_EQ(d.text, "604800000");
  EXPECT_EQ(d.source, config_source::default_config);
  EXPECT_EQ(synonyms(d), rows{});
}

TEST(config_layers, a_topic_key_that_brokers_lack_has_only_itself) {
  EXPECT_EQ(synonyms(describe_topic("remote.storage.enable", {})), rows{});
  maps m;
  m.resource["leader.replication.throttled.replicas"] = " 0:1 , 1:2";
  const auto d = describe_topic("leader.replication.throttled.replicas", m);
  EXPECT_EQ(d.text, "0:1,1:2");
  EXPECT_EQ(synonyms(d), (rows{{"leader.replication.throttled.replicas", "0:1,1:2", config_source::dynamic_topic}}));
}

TEST(config_layers, all_layers_in_order) {
  maps m;
  m.resource["retention.ms"] = "  77 ";
  m.broker["log.retention.ms"] = "700000000";
  m.all["log.retention.ms"] = "800000000";
  m.file["log.retention.hours"] = "5";
  const auto d = describe_topic("retention.ms", m);
  EXPECT_EQ(d.text, "77");
  EXPECT_EQ(d.source, config_source::dynamic_topic);
  EXPECT_EQ(synonyms(d), (rows{{"retention.ms", "77", config_source::dynamic_topic},
                               {"log.retention.ms", "700000000", config_source::dynamic_broker},
                               {"log.retention.ms", "800000000", config_source::dynamic_default_broker},
                               {"log.retention.hours", "5", config_source::static_broker},
                               {"log.retention.hours", "168", config_source::default_config}}));
  m.resource.clear();
  EXPECT_EQ(describe_topic("retention.ms", m).text, "700000000");
  m.broker.clear();
  EXPECT_EQ(describe_topic("retention.ms", m).source, config_source::dynamic_default_broker);
  m.all.clear();
  EXPECT_EQ(describe_topic("retention.ms", m).text, "18000000");
  EXPECT_EQ(describe_topic("retention.ms", m).source, config_source::static_broker);
}

TEST(config_layers, milliseconds_come_before_minutes_before_hours) {
  maps m;
  m.file["log.retention.hours"] = "5";
  m.file["log.retention.minutes"] = "7";
  EXPECT_EQ(describe_topic("retention.ms", m).text, "420000");
  m.file["log.retention.ms"] = "9";
  EXPECT_EQ(describe_topic("retention.ms", m).text, "9");
}

TEST(config_layers, minus_one_is_unlimited_in_every_unit) {
  maps m;
  m.file["log.retention.hours"] = "-1";
  EXPECT_EQ(describe_topic("retention.ms", m).text, "-1");
  m.file["log.retention.hours"] = "2147483647";
  EXPECT_EQ(describe_topic("retention.ms", m).text, "7730941129200000");
}

TEST(config_layers, flush_falls_back_to_the_scheduler) {
  maps m;
  m.file["log.flush.scheduler.interval.ms"] = "1000";
  EXPECT_EQ(describe_topic("flush.ms", m).text, "1000");
}

TEST(config_layers, a_broker_key_without_value_is_null) {
  maps m;
  m.file["log.retention.hours"] = "5";
  const auto ms = describe_broker("log.retention.ms", m);
  EXPECT_EQ(ms.text, std::nullopt);
  EXPECT_EQ(ms.source, config_source::default_config);
  EXPECT_EQ(synonyms(ms), rows{});
  const auto hours = describe_broker("log.retention.hours", m);
  EXPECT_EQ(hours.text, "5");
  EXPECT_EQ(hours.source, config_source::static_broker);
  EXPECT_EQ(synonyms(hours), (rows{{"log.retention.hours", "5", config_source::static_broker},
                                   {"log.retention.hours", "168", config_source::default_config}}));
}

TEST(config_layers, a_broker_key_lists_its_chain_once_it_is_set) {
  maps m;
  m.all["log.retention.ms"] = " 800000000 ";
  m.file["log.retention.hours"] = "5";
  const auto d = describe_broker("log.retention.ms", m);
  EXPECT_EQ(d.text, "800000000");
  EXPECT_EQ(d.source, config_source::dynamic_default_broker);
  EXPECT_EQ(synonyms(d), (rows{{"log.retention.ms", " 800000000 ", config_source::dynamic_default_broker},
                               {"log.retention.hours", "5", config_source::static_broker},
                               {"log.retention.hours", "168", config_source::default_config}}));
}

TEST(config_layers, groups_list_their_own_default) {
  maps m;
  const auto describe_group = [&](const char* name) {
    return describe(config_scope::group, *find_key(config_scope::group, name), m.layers());
  };
  EXPECT_EQ(synonyms(describe_group("share.auto.offset.reset")),
            (rows{{"share.auto.offset.reset", "latest", config_source::default_config}}));
  m.resource["consumer.session.timeout.ms"] = "46000";
  EXPECT_EQ(synonyms(describe_group("consumer.session.timeout.ms")),
            (rows{{"consumer.session.timeout.ms", "46000", config_source::group},
                  {"group.consumer.session.timeout.ms", "45000", config_source::default_config}}));
}

TEST(config_layers, client_metrics_list_only_what_is_set) {
  maps m;
  m.resource["interval.ms"] = "1000";
  const auto describe_metrics = [&](const char* name) {
    return describe(config_scope::client_metrics, *find_key(config_scope::client_metrics, name), m.layers());
  };
  EXPECT_EQ(synonyms(describe_metrics("interval.ms")), (rows{{"interval.ms", "1000", config_source::client_metrics}}));
  EXPECT_EQ(synonyms(describe_metrics("match")), rows{});
}

TEST(topic_config, of_nothing_is_the_default) { EXPECT_EQ(effective_topic_config({}), topic_config{}); }

TEST(topic_config, is_typed) {
  maps m;
  m.resource = {
      {"cleanup.policy", "compact"}, {"compression.type", "zstd"}, {"message.timestamp.type", "LogAppendTime"},
      {"retention.bytes", "5"},      {"preallocate", "TRUE"},      {"segment.bytes", "1048576"}};
  m.file["log.roll.hours"] = "1";
  const topic_config c = effective_topic_config(m.layers());
  EXPECT_TRUE(c.cleanup_compact);
  EXPECT_FALSE(c.cleanup_delete);
  EXPECT_EQ(c.compression, topic_compression::zstd);
  EXPECT_TRUE(c.message_timestamp_log_append_time);
  EXPECT_EQ(c.retention_bytes, 5);
  EXPECT_TRUE(c.preallocate);
  EXPECT_EQ(c.segment_bytes, 1048576);
  EXPECT_EQ(c.segment_ms, 3600000);
}

std::string why_refused(const config_map& proposed, const config_layers& layers = {}) {
  const auto r = check_topic_config(proposed, layers);
  return r ? "" : r.error().detail;
}

TEST(topic_config, checks_names_then_values_then_combinations) {
  EXPECT_EQ(why_refused({}), "");
  EXPECT_EQ(why_refused({{"retention.ms", "1000"}, {"local.retention.ms", "2000"}}), "");
  EXPECT_EQ(why_refused({{"segment.bytes", "-1"}, {"unknown", "1"}}), "Unknown topic config name: unknown");
  EXPECT_EQ(why_refused({{"segment.bytes", "-1"}}),
            "Invalid value -1 for configuration segment.bytes: Value must be at least 1048576");
  EXPECT_EQ(why_refused({{"min.compaction.lag.ms", "100"}, {"max.compaction.lag.ms", "50"}}),
            "conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)");
  EXPECT_EQ(why_refused({{"remote.storage.enable", "true"}}),
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log "
            "storage.");
}

TEST(topic_config, combinations_count_the_brokers_values) {
  maps m;
  m.all["log.cleaner.max.compaction.lag.ms"] = "10";
  EXPECT_EQ(why_refused({{"min.compaction.lag.ms", "100"}}, m.layers()),
            "conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (10)");
}

TEST(config_layers, settings_that_change_while_a_broker_runs_take_the_strongest_layer) {
  maps m;
  m.file = {{"max.connections", "10"}, {"max.connections.per.ip", "11"}, {"producer.id.expiration.ms", "12"}};
  m.all = {{"max.connections", "20"}, {"max.connections.per.ip", "21"}, {"max.connection.creation.rate", "22"}};
  m.broker = {{"max.connections", "30"},
              {"max.connections.per.ip.overrides", "here:1,there:2"},
              {"num.recovery.threads.per.data.dir", "31"}};
  dynamic_config c;
  c.max_connections = 30;
  c.max_connections_per_ip = 21;
  c.max_connections_per_ip_overrides = {{"here", 1}, {"there", 2}};
  c.max_connection_creation_rate = 22;
  c.num_recovery_threads_per_data_dir = 31;
  c.producer_id_expiration_ms = 12;
  EXPECT_EQ(effective_dynamic_config(m.layers()), c);
}

}  // namespace
}  // namespace jackdaw
