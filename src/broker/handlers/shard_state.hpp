// What the request handlers of one shard share. Private to the broker module; shard.hpp is its outside.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "clients/activity.hpp"
#include "clients/client_quotas.hpp"
#include "clients/fetch_session.hpp"
#include "clients/principal.hpp"
#include "clients/telemetry/client_telemetry.hpp"
#include "context/shard_context.hpp"
#include "jackdaw/broker/shard.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "partitions/partition_store.hpp"
#include "partitions/recovery_progress.hpp"

namespace jackdaw::broker {

class active_coordinator;
class cluster_member;
class fetch_operation;
class request;

struct connection {
  connection_info info;
  std::string software_name = "unknown";  // until ApiVersions says it (KIP-511)
  std::string software_version = "unknown";
  // Fetches that wait for data; they go when the connection goes.
  std::vector<std::uint64_t> parked_fetches{};
  principal_ptr who = std::make_shared<const principal>();
  std::unique_ptr<quota_binding> quotas{};  // null until somebody asks for them
};

// Producer ids that the controller gave to this shard and nobody has yet: next to end - 1.
struct producer_id_block {
  producer_id next{0};
  producer_id end{0};
  bool requested = false;  // a new block is on its way
  std::vector<std::unique_ptr<request>> waiting;
};

class shard_state : public shard_context {
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
  // Starts what time alone brings about: retention, checkpoints.
  void start_housekeeping();

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
  void note_settings(const metadata::delta& change);
  void note_subscriptions(const metadata::delta& change);
  void repeat(duration first, duration period, void (*task)(shard_state&));

  time_point told_wake_ = time_point::max();
  bool has_subscriptions_ = false;
  bool has_settings_ = false;  // `dynamic` is of the image, not of the file
};

// Hands a committed change to every shard of the process, and says on shard 0 when all have applied it.
void publish(shard_state& zero, std::shared_ptr<const metadata::delta> change, unique_function<void()> applied);
// Bytes came to a partition that a fetch waits for.
void tell_fetch(shard_state& from, fetch_key watcher, std::int64_t bytes);
// To shard 0, which keeps the data directories' checkpoints.
void post_checkpoints(shard_state& from, std::size_t directory, const log::topic_partition& tp, offset recovery_point,
                      offset log_start);
// On shard 0: brings the checkpoints of all data directories that changed to the disk.
void write_recovery_points(shard_state& zero);
void write_log_starts(shard_state& zero);
// Renames a deleted partition's directory at once, so that a new topic of that name can't meet it; removes it on a
// worker, and has shard 0 forget its checkpoints. Called on the shard that owns the partition.
void discard(shard_state& owner, std::size_t directory, const log::topic_partition& tp);
// The steps of it: a path that no other deletion gives, the checkpoints, the removal.
std::string discarded_path(shard_state& owner, std::size_t directory, const log::topic_partition& tp);
void forget_checkpoints(shard_state& owner, std::size_t directory, const log::topic_partition& tp);
void remove_discarded(shard_state& owner, std::string path);
// To shard 0, which tells how far the check is of logs that were not closed cleanly: how many this shard has (each
// shard says so once), and that one is done.
void post_recovery_begins(shard_state& from, std::size_t logs);
void post_recovered(shard_state& from, std::uint64_t bytes_checked);

}  // namespace jackdaw::broker
