// This node as a member of the cluster: its part in the quorum, the state that comes of it, and, while it leads, the
// roles that decide. Where each lives:
//
//   quorum            raft, its disk and its messages          active_controller   decisions on topics, brokers, ...
//   cluster_state     image and groups, as committed           record_appends      records of groups into the log
//   state_snapshots   when the state goes to the disk whole    active_coordinator  decisions on groups and offsets
//   broker_lifecycle  how this broker comes to serve           broker_requests     what brokers ask of the controller
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "active_controller.hpp"
#include "active_coordinator.hpp"
#include "broker_lifecycle.hpp"
#include "cluster_state.hpp"
#include "quorum.hpp"
#include "record_appends.hpp"
#include "state_snapshots.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class cluster_member final : quorum::listener {
 public:
  // `zero` outlives it.
  cluster_member(shard_context& zero, cluster_state::publish_function publish);

  // Restores the state from the disk, takes part in the quorum, registers this broker. `ready` runs once every shard
  // has an image in which this broker serves, or with what stands against it.
  void start(unique_function<void(result<void>)> ready);

  // errc::not_leader unless this node is the active controller; else as active_controller::submit.
  void submit(decide_function decide, unique_function<void(result<void>)> done);
  // Null unless this node leads.
  active_coordinator* coordinator() noexcept { return roles_ ? roles_->coordinator.get() : nullptr; }
  // At the end: whoever waits for other members of a group needn't hold it up.
  void end_coordinating();
  // The newest committed state; on the way to the shards.
  const metadata::image_ptr& committed() const noexcept { return state_.committed(); }
  std::optional<broker_epoch> epoch() const noexcept { return lifecycle_.epoch(); }
  bool is_active_controller() const noexcept { return roles_ != nullptr; }

  void on_peer_message(broker_id from, peer_lane lane, bytes_view message);
  void peer_up(broker_id id) { lifecycle_.peer_up(id); }
  void peer_down(broker_id id) { quorum_.peer_down(id); }
  void end_of_batch() { quorum_.pump(); }
  void on_wake() { quorum_.on_wake(); }
  time_point wake_at() const noexcept { return quorum_.wake_at(); }
  // Waits for syncs under way and closes the log. `done` gets whether that went well.
  void close(unique_function<void(bool)> done);

  // For DescribeQuorum; null before start.
  const raft::raft_node* raft() const noexcept { return quorum_.raft(); }

 private:
  // What exists only while this node leads and has applied all that was committed before.
  struct roles {
    roles(shard_context& zero, quorum& q, cluster_state& state, raft_term in_term)
        : term(in_term),
          controller(zero, q, state),
          appends(zero, q),
          coordinator(std::make_unique<active_coordinator>(zero, state.groups(), appends)) {}
    raft_term term;
    active_controller controller;
    record_appends appends;
    std::unique_ptr<active_coordinator> coordinator;  // null while stopping
  };

  void before_work() override;
  void on_leadership(const raft::leadership& now) override;
  result<void> on_committed(const std::vector<raft::entry>& entries) override;
  void on_installed(loaded_snapshot snapshot) override;
  void on_synced(duration took) override;

  void take_up_roles();
  void give_up_roles(const error& why);
  void published(const metadata::image_ptr& image);
  void ask_controller(broker_id controller, const broker_request& request);
  void on_request(const broker_request& request);
  void on(const registration_request& request);
  void on(const unfence_request& request);
  void requested(broker_id by, const controller::verdict& verdict, const result<void>& outcome);

  shard_context& home_;
  cluster_state state_;
  quorum quorum_;
  state_snapshots snapshots_;
  broker_lifecycle lifecycle_;
  std::unique_ptr<roles> roles_;
};

}  // namespace jackdaw::broker
