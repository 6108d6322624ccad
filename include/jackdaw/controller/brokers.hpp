// Brokers that come and go, and the producer ids that they hand out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::controller {

struct registration {
  broker_id id;
  uuid incarnation;  // drawn at each start of the process
  std::vector<metadata::broker_endpoint> endpoints;
  std::optional<std::string> rack;
};

struct registered {
  verdict outcome;
  broker_epoch epoch;
};

// `epoch` must be above all that were given out: the raft index that the record will have. A broker that registers
// again under a new incarnation takes over from the old one, unless that `is_alive`. It starts fenced.
decision<registered> register_broker(const metadata::image& image, const registration& request, broker_epoch epoch,
                                     bool is_alive);

// The broker is ready for clients: it may lead. Partitions of it that have no leader get one.
decision<verdict> unfence_broker(const metadata::image& image, broker_id id, broker_epoch epoch);

// Forgets a broker that is gone for good (UnregisterBroker): it leads no partition and is in sync with none any more,
// except where it alone has all records. One that serves now is refused with INVALID_REQUEST, since it would go on
// without anybody knowing; Kafka takes it away from under its clients.
struct unregistered {
  verdict outcome;
};
decision<unregistered> unregister_broker(const metadata::image& image, broker_id id);

// Producer ids first to first + count - 1 belong to the broker.
struct producer_ids {
  verdict outcome;
  producer_id first;
  std::int32_t count = 0;
};

inline constexpr std::int32_t producer_ids_per_block = 1000;

decision<producer_ids> allocate_producer_ids(const metadata::image& image, broker_id id, broker_epoch epoch);

}  // namespace jackdaw::controller
