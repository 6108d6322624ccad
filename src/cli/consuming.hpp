// Which partitions to read from where to where: what consume and bench share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/record_format.hpp"
#include "jackdaw/net/client_fetcher.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

struct reading_plan {
  std::vector<std::string> topics;
  std::optional<std::vector<partition_id>> partitions;  // nothing: all
  position_spec from;
  std::optional<position_spec> until;  // nothing: never ends
};

// Looks the offsets up and tells the fetcher what to read.
outcome<void> add_sources(net::client& client, const reading_plan& plan, net::client_fetcher& fetcher);

// Where `at` is in each of the partitions. The client must know the topic.
outcome<std::map<partition_id, offset>> resolve(net::client& client, const std::string& topic,
                                                const std::vector<partition_id>& partitions, const position_spec& at);

// Gathers records as text, or as JSON lines, and writes them in large pieces.
class record_printer {
 public:
  record_printer(record_format format, bool is_json) : format_(std::move(format)), is_json_(is_json) {}

  void add(std::string_view topic, partition_id partition, const protocol::record_view& record);
  void flush();

 private:
  record_format format_;
  bool is_json_;
  std::string text_;
};

struct reading_limits {
  std::uint64_t count = 0;    // 0: no end
  std::int64_t idle_ms = -1;  // -1: no end
  bool is_read_committed = false;
};

struct group_options {
  std::string name;  // empty: without a group
  std::string instance;
  std::string session_timeout = "45s";
  std::string commit_interval = "5s";
  bool is_verbose = false;
};
void declare_group(command verb, group_options& o);
// Reads as a member of a group until a limit or ^C, then commits and leaves.
outcome<void> consume_as_member(context& ctx, const std::vector<std::string>& topics, const group_options& o,
                                const position_spec& start, const reading_limits& limits, record_printer& out);

}  // namespace jackdaw::cli
