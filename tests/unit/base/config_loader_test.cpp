#include <fstream>
#include <sstream>

#include "unit/base/config_support.hpp"

namespace jackdaw {
namespace {

TEST(config_loader, of_nothing_is_a_single_node_on_localhost) {
  const broker_config c = loaded({});
  EXPECT_EQ(c.node_id, broker_id{1});
  EXPECT_TRUE(c.is_broker && c.is_controller);
  EXPECT_EQ(shown(c.listeners), "PLAINTEXT://localhost:9092/PLAINTEXT ");
  EXPECT_EQ(shown(c.advertised_listeners), "PLAINTEXT://localhost:9092/PLAINTEXT ");
  EXPECT_EQ(c.inter_broker_listener, "PLAINTEXT");
  EXPECT_EQ(c.log_dirs, std::vector<std::string>{"./data"});
  EXPECT_EQ(c.metadata_log_dir, "./data");
  EXPECT_TRUE(c.auto_create_topics_enable);
  EXPECT_EQ(c.settings,
            (config_map{{"broker.id", "1"}, {"listeners", "PLAINTEXT://localhost:9092"}, {"node.id", "1"}}));
}

// Whoever changes a default in the table must change the field, and the other way round.
TEST(config_loader, defaults_of_table_and_struct_agree) {
  const broker_config c = loaded({});
  const broker_config d;
  EXPECT_EQ(c.socket_send_buffer_bytes, d.socket_send_buffer_bytes);
  EXPECT_EQ(c.socket_receive_buffer_bytes, d.socket_receive_buffer_bytes);
  EXPECT_EQ(c.socket_request_max_bytes, d.socket_request_max_bytes);
  EXPECT_EQ(c.socket_listen_backlog_size, d.socket_listen_backlog_size);
  EXPECT_EQ(c.connections_max_idle_ms, d.connections_max_idle_ms);
  EXPECT_EQ(c.fetch_max_bytes, d.fetch_max_bytes);
  EXPECT_EQ(c.max_incremental_fetch_session_cache_slots, d.max_incremental_fetch_session_cache_slots);
  EXPECT_EQ(c.max_request_partition_size_limit, d.max_request_partition_size_limit);
  EXPECT_EQ(c.auto_create_topics_enable, d.auto_create_topics_enable);
  EXPECT_EQ(c.delete_topic_enable, d.delete_topic_enable);
  EXPECT_EQ(c.num_partitions, d.num_partitions);
  EXPECT_EQ(c.default_replication_factor, d.default_replication_factor);
  EXPECT_EQ(c.log_retention_check_interval_ms, d.log_retention_check_interval_ms);
  EXPECT_EQ(c.log_flush_scheduler_interval_ms, d.log_flush_scheduler_interval_ms);
  EXPECT_EQ(c.log_flush_offset_checkpoint_interval_ms, d.log_flush_offset_checkpoint_interval_ms);
  EXPECT_EQ(c.log_flush_start_offset_checkpoint_interval_ms, d.log_flush_start_offset_checkpoint_interval_ms);
  EXPECT_EQ(c.log_initial_task_delay_ms, d.log_initial_task_delay_ms);
  EXPECT_EQ(c.producer_id_expiration_check_interval_ms, d.producer_id_expiration_check_interval_ms);
  EXPECT_EQ(c.metadata_log_max_record_bytes_between_snapshots, d.metadata_log_max_record_bytes_between_snapshots);
  EXPECT_EQ(c.metadata_log_max_snapshot_interval_ms, d.metadata_log_max_snapshot_interval_ms);
  EXPECT_EQ(c.metadata_log_segment_bytes, d.metadata_log_segment_bytes);
  EXPECT_EQ(c.dynamic, d.dynamic);
  EXPECT_EQ(c.shards, d.shards);
  EXPECT_EQ(c.disk_threads, d.disk_threads);
  EXPECT_EQ(c.memory_shard_bytes, d.memory_shard_bytes);
  EXPECT_EQ(c.memory_connection_bytes, d.memory_connection_bytes);
  EXPECT_EQ(c.connection_requests_max, d.connection_requests_max);
  EXPECT_EQ(c.log_level, d.log_level);
  EXPECT_EQ(c.log_format, d.log_format);
}

TEST(config_loader, later_sources_win) {
  config_input in = file("num.partitions=1\nlog.dirs=/file\ndefault.replication.factor=2\n");
  in.environment = {{"KAFKA_NUM_PARTITIONS", "2"}, {"KAFKA_LOG_DIRS", "/env"}};
  in.overrides = {"num.partitions=3"};
  const broker_config c = loaded(in);
  EXPECT_EQ(c.num_partitions, 3);
  EXPECT_EQ(c.log_dirs, std::vector<std::string>{"/env"});
  EXPECT_EQ(c.default_replication_factor, 2);
  EXPECT_EQ(c.settings.at("num.partitions"), "3");
}

TEST(config_loader, the_file_of_an_article_starts_with_one_warning_for_each_foreign_key) {
  const config_input in = file(
      "broker.id=0\n"
      "listeners=PLAINTEXT://:9092\n"
      "log.dirs=/tmp/kafka-logs\n"
      "num.partitions=3\n"
      "acks=all\n"
      "retries=3\n"
      "zookeeper.connect=localhost:2181\n"
      "zookeeper.connection.timeout.ms=18000\n"
      "inter.broker.protocol.version=2.8\n"
      "confluent.support.metrics.enable=true\n"
      "retention.ms=1000\n"
      "bootstrap.servers=localhost:9092\n"
      "group.initial.rebalance.delay.ms=0\n");
  EXPECT_EQ(loaded(in).node_id, broker_id{0});
  EXPECT_EQ(warnings(in),
            (std::vector<std::string>{
                "server.properties:5: acks has no effect: it is a setting of clients",
                "server.properties:6: retries has no effect: it is a setting of clients",
                "server.properties:7: zookeeper.connect has no effect: there is no ZooKeeper; the metadata quorum "
                "replaces it",
                "server.properties:8: zookeeper.connection.timeout.ms has no effect: there is no ZooKeeper; the "
                "metadata quorum replaces it",
                "server.properties:9: inter.broker.protocol.version has no effect: it belongs to older versions of "
                "Kafka",
                "server.properties:10: confluent.support.metrics.enable has no effect: it is a setting of "
                "Confluent's distribution",
                "server.properties:11: retention.ms has no effect: it is a setting of topics; the broker's is "
                "log.retention.ms",
                "server.properties:12: bootstrap.servers has no effect: it is a setting of clients"}));
}

TEST(config_loader, an_unknown_key_names_its_line_and_the_nearest_key) {
  EXPECT_EQ(
      warnings(file("node.id=1\n\nlog.segmet.bytes=1\n")),
      std::vector<std::string>{"server.properties:3: unknown key log.segmet.bytes; did you mean log.segment.bytes?"});
  EXPECT_EQ(warnings(file("completely.different.thing=1\n")),
            std::vector<std::string>{
                "server.properties:1: unknown key completely.different.thing; docs/configuration.md lists all keys"});
}

TEST(config_loader, an_unknown_override_is_an_error) {
  config_input in;
  in.overrides = {"log.dir.s=x", "nonsense"};
  EXPECT_EQ(problems(in),
            "--override: unknown key log.dir.s; did you mean log.dirs?\n--override nonsense: allowed is key=value");
}

TEST(config_loader, an_unknown_variable_is_only_a_warning) {
  config_input in;
  in.environment = {{"KAFKA_LOG_SEGMET_BYTES", "5"}};
  EXPECT_EQ(warnings(in), std::vector<std::string>{"variable KAFKA_LOG_SEGMET_BYTES: unknown key log.segmet.bytes; "
                                                   "did you mean log.segment.bytes?"});
}

TEST(config_loader, strict_makes_every_unknown_key_an_error_wherever_it_is_set) {
  const std::string wanted =
      "server.properties:1: unknown key log.segmet.bytes; did you mean log.segment.bytes?\n"
      "variable KAFKA_NUM_PARTITION: unknown key num.partition; did you mean num.partitions?";
  const std::vector<std::pair<std::string, std::string>> variables{{"KAFKA_NUM_PARTITION", "5"}};
  config_input in = file("log.segmet.bytes=1\njackdaw.config.strict=true\n");
  in.environment = variables;
  EXPECT_EQ(problems(in), wanted);
  in = file("log.segmet.bytes=1\n");
  in.environment = variables;
  in.overrides = {"jackdaw.config.strict=true"};
  EXPECT_EQ(problems(in), wanted);
  in.overrides = {};
  in.environment.emplace_back("KAFKA_JACKDAW_CONFIG_STRICT", "true");
  EXPECT_EQ(problems(in), wanted);
  in.overrides = {"jackdaw.config.strict=false"};
  EXPECT_EQ(problems(in), "") << "the last one counts";
}

TEST(config_loader, strict_leaves_keys_that_belong_elsewhere_alone) {
  EXPECT_EQ(warnings(file("jackdaw.config.strict=true\nacks=all\n")),
            std::vector<std::string>{"server.properties:2: acks has no effect: it is a setting of clients"});
}

TEST(config_loader, a_comment_behind_a_number_or_a_boolean_is_left_out_with_a_warning) {
  const config_input in = file("num.partitions=3  # a few\nauto.create.topics.enable=false\t# no\n");
  EXPECT_EQ(loaded(in).num_partitions, 3);
  EXPECT_FALSE(loaded(in).auto_create_topics_enable);
  EXPECT_EQ(loaded(in).settings.at("num.partitions"), "3");
  EXPECT_EQ(
      warnings(in),
      (std::vector<std::string>{
          "server.properties:1: num.partitions=3  # a few is taken as 3: Kafka has no comments behind a value and "
          "would refuse it",
          "server.properties:2: auto.create.topics.enable=false\t# no is taken as false: Kafka has no comments "
          "behind a value and would refuse it"}));
}

TEST(config_loader, a_hash_is_no_comment_where_it_may_be_part_of_the_value) {
  EXPECT_EQ(loaded(file("log.dirs=/a # b\n")).log_dirs, std::vector<std::string>{"/a # b"});
  EXPECT_EQ(problems(file("num.partitions=3#a\n")),
            "server.properties:1: num.partitions=3#a is not allowed; allowed is a whole number of at least 1");
  EXPECT_EQ(problems(file("num.partitions=few # 3\n")),
            "server.properties:1: num.partitions=few # 3 is not allowed; allowed is a whole number of at least 1");
  EXPECT_EQ(problems(file("num.partitions=# 3\n")),
            "server.properties:1: num.partitions=# 3 is not allowed; allowed is a whole number of at least 1");
}

TEST(config_loader, a_bad_value_names_line_key_value_and_what_is_allowed) {
  config_input in = file("log.segment.bytes=12\ncompression.type=GZIP\n");
  in.environment = {{"KAFKA_AUTO_CREATE_TOPICS_ENABLE", "yes"}};
  in.overrides = {"num.partitions=0"};
  EXPECT_EQ(problems(in),
            "server.properties:1: log.segment.bytes=12 is not allowed; allowed is a whole number of at least 1048576\n"
            "server.properties:2: compression.type=GZIP is not allowed; allowed is one of uncompressed, zstd, lz4, "
            "snappy, gzip, producer\n"
            "variable KAFKA_AUTO_CREATE_TOPICS_ENABLE: auto.create.topics.enable=yes is not allowed; allowed is true "
            "or false\n"
            "--override: num.partitions=0 is not allowed; allowed is a whole number of at least 1");
}

TEST(config_loader, checks_that_the_type_cannot_say) {
  EXPECT_EQ(problems(file("log.retention.ms=0\n")),
            "server.properties:1: log.retention.ms=0: allowed is -1 for unlimited, or at least 1");
  EXPECT_EQ(problems(file("max.connections.per.ip.overrides=10.0.0.1:3,foo\n")),
            "server.properties:1: max.connections.per.ip.overrides=10.0.0.1:3,foo: allowed is a comma-separated list "
            "of HOST:COUNT, not foo");
  EXPECT_EQ(
      loaded(file("max.connections.per.ip.overrides=10.0.0.1:3, ::1:4\n")).dynamic.max_connections_per_ip_overrides,
      (std::vector<std::pair<std::string, std::int32_t>>{{"10.0.0.1", 3}, {"::1", 4}}));
}

TEST(config_loader, a_key_written_twice_has_its_last_value) {
  const config_input in = file("num.partitions=1\nnum.partitions=2\n");
  EXPECT_EQ(loaded(in).num_partitions, 2);
  EXPECT_EQ(warnings(in),
            std::vector<std::string>{"server.properties:2: num.partitions replaces the value of server.properties:1"});
}

TEST(config_loader, old_and_new_names) {
  config_input in;
  in.environment = {{"KAFKA_BROKER_ID", "7"}};
  EXPECT_EQ(loaded(in).node_id, broker_id{7});
  in.environment = {{"KAFKA_BROKER_ID", "7"}, {"KAFKA_NODE_ID", "7"}};
  EXPECT_EQ(loaded(in).node_id, broker_id{7});
  EXPECT_EQ(problems(file("node.id=1\nbroker.id=2\n")),
            "server.properties:2: broker.id=2: differs from node.id=1; broker.id is its old name, so set only node.id");
  EXPECT_EQ(loaded(file("log.dir=/a\n")).log_dirs, std::vector<std::string>{"/a"});
  EXPECT_EQ(loaded(file("log.dir=/a\nlog.dirs=/b,/c\n")).log_dirs, (std::vector<std::string>{"/b", "/c"}));
}

TEST(config_loader, cluster_id_from_its_variable) {
  config_input in;
  in.environment = {{"CLUSTER_ID", "5L6g3nShT-eMCtK--X86sw"}};
  EXPECT_EQ(loaded(in).cluster_id, "5L6g3nShT-eMCtK--X86sw");
}

TEST(config_loader, secrets_are_not_shown) {
  const config_input in = file("delegation.token.secret.key=hunter2\nssl.keystore.password=hunter2\n");
  for (const auto& w : warnings(in)) EXPECT_EQ(w.find("hunter2"), std::string::npos) << w;
}

TEST(config_samples, load_without_warnings) {
  const std::string path = JACKDAW_SOURCE_DIR "/config/server.properties";
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  config_input in = file(text.str());
  EXPECT_EQ(warnings(in), std::vector<std::string>{});
  EXPECT_EQ(loaded(in).node_id, broker_id{1});
}

}  // namespace
}  // namespace jackdaw
