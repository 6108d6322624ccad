// What the request handlers of one shard share. Private to the broker module; shard.hpp is its outside.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "clients/activity.hpp"
#include "clients/client_quotas.hpp"
#include "clients/connection.hpp"
#include "clients/fetch_session.hpp"
#include "clients/telemetry/client_telemetry.hpp"
#include "context/shard_context.hpp"
#include "jackdaw/broker/shard.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "partitions/partition_events.hpp"
#include "partitions/partition_store.hpp"
#include "partitions/recovery_progress.hpp"

namespace jackdaw::broker {

class active_coordinator;
class cluster_member;
class fetch_operation;
class request;

// Producer ids that the controller gave to this shard and nobody has yet: next to end - 1.
struct producer_id_block {
  producer_id next{0};
  producer_id end{0};
  bool requested = false;  // a new block is on its way
  std::vector<std::unique_ptr<request>> waiting;
};

class shard_state final : public shard_context, private partition_events {
 public:
  shard_state(shard_options given, environment& environment);
  ~shard_state();

  shard_id telemetry_owner_of(const uuid& client_instance) const noexcept {
    return owner_of(client_instance, partition_id{0});
  }
  // Null once the connection is closed.
  connection* find_connection(connection_id id) noexcept;

  // The coordinator of groups: on shard 0, while this node leads. Null else.
  active_coordinator* groups() const noexcept;

  // Asks to be woken for the next timer, if that changed.
  void update_wake();
  // The wake-up that was asked for has come.
  void told_wake() noexcept { told_wake_ = time_point::max(); }
  // Takes over a newer image and hosts, drops or changes the partitions that the delta names; then `applied`.
  void apply(const std::shared_ptr<const metadata::delta>& change, unique_function<void()> applied);

  std::unordered_map<connection_id, connection> connections;
  partition_store partitions;
  fetch_session_cache sessions;
  client_quotas quotas;
  broker::activity activity;
  client_telemetry telemetry;  // of the client instances that telemetry_owner_of() gives to this shard
  std::unordered_map<std::uint64_t, std::unique_ptr<fetch_operation>> fetches;  // parked or being read, by id
  std::uint64_t last_fetch_id = 0;
  producer_id_block producer_ids;
  bool closed_cleanly = true;  // while stopping: every log so far could be closed
  recovery_progress recovery;  // on shard 0
  // On shard 0: the raft node and the controller's decisions. Null elsewhere.
  std::unique_ptr<cluster_member> metadata;

 private:
  // What the partitions here tell others (partition_news.cpp).
  void data_arrived(fetch_key watcher, std::int64_t bytes) override;
  void checkpoints_moved(std::vector<checkpoint_row> rows) override;
  void checkpoints_forgotten(std::size_t directory, const log::topic_partition& name) override;
  void recovery_begins(std::size_t logs) override;
  void log_recovered(std::uint64_t bytes_checked) override;
  void closed_uncleanly() override { closed_cleanly = false; }

  void note_settings(const metadata::delta& change);
  void note_subscriptions(const metadata::delta& change);

  time_point told_wake_ = time_point::max();
  bool has_subscriptions_ = false;
  bool has_settings_ = false;  // `dynamic` is of the image, not of the file
};

}  // namespace jackdaw::broker
