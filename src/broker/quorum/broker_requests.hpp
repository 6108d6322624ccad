// What a broker asks of the active controller, here or on another node. Between nodes they travel as Kafka's own
// messages, BrokerRegistration and BrokerHeartbeat (KIP-631). There are no answers: what became of it shows in the
// image, and who doesn't see it there asks again.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/controller/brokers.hpp"

namespace jackdaw::broker {

// "I am here, under this incarnation."
struct registration_request {
  controller::registration who;
  std::string cluster_id;
};

// "I have seen my registration, and serve clients."
struct unfence_request {
  broker_id id;
  broker_epoch epoch;
};

using broker_request = std::variant<registration_request, unfence_request>;

std::vector<std::byte> encode(const broker_request& request);
// errc::corrupt, errc::unsupported: nothing that this version's brokers send.
result<broker_request> decode_broker_request(bytes_view bytes);

}  // namespace jackdaw::broker
