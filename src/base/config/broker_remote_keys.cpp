// Keys of the broker: remote storage.
#include "rows.hpp"

namespace jackdaw::config_rows {
namespace {

constexpr config_key broker_remote_table[] = {
    {"remote.fetch.max.wait.ms", int32, "500", at_least(1), cluster_wide, medium, ignored, no_tiered,
     "Longest wait for a read from remote storage."},
    {"remote.list.offsets.request.timeout.ms", int64, "30000", at_least(1), cluster_wide, medium, ignored, no_tiered,
     "Longest wait for an offset look-up in remote storage."},
    {"remote.log.index.file.cache.total.size.bytes", int64, "1073741824", at_least(1), cluster_wide, low, ignored,
     no_tiered, "Disk space for indexes fetched from remote storage."},
    {"remote.log.index.file.cache.ttl.ms", int64, "900000", at_least(-1), read_only, low, ignored, no_tiered,
     "How long an unused index fetched from remote storage is kept.", "", internal},
    {"remote.log.manager.copier.thread.pool.size", int32, "10", at_least(1), cluster_wide, medium, ignored, no_tiered,
     "Threads that copy segments to remote storage."},
    {"remote.log.manager.copy.max.bytes.per.second", int64, "9223372036854775807", at_least(1), cluster_wide, medium,
     ignored, no_tiered, "Limit on what is copied to remote storage."},
    {"remote.log.manager.copy.quota.window.num", int32, "11", at_least(1), read_only, medium, ignored, no_tiered,
     "Samples over which copies to remote storage are measured."},
    {"remote.log.manager.copy.quota.window.size.seconds", int32, "1", at_least(1), read_only, medium, ignored,
     no_tiered, "Length of one sample of copies to remote storage."},
    {"remote.log.manager.expiration.thread.pool.size", int32, "10", at_least(1), cluster_wide, medium, ignored,
     no_tiered, "Threads that delete segments from remote storage."},
    {"remote.log.manager.fetch.max.bytes.per.second", int64, "9223372036854775807", at_least(1), cluster_wide, medium,
     ignored, no_tiered, "Limit on what is read from remote storage."},
    {"remote.log.manager.fetch.quota.window.num", int32, "11", at_least(1), read_only, medium, ignored, no_tiered,
     "Samples over which reads from remote storage are measured."},
    {"remote.log.manager.fetch.quota.window.size.seconds", int32, "1", at_least(1), read_only, medium, ignored,
     no_tiered, "Length of one sample of reads from remote storage."},
    {"remote.log.manager.follower.thread.pool.size", int32, "2", at_least(1), cluster_wide, medium, ignored, no_tiered,
     "Threads that watch remote storage on followers."},
    {"remote.log.manager.task.interval.ms", int64, "30000", at_least(1), read_only, low, ignored, no_tiered,
     "How often segments are looked at for copying and deleting."},
    {"remote.log.manager.task.retry.backoff.max.ms", int64, "30000", at_least(1), read_only, low, ignored, no_tiered,
     "Longest pause after an error of remote storage.", "", internal},
    {"remote.log.manager.task.retry.backoff.ms", int64, "500", at_least(1), read_only, low, ignored, no_tiered,
     "First pause after an error of remote storage.", "", internal},
    {"remote.log.manager.task.retry.jitter", float64, "0.2", between(0, 0.5), read_only, low, ignored, no_tiered,
     "Random part of the pause after an error of remote storage.", "", internal},
    {"remote.log.manager.thread.pool.size", int32, "2", at_least(1), read_only, medium, ignored, no_tiered,
     "Threads of remote storage in general."},
    {"remote.log.metadata.custom.metadata.max.bytes", int32, "128", at_least(0), read_only, low, ignored, no_tiered,
     "Largest custom data that a storage plug-in may keep for a segment."},
    {"remote.log.metadata.manager.class.name", string,
     "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", non_empty, read_only,
     medium, ignored, no_java, "Java class that keeps track of remote segments."},
    {"remote.log.metadata.manager.class.path", string, null, any, read_only, medium, ignored, no_java,
     "Where that class is found."},
    {"remote.log.metadata.manager.impl.prefix", string, "rlmm.config.", non_empty, read_only, medium, ignored,
     no_tiered, "What settings for that class begin with."},
    {"remote.log.metadata.manager.listener.name", string, null, non_empty, read_only, medium, ignored, no_tiered,
     "Listener that the class uses to reach the brokers."},
    {"remote.log.reader.max.pending.tasks", int32, "100", at_least(1), read_only, medium, ignored, no_tiered,
     "Reads from remote storage that may wait."},
    {"remote.log.reader.threads", int32, "10", at_least(1), cluster_wide, medium, ignored, no_tiered,
     "Threads that read from remote storage."},
    {"remote.log.storage.manager.class.name", string, null, non_empty, read_only, medium, ignored, no_java,
     "Java class that stores segments remotely."},
    {"remote.log.storage.manager.class.path", string, null, any, read_only, medium, ignored, no_java,
     "Where that class is found."},
    {"remote.log.storage.manager.impl.prefix", string, "rsm.config.", non_empty, read_only, medium, ignored, no_tiered,
     "What settings for that class begin with."},
    {"remote.log.storage.system.enable", boolean, "false", any, read_only, medium, ignored, no_tiered,
     "Whether the broker offers remote storage at all."},
};

}  // namespace

std::span<const config_key> broker_remote_keys() noexcept { return broker_remote_table; }

}  // namespace jackdaw::config_rows
