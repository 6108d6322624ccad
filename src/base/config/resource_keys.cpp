// Keys of groups, client-metrics subscriptions and quotas.
#include "rows.hpp"

namespace jackdaw::config_rows {
namespace {

constexpr config_key group_table[] = {
    {"consumer.assignment.interval.ms", int32, "1000", at_least(0), cluster_wide, medium, ignored, no_consumer_protocol,
     "Shortest time between two assignments.", "group.consumer.assignment.interval.ms"},
    {"consumer.assignor.offload.enable", boolean, "true", any, cluster_wide, medium, ignored, no_consumer_protocol,
     "Whether assignments are computed beside the group's own thread.", "group.consumer.assignor.offload.enable",
     internal},
    {"consumer.heartbeat.interval.ms", int32, "5000", at_least(1), cluster_wide, medium, ignored, no_consumer_protocol,
     "How often members must report.", "group.consumer.heartbeat.interval.ms"},
    {"consumer.session.timeout.ms", int32, "45000", at_least(1), cluster_wide, medium, ignored, no_consumer_protocol,
     "Silence after which a member is out.", "group.consumer.session.timeout.ms"},
    {"errors.deadletterqueue.copy.record.enable", boolean, "false", any, cluster_wide, medium, ignored, no_share,
     "Whether a rejected record is copied whole."},
    {"errors.deadletterqueue.topic.name", string, "", any, cluster_wide, medium, ignored, no_share,
     "Topic for rejected records."},
    {"share.assignment.interval.ms", int32, "1000", at_least(0), cluster_wide, medium, ignored, no_share,
     "Shortest time between two assignments.", "group.share.assignment.interval.ms"},
    {"share.assignor.offload.enable", boolean, "true", any, cluster_wide, medium, ignored, no_share,
     "Whether assignments are computed beside the group's own thread.", "group.share.assignor.offload.enable",
     internal},
    {"share.auto.offset.reset", string, "latest", offset_reset, cluster_wide, medium, ignored, no_share,
     "Where a share group begins: `earliest`, `latest`, or `by_duration:` and an ISO 8601 duration."},
    {"share.delivery.count.limit", int32, "5", at_least(2), cluster_wide, medium, ignored, no_share,
     "How often a record is delivered before it counts as failed.", "group.share.delivery.count.limit"},
    {"share.heartbeat.interval.ms", int32, "5000", at_least(1), cluster_wide, medium, ignored, no_share,
     "How often members must report.", "group.share.heartbeat.interval.ms"},
    {"share.isolation.level", string, "read_uncommitted", one_of("read_committed,read_uncommitted"), cluster_wide,
     medium, ignored, no_share, "Whether records of open and aborted transactions are delivered."},
    {"share.partition.max.record.locks", int32, "2000", at_least(100), cluster_wide, medium, ignored, no_share,
     "Records of a partition that may be locked at the same time.", "group.share.partition.max.record.locks"},
    {"share.record.lock.duration.ms", int32, "30000", at_least(1000), cluster_wide, medium, ignored, no_share,
     "How long a delivered record stays locked.", "group.share.record.lock.duration.ms"},
    {"share.renew.acknowledge.enable", boolean, "true", any, cluster_wide, medium, ignored, no_share,
     "Whether members may prolong the lock of a record."},
    {"share.session.timeout.ms", int32, "45000", at_least(1), cluster_wide, medium, ignored, no_share,
     "Silence after which a member is out.", "group.share.session.timeout.ms"},
    {"streams.acceptable.recovery.lag", int64, "10000", at_least(0), cluster_wide, medium, ignored, no_streams,
     "Lag up to which a task counts as caught up.", "group.streams.acceptable.recovery.lag", internal},
    {"streams.assignment.interval.ms", int32, "1000", at_least(0), cluster_wide, medium, ignored, no_streams,
     "Shortest time between two assignments.", "group.streams.assignment.interval.ms"},
    {"streams.assignor.name", string, null, any, cluster_wide, medium, ignored, no_streams,
     "Way to spread tasks over members.", "group.streams.assignors"},
    {"streams.assignor.offload.enable", boolean, "true", any, cluster_wide, medium, ignored, no_streams,
     "Whether assignments are computed beside the group's own thread.", "group.streams.assignor.offload.enable",
     internal},
    {"streams.heartbeat.interval.ms", int32, "5000", at_least(1), cluster_wide, medium, ignored, no_streams,
     "How often members must report.", "group.streams.heartbeat.interval.ms"},
    {"streams.initial.rebalance.delay.ms", int32, "3000", at_least(0), cluster_wide, medium, ignored, no_streams,
     "How long a new group waits for more members.", "group.streams.initial.rebalance.delay.ms"},
    {"streams.num.standby.replicas", int32, "0", at_least(0), cluster_wide, medium, ignored, no_streams,
     "Standby tasks of each task.", "group.streams.num.standby.replicas"},
    {"streams.num.warmup.replicas", int32, "2", at_least(0), cluster_wide, medium, ignored, no_streams,
     "Warm-up tasks at the same time.", "group.streams.num.warmup.replicas", internal},
    {"streams.rack.aware.assignment.tags", list, "", items, cluster_wide, low, ignored, no_streams,
     "Client tags over which standby tasks are spread.", "group.streams.rack.aware.assignment.tags"},
    {"streams.session.timeout.ms", int32, "45000", at_least(1), cluster_wide, medium, ignored, no_streams,
     "Silence after which a member is out.", "group.streams.session.timeout.ms"},
    {"streams.task.offset.interval.ms", int32, "60000", at_least(1), cluster_wide, medium, ignored, no_streams,
     "How often members report the offsets of their tasks.", "group.streams.task.offset.interval.ms", internal},
};

constexpr config_key client_metrics_table[] = {
    {"interval.ms", int32, "300000", any, cluster_wide, medium, honoured, "", "How often clients push metrics."},
    {"match", list, "", items, cluster_wide, medium, honoured, "",
     "Which clients push metrics, as NAME=PATTERN pairs."},
    {"metrics", list, "", items, cluster_wide, medium, honoured, "",
     "Which metrics clients push, by the beginning of their names; `*` is all."},
};

constexpr config_key client_quota_table[] = {
    {"consumer_byte_rate", int64, "9223372036854775807", any, cluster_wide, medium, honoured, "",
     "Bytes per second that a client may read from one broker."},
    {"controller_mutation_rate", float64, "2147483647.0", any, cluster_wide, medium, honoured, "",
     "Partitions per second that a client may create or delete."},
    {"producer_byte_rate", int64, "9223372036854775807", any, cluster_wide, medium, honoured, "",
     "Bytes per second that a client may write to one broker."},
    {"request_percentage", float64, "2147483647.0", any, cluster_wide, medium, honoured,
     "in percent of one shard's thread; in Kafka, of one request or network thread",
     "Share of the broker's time that a client may take."},
};

constexpr config_key ip_quota_table[] = {
    {"connection_creation_rate", int32, "2147483647", at_least(0), cluster_wide, medium, honoured, "",
     "Connections per second that an address may open."},
};

}  // namespace

std::span<const config_key> group_keys() noexcept { return group_table; }
std::span<const config_key> client_metrics_keys() noexcept { return client_metrics_table; }
std::span<const config_key> client_quota_keys() noexcept { return client_quota_table; }
std::span<const config_key> ip_quota_keys() noexcept { return ip_quota_table; }

}  // namespace jackdaw::config_rows
