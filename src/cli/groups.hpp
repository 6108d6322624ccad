// What the verbs of `group`, and `top`, ask about groups.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "context.hpp"
#include "jackdaw/net/client_assignor.hpp"

namespace jackdaw::cli {

// Which broker coordinates which group, as far as it was asked.
class coordinators {
 public:
  // So often a coordinator is looked for or asked again while the cluster moves or makes one.
  static constexpr int tries_max = 100;

  explicit coordinators(net::client& client) : client_(client) {}

  // One request for all of them where the broker can.
  outcome<void> find(const std::vector<std::string>& groups);
  outcome<broker_id> of(const std::string& group);
  void forget(const std::string& group) { known_.erase(group); }
  net::client& client() noexcept { return client_; }
  // Between two tries.
  void pause();

 private:
  net::client& client_;
  std::map<std::string, broker_id> known_;
};

// The coordinator moved, or isn't ready: to be asked for again.
bool is_moving(protocol::error_code code) noexcept;
std::string group_named(std::string_view name);
failure no_such_group(std::string_view name);

// Asks the group's coordinator for what `make(version)` gives, and again when `code_of(body)` says that it moved. Other
// codes are the caller's.
template <class Response, class Make, class Code>
outcome<net::answer<Response>> ask_coordinator(coordinators& directory, const std::string& group, const Make& make,
                                               const Code& code_of,
                                               std::int16_t version_max = std::numeric_limits<std::int16_t>::max()) {
  for (int tries = 1;; ++tries) {
    auto at = directory.of(group);
    if (!at) return at.error();
    auto answered = directory.client().call_as<Response>(make, *at, version_max);
    const bool is_gone = !answered && answered.error().code == errc::closed;
    if (!is_gone && !answered) return failure(answered.error());
    if (!is_gone && !is_moving(code_of(answered->body))) return std::move(*answered);
    if (tries == coordinators::tries_max) {
      return is_gone ? failure(answered.error()) : refused(group_named(group), code_of(answered->body));
    }
    directory.forget(group);
    directory.pause();
  }
}

struct group_listing {
  std::string name;
  std::string type;   // "classic", "consumer", "share", "streams"; empty: the broker is too old to say
  std::string state;  // empty: the same
  std::string protocol_type;
  broker_id coordinator;
};
// Of every broker, by name. Filters are names of states and types, in any case; empty: all.
outcome<std::vector<group_listing>> list_groups(net::client& client, const std::vector<std::string>& states,
                                                const std::vector<std::string>& types);

struct group_member_description {
  std::string id;
  std::string instance_id;  // empty: none
  std::string client_id;
  std::string host;
  net::assigned_partitions assigned;
};
struct group_description {
  std::string name;
  std::string type;
  std::string state;
  std::string protocol_type;
  std::string assignor;
  std::optional<std::int32_t> epoch;  // of the newer protocol's groups
  broker_id coordinator;
  std::vector<group_member_description> members;

  // Nobody is in it, so that its offsets can be changed.
  bool is_inactive() const { return state == "Empty" || state == "Dead"; }
};
// "Not found" for a group that the cluster doesn't know.
outcome<group_description> describe_group(coordinators& directory, const std::string& name);
// The same, with a group that doesn't exist as one in state Dead.
outcome<group_description> describe_group_or_none(coordinators& directory, const std::string& name);

using topic_partition = std::pair<std::string, partition_id>;
using committed_offsets = std::map<topic_partition, offset>;
// All that the group has committed.
outcome<committed_offsets> fetch_committed(coordinators& directory, const std::string& group);

// The same of many groups; those that can't be asked now are left out.
outcome<std::map<std::string, committed_offsets>> fetch_committed(coordinators& directory,
                                                                  const std::vector<std::string>& groups);

// Partitions of topics: nothing for all of them.
using partition_selection = std::map<std::string, std::optional<std::vector<partition_id>>>;
// "topic" or "topic:0,2-4"; a topic named again adds to the first. Names of topics have no colon.
outcome<partition_selection> parse_selection(const std::vector<std::string>& texts);
bool is_selected(const partition_selection& selection, const topic_partition& tp);

// By partition: the end of its log. Partitions that can't be asked now, or are gone, are left out.
outcome<committed_offsets> log_ends(net::client& client, const std::set<topic_partition>& partitions);
// The same where the client's metadata are new.
outcome<committed_offsets> log_ends_of_known(net::client& client, const std::set<topic_partition>& partitions);

}  // namespace jackdaw::cli
