// One function for each api that this broker answers. Each takes the request and answers it, now or later.
#pragma once

#include "request.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {

// cluster: what clients ask before they send data
void handle_api_versions(request_ptr r);
void handle_metadata(request_ptr r);
void handle_describe_cluster(request_ptr r);
void handle_describe_topic_partitions(request_ptr r);
void handle_find_coordinator(request_ptr r);
void handle_describe_quorum(request_ptr r);

void handle_join_group(request_ptr r);
void handle_sync_group(request_ptr r);
void handle_heartbeat(request_ptr r);
void handle_leave_group(request_ptr r);
void handle_offset_commit(request_ptr r);
void handle_offset_fetch(request_ptr r);
void handle_offset_delete(request_ptr r);
void handle_list_groups(request_ptr r);
void handle_describe_groups(request_ptr r);
void handle_consumer_group_describe(request_ptr r);
void handle_delete_groups(request_ptr r);

// data
void handle_produce(request_ptr r);
void handle_fetch(request_ptr r);
void handle_init_producer_id(request_ptr r);

// offsets and partitions
void handle_list_offsets(request_ptr r);
void handle_offset_for_leader_epoch(request_ptr r);
void handle_delete_records(request_ptr r);
void handle_describe_producers(request_ptr r);
void handle_describe_log_dirs(request_ptr r);
void handle_alter_replica_log_dirs(request_ptr r);

// topics and configs
void handle_create_topics(request_ptr r);
void handle_delete_topics(request_ptr r);
void handle_create_partitions(request_ptr r);
void handle_describe_configs(request_ptr r);
void handle_alter_configs(request_ptr r);
void handle_incremental_alter_configs(request_ptr r);
void handle_list_config_resources(request_ptr r);

// client quotas
void handle_describe_client_quotas(request_ptr r);
void handle_alter_client_quotas(request_ptr r);

// who leads and holds partitions; the cluster's features and brokers
void handle_elect_leaders(request_ptr r);
void handle_alter_partition_reassignments(request_ptr r);
void handle_list_partition_reassignments(request_ptr r);
void handle_update_features(request_ptr r);
void handle_unregister_broker(request_ptr r);
void handle_describe_user_scram_credentials(request_ptr r);

// what clients measure
void handle_get_telemetry_subscriptions(request_ptr r);
void handle_push_telemetry(request_ptr r);

}  // namespace jackdaw::broker
