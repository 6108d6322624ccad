// Membership in a consumer group: sends what a group_member decides, and tells it what came back.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/net/client.hpp"
#include "jackdaw/net/client_group_member.hpp"

namespace jackdaw::net {

class client_group {
 public:
  // `via` must outlive this object; requests go by its lane `group`.
  client_group(client& via, group_member_options options);
  client_group(const client_group&) = delete;
  client_group& operator=(const client_group&) = delete;

  // Takes in what came and starts what is due, but doesn't wait for it: poll the client between two calls, for at most
  // wait(). `positions` is asked when it is time to commit. Fails when the group refuses this member for good.
  result<void> step(unique_function<group_positions()>& positions);
  // At most `most`, less when something is due earlier.
  std::chrono::milliseconds wait(std::chrono::milliseconds most) const;
  // Commits and leaves with the next steps; is_over() tells when.
  void stop();
  const group_member& member() const noexcept { return member_; }

 private:
  using step_kind = group_member::step;

  void perform(step_kind step, unique_function<group_positions()>& positions);
  template <class Make>
  void send(protocol::api_key key, broker_id to, Make make, std::int16_t version_max = 100,
            client_lane lane = client_lane::group, std::chrono::milliseconds extra_time = {});
  void send_commit(const group_positions& positions);
  void find_coordinator();
  void take(result<raw_reply> reply);
  void take_coordinator(raw_reply reply);
  void assign();
  result<partition_counts> count_partitions();
  void look_at_topics();

  client& via_;
  group_member member_;
  std::string group_;
  std::chrono::milliseconds rebalance_timeout_;
  broker_id coordinator_;
  std::optional<protocol::offset_commit_request> commit_;
  step_kind under_way_ = step_kind::none;
  std::uint64_t ticket_ = 0;  // of the request whose reply counts
  std::optional<result<raw_reply>> reply_;
  client::clock::time_point next_look_{};
  std::optional<error> failure_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // requests under way look whether it is
};

}  // namespace jackdaw::net
