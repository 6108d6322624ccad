#include "api_table.hpp"

#include <algorithm>

#include "handlers.hpp"

namespace jackdaw::broker {
namespace {

using protocol::api_key;

namespace rows {  // where operations and resources go by their bare names

using enum acl_operation;
using enum resource_kind;

constexpr api_entry row(api_key key, std::int16_t first, std::int16_t last, void (*handle)(request_ptr),
                        access_list needs) {
  return {key, first, last, handle, first, needs};
}

constexpr api_entry table[] = {
    {api_key::produce, 3, 13, handle_produce, 0, {{write, topic}, {write, transactional_id}}},
    row(api_key::fetch, 4, 18, handle_fetch, {{read, topic}, {cluster_action, cluster}}),
    row(api_key::list_offsets, 1, 11, handle_list_offsets, {{describe, topic}}),
    row(api_key::metadata, 0, 13, handle_metadata,
        {{describe, topic}, {create, topic}, {create, cluster}, {describe, cluster}}),
    row(api_key::offset_commit, 2, 10, handle_offset_commit, {{read, group}, {read, topic}}),
    row(api_key::offset_fetch, 1, 10, handle_offset_fetch, {{describe, group}, {describe, topic}}),
    row(api_key::find_coordinator, 0, 6, handle_find_coordinator,
        {{describe, group}, {describe, transactional_id}, {cluster_action, cluster}}),
    row(api_key::join_group, 0, 9, handle_join_group, {{read, group}}),
    row(api_key::heartbeat, 0, 4, handle_heartbeat, {{read, group}}),
    row(api_key::leave_group, 0, 5, handle_leave_group, {{read, group}}),
    row(api_key::sync_group, 0, 5, handle_sync_group, {{read, group}}),
    row(api_key::describe_groups, 0, 6, handle_describe_groups, {{describe, group}}),
    row(api_key::list_groups, 0, 5, handle_list_groups, {{describe, cluster}, {describe, group}}),
    row(api_key::api_versions, 0, 4, handle_api_versions, {}),
    row(api_key::create_topics, 2, 7, handle_create_topics,
        {{create, cluster}, {create, topic}, {describe_configs, topic}}),
    row(api_key::delete_topics, 1, 6, handle_delete_topics, {{remove, topic}, {describe, topic}}),
    row(api_key::delete_records, 0, 2, handle_delete_records, {{remove, topic}}),
    row(api_key::init_producer_id, 0, 5, handle_init_producer_id,
        {{write, transactional_id}, {idempotent_write, cluster}, {write, topic}}),
    row(api_key::offset_for_leader_epoch, 2, 4, handle_offset_for_leader_epoch,
        {{describe, topic}, {cluster_action, cluster}}),
    row(api_key::describe_configs, 1, 4, handle_describe_configs,
        {{describe_configs, topic}, {describe_configs, group}, {describe_configs, cluster}}),
    row(api_key::alter_configs, 0, 2, handle_alter_configs, {{alter_configs, topic}, {alter_configs, cluster}}),
    row(api_key::alter_replica_log_dirs, 1, 2, handle_alter_replica_log_dirs, {{alter, cluster}}),
    row(api_key::describe_log_dirs, 1, 5, handle_describe_log_dirs, {{describe, cluster}}),
    row(api_key::create_partitions, 0, 3, handle_create_partitions, {{alter, topic}}),
    row(api_key::delete_groups, 0, 2, handle_delete_groups, {{remove, group}}),
    row(api_key::elect_leaders, 0, 2, handle_elect_leaders, {{alter, cluster}}),
    row(api_key::incremental_alter_configs, 0, 1, handle_incremental_alter_configs,
        {{alter_configs, topic}, {alter_configs, group}, {alter_configs, cluster}}),
    row(api_key::alter_partition_reassignments, 0, 1, handle_alter_partition_reassignments, {{alter, cluster}}),
    row(api_key::list_partition_reassignments, 0, 0, handle_list_partition_reassignments, {{describe, cluster}}),
    row(api_key::offset_delete, 0, 0, handle_offset_delete, {{remove, group}, {read, topic}}),
    row(api_key::describe_client_quotas, 0, 1, handle_describe_client_quotas, {{describe_configs, cluster}}),
    row(api_key::alter_client_quotas, 0, 1, handle_alter_client_quotas, {{alter_configs, cluster}}),
    row(api_key::describe_user_scram_credentials, 0, 0, handle_describe_user_scram_credentials, {{describe, cluster}}),
    row(api_key::describe_quorum, 0, 2, handle_describe_quorum, {{describe, cluster}}),
    row(api_key::update_features, 0, 2, handle_update_features, {{alter, cluster}}),
    row(api_key::describe_cluster, 0, 2, handle_describe_cluster, {{describe, cluster}, {alter, cluster}}),
    row(api_key::describe_producers, 0, 0, handle_describe_producers, {{read, topic}}),
    row(api_key::unregister_broker, 0, 0, handle_unregister_broker, {{alter, cluster}}),
    row(api_key::consumer_group_describe, 0, 1, handle_consumer_group_describe, {{describe, group}, {describe, topic}}),
    row(api_key::get_telemetry_subscriptions, 0, 0, handle_get_telemetry_subscriptions, {}),
    row(api_key::push_telemetry, 0, 0, handle_push_telemetry, {}),
    row(api_key::list_config_resources, 0, 1, handle_list_config_resources, {{describe_configs, cluster}}),
    row(api_key::describe_topic_partitions, 0, 0, handle_describe_topic_partitions, {{describe, topic}}),
};

}  // namespace rows
using rows::table;

constexpr bool ascending() {
  return std::is_sorted(std::begin(table), std::end(table), [](const auto& a, const auto& b) { return a.key < b.key; });
}
static_assert(ascending());

}  // namespace

std::span<const api_entry> answered_apis() noexcept { return table; }

const api_entry* find_answered_api(std::int16_t key) noexcept {
  const auto* at = std::lower_bound(std::begin(table), std::end(table), key, [](const api_entry& e, std::int16_t k) {
    return static_cast<std::int16_t>(e.key) < k;
  });
  return at != std::end(table) && static_cast<std::int16_t>(at->key) == key ? at : nullptr;
}

}  // namespace jackdaw::broker
