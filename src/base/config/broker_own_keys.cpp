// Keys of the broker that only Jackdaw has.
#include "rows.hpp"

namespace jackdaw::config_rows {
namespace {

constexpr config_key broker_own_table[] = {
    {"jackdaw.cluster.id", string, null, any, read_only, low, honoured, "the variable CLUSTER_ID sets it",
     "Id of the cluster: written into an empty data directory, compared with that of one in use; not set: drawn."},
    {"jackdaw.config.strict", boolean, "false", any, read_only, low, honoured, "",
     "Whether a key that nobody knows, in the file or a variable, ends the start instead of giving a warning."},
    {"jackdaw.connection.requests.max", int32, "1024", at_least(1), read_only, low, honoured, "",
     "Unanswered requests of one connection; beyond them it isn't read from."},
    {"jackdaw.disk.threads", int32, "0", between(0, 1024), read_only, low, honoured, "",
     "Threads for work that waits for a disk; 0 is chosen by the number of cores."},
    {"jackdaw.log.format", string, "text", one_of("text,json"), read_only, low, honoured, "",
     "How log lines look: for people, or one JSON object each."},
    {"jackdaw.log.level", string, "info", one_of("trace,debug,info,warn,error"), read_only, low, honoured, "",
     "What is logged: events of this level and above."},
    {"jackdaw.memory.connection.bytes", int64, "33554432", at_least(65536), read_only, medium, honoured, "",
     "Memory that one connection's requests and answers may take; beyond it the connection isn't read from."},
    {"jackdaw.memory.fetch.sessions.bytes", int64, "134217728", at_least(0), read_only, medium, honoured, "",
     "Memory that fetch sessions may take; beyond it fetches are served without one."},
    {"jackdaw.memory.groups.bytes", int64, "1073741824", at_least(1048576), read_only, medium, honoured, "",
     "Memory that members and committed offsets of groups may take; beyond it new ones are refused for now."},
    {"jackdaw.memory.shard.bytes", int64, "268435456", at_least(1048576), read_only, medium, honoured, "",
     "Memory that the requests and answers of all connections of one shard may take."},
    {"jackdaw.shards", int32, "0", between(0, 1024), read_only, medium, honoured, "",
     "Threads that serve connections and partitions; 0 is one per core."},
};

}  // namespace

std::span<const config_key> broker_own_keys() noexcept { return broker_own_table; }

}  // namespace jackdaw::config_rows
