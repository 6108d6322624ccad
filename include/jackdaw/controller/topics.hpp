// Creating, growing and deleting topics. Pure: `image` is the newest state, what is decided but not yet committed
// included; the same arguments yield the same decision.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/base/random.hpp"
#include "jackdaw/controller/decision.hpp"
#include "jackdaw/controller/topic_names.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/protocol/messages/create_partitions.hpp"
#include "jackdaw/protocol/messages/create_topics.hpp"
#include "jackdaw/protocol/messages/delete_topics.hpp"

namespace jackdaw::controller {

// Partitions that one request may create.
inline constexpr std::int32_t partitions_per_request_max = 10000;

struct created_topic {
  std::string name;
  verdict outcome;
  // The rest is set when the outcome is good.
  uuid id;
  std::int32_t partition_count = -1;
  std::int16_t replication_factor = -1;
  config_map configs;              // its own settings
  std::vector<std::string> notes;  // settings without effect, one sentence each, for the log
};

// `quota`, here and below: null is none; what it doesn't allow is refused, the rest is done.
//
// One row for each name, in the order of Kafka's answers: what is named once as it is named, what is named twice, and
// the metadata log. With validate_only there are rows and no records.
decision<std::vector<created_topic>> create_topics(const metadata::image& image,
                                                   const protocol::create_topics_request& request,
                                                   const broker_config& config, random_source& random,
                                                   mutation_quota* quota = nullptr);

struct deleted_topic {
  std::optional<std::string> name;  // nothing when an unknown id was asked for
  uuid id;                          // zero when an unknown name was asked for
  verdict outcome;
};

// Both forms of the request: names alone (up to version 5), names or ids.
decision<std::vector<deleted_topic>> delete_topics(const metadata::image& image,
                                                   const protocol::delete_topics_request& request,
                                                   const broker_config& config, mutation_quota* quota = nullptr);

struct grown_topic {
  std::string name;
  verdict outcome;
};

decision<std::vector<grown_topic>> create_partitions(const metadata::image& image,
                                                     const protocol::create_partitions_request& request,
                                                     random_source& random, mutation_quota* quota = nullptr);

}  // namespace jackdaw::controller
