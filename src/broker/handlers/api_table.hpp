// Which apis and versions this broker answers: what ApiVersions advertises and what dispatch lets through.
#pragma once

#include <cstdint>
#include <span>

#include "authorization.hpp"
#include "jackdaw/protocol/apis.hpp"
#include "request.hpp"

namespace jackdaw::broker {

struct api_entry {
  protocol::api_key key;
  std::int16_t version_min;
  std::int16_t version_max;
  void (*handle)(request_ptr);
  // Advertised below version_min although requests of those versions close the connection: Produce only, because
  // librdkafka takes a broker without Produce 0 for one older than 0.10 (observed with Apache Kafka 4, KIP-896).
  std::int16_t advertised_min;
  access_list needs;  // dispatch asks for it
};

// In ascending order of keys. A row stands here only when each of its versions does all that the version promises.
std::span<const api_entry> answered_apis() noexcept;
// Null when this broker doesn't answer the api.
const api_entry* find_answered_api(std::int16_t key) noexcept;

}  // namespace jackdaw::broker
