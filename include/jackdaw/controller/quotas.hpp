// Changing client quotas (KIP-546), connection quotas of addresses included (KIP-612).
#pragma once

#include <string>
#include <vector>

#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/protocol/messages/alter_client_quotas.hpp"

namespace jackdaw::controller {

// "{client-id=c, user=<default>}", as sentences name an entity.
std::string to_string(const metadata::quota_entity& entity);

struct altered_quota {
  metadata::quota_entity entity;
  verdict outcome;
};

// One row for each entity, in the order of the request; each is changed whole or not at all. An entity that is named
// twice is changed as its first mention says, and its row refuses the others. Host names of ip entities aren't looked
// up: whoever enforces them does that.
decision<std::vector<altered_quota>> alter_client_quotas(const metadata::image& image,
                                                         const protocol::alter_client_quotas_request& request);

}  // namespace jackdaw::controller
