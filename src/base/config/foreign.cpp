#include "foreign.hpp"

#include <algorithm>
#include <array>

#include "jackdaw/base/config.hpp"

namespace jackdaw::config_foreign {
namespace {

// Each list is sorted.
constexpr std::string_view client_keys[] = {
    "acks",
    "allow.auto.create.topics",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "batch.size",
    "bootstrap.controllers",
    "bootstrap.servers",
    "buffer.memory",
    "check.crcs",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "consumer.timeout.ms",
    "default.api.timeout.ms",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.idempotence",
    "enable.metrics.push",
    "exclude.internal.topics",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "interceptor.classes",
    "internal.leave.group.on.close",
    "isolation.level",
    "key.deserializer",
    "key.serializer",
    "linger.ms",
    "max.block.ms",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "max.request.size",
    "metadata.broker.list",
    "metadata.fetch.timeout.ms",
    "metadata.max.age.ms",
    "metadata.max.idle.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "partition.assignment.strategy",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "partitioner.class",
    "partitioner.ignore.keys",
    "producer.type",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "receive.buffer.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.required.acks",
    "retries",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "sasl.mechanism",
    "security.protocol",
    "send.buffer.bytes",
    "serializer.class",
    "session.timeout.ms",
    "share.acknowledgement.mode",
    "timeout.ms",
    "transaction.timeout.ms",
    "transactional.id",
    "value.deserializer",
    "value.serializer",
};

constexpr std::string_view application_keys[] = {
    "application.id",
    "application.server",
    "buffered.records.per.partition",
    "cache.max.bytes.buffering",
    "commit.interval.ms",
    "config.storage.replication.factor",
    "config.storage.topic",
    "connector.class",
    "default.deserialization.exception.handler",
    "default.key.serde",
    "default.timestamp.extractor",
    "default.value.serde",
    "internal.key.converter",
    "internal.value.converter",
    "key.converter",
    "num.standby.replicas",
    "num.stream.threads",
    "offset.flush.interval.ms",
    "offset.flush.timeout.ms",
    "offset.storage.file.filename",
    "offset.storage.partitions",
    "offset.storage.replication.factor",
    "offset.storage.topic",
    "plugin.discovery",
    "plugin.path",
    "processing.guarantee",
    "replication.factor",
    "rest.advertised.host.name",
    "rest.advertised.port",
    "rest.host.name",
    "rest.port",
    "state.dir",
    "statestore.cache.max.bytes",
    "status.storage.partitions",
    "status.storage.replication.factor",
    "status.storage.topic",
    "task.max",
    "tasks.max",
    "value.converter",
};

constexpr std::string_view former_keys[] = {
    "advertised.host.name",
    "advertised.port",
    "broker.id.generation.enable",
    "control.plane.listener.name",
    "controlled.shutdown.max.retries",
    "controlled.shutdown.retry.backoff.ms",
    "controller.message.queue.size",
    "delegation.token.master.key",
    "dual.commit.enabled",
    "eligible.leader.replicas.enable",
    "enable.zookeeper",
    "fetch.message.max.bytes",
    "group.coordinator.new.enable",
    "group.share.enable",
    "group.share.max.groups",
    "host.name",
    "inter.broker.protocol.version",
    "kafka.csv.metrics.dir",
    "kafka.csv.metrics.reporter.enabled",
    "leader.imbalance.per.broker.percentage",
    "log.default.flush.interval.ms",
    "log.file.size",
    "log.index.max.size.bytes",
    "log.message.downconversion.enable",
    "log.message.format.version",
    "log.message.timestamp.difference.max.ms",
    "log.retention.size",
    "metadata.initialization.retry.timeout.ms",
    "offsets.commit.required.acks",
    "offsets.storage",
    "port",
    "quota.consumer.default",
    "quota.producer.default",
    "replica.lag.max.messages",
    "reserved.broker.max.id",
    "topic.metadata.refresh.interval.ms",
    "zk.connect",
    "zk.connectiontimeout.ms",
};

constexpr std::string_view authorizer_keys[] = {
    "allow.everyone.if.no.acl.found",
    "authorizer.properties",
    "super.users",
};

struct prefix_rule {
  std::string_view prefix;
  std::string_view reason;
};

constexpr prefix_rule prefixes[] = {
    {"zookeeper.", "there is no ZooKeeper; the metadata quorum replaces it"},
    {"password.encoder.", "it encrypted values in ZooKeeper"},
    {"confluent.", "it is a setting of Confluent's distribution"},
    {"schema.registry.", "it is a setting of a schema registry"},
    {"kafkastore.", "it is a setting of a schema registry"},
    {"kafka.rest.", "it is a setting of a REST proxy"},
    {"cruise.control.", "it is a setting of Cruise Control"},
    {"strimzi.", "it is a setting of Strimzi's plug-ins"},
    {"aiven.", "it is a setting of Aiven's plug-ins"},
    {"prometheus.", "it is a setting of a metrics reporter"},
    {"jmx.", "there is no JVM"},
    {"listener.name.", "settings of single listeners have no effect yet"},
    {"sasl.", "TLS, SASL and authorization are not there yet"},
    {"ssl.", "TLS, SASL and authorization are not there yet"},
    {"rlmm.config.", "there is no remote storage"},
    {"rsm.config.", "there is no remote storage"},
    {"config.providers.", "Java classes can't be loaded"},
    {"metrics.jmx.", "there is no JVM"},
    {"log4j.", "there is no JVM"},
    {"producer.", "it is a setting of clients"},
    {"consumer.", "it is a setting of clients"},
    {"admin.", "it is a setting of clients"},
    {"key.converter.", "it is a setting of Kafka Connect or Kafka Streams"},
    {"value.converter.", "it is a setting of Kafka Connect or Kafka Streams"},
};

bool in(std::span<const std::string_view> sorted, std::string_view key) {
  return std::binary_search(sorted.begin(), sorted.end(), key);
}

static_assert(std::is_sorted(std::begin(client_keys), std::end(client_keys)));
static_assert(std::is_sorted(std::begin(application_keys), std::end(application_keys)));
static_assert(std::is_sorted(std::begin(former_keys), std::end(former_keys)));
static_assert(std::is_sorted(std::begin(authorizer_keys), std::end(authorizer_keys)));

}  // namespace

std::optional<std::string> reason(std::string_view key) {
  if (in(client_keys, key)) return "it is a setting of clients";
  if (in(application_keys, key)) return "it is a setting of Kafka Connect or Kafka Streams";
  if (in(former_keys, key)) return "it belongs to older versions of Kafka";
  if (in(authorizer_keys, key)) return "TLS, SASL and authorization are not there yet";
  if (const config_key* topic = find_key(config_scope::topic, key)) {
    std::string text = "it is a setting of topics";
    const auto rules = synonyms_of(*topic);
    if (rules.front().name != key) text += "; the broker's is " + std::string(rules.front().name);
    return text;
  }
  for (const auto scope : {config_scope::group, config_scope::client_quota, config_scope::ip_quota}) {
    if (find_key(scope, key) != nullptr) return "it is set for a group, user or client with the admin tools";
  }
  for (const prefix_rule& rule : prefixes) {
    if (key.starts_with(rule.prefix)) return std::string(rule.reason);
  }
  return std::nullopt;
}

}  // namespace jackdaw::config_foreign
