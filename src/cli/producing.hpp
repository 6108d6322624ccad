// What produce and bench share: the producer's options, its start, and its last words.
#pragma once

#include <memory>
#include <string>

#include "jackdaw/net/client_producer.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

struct producing_options {
  std::string acks = "all";
  std::string codec = "none";
  bool no_idempotence = false;
  int in_flight = 5;
  std::string batch = "128k";
  std::string linger = "5ms";
};

struct producing {
  producing(net::client& client, net::producer_options options, std::uint64_t seed)
      : producer(client, std::move(options), seed) {}

  net::client_producer producer;
  int topic = 0;
};

void declare_producing(command verb, producing_options& o);
// A producer that is ready to send to `topic`, which must exist.
outcome<std::unique_ptr<producing>> start_producing(context& ctx, const std::string& topic, const producing_options& o);
// A failure when records were lost; prints the counts with -o json.
outcome<void> finish_producing(context& ctx, const producing& p);

}  // namespace jackdaw::cli
