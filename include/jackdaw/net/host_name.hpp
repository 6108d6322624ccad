// What this machine is called by others.
#pragma once

#include <string>

namespace jackdaw::net {

// The name by which others should find this machine, as Java's getCanonicalHostName has it: that of the address of the
// host's name, preferably of version 4; the address itself when it has no name that leads back to it; the host's name
// when that has no address. Asks the resolver and may wait for it: not on a shard.
std::string canonical_host_name();

}  // namespace jackdaw::net
