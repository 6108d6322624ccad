// What a shard's thread feeds: broker::shard in the server, something smaller in a test.
#pragma once

#include <memory>

#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/broker/reply.hpp"
#include "jackdaw/broker/shard.hpp"

namespace jackdaw::net {

// The functions of broker::shard, with its promises; all are called one at a time, on the shard's thread or on the one
// that does a batch in its place.
class request_handler {
 public:
  virtual ~request_handler() = default;

  virtual void open_connection(broker::connection_info info, now_t now) = 0;
  virtual void close_connection(broker::connection_id id, now_t now) = 0;
  virtual void handle(broker::connection_id id, std::shared_ptr<buffer> frame, broker::reply_sink sink, now_t now) = 0;
  // Calls what environment::post or run_on_worker was given, with the shard that it waits for.
  virtual void run(unique_function<void(broker::shard&)>& message) = 0;
  virtual void set_now(now_t now) = 0;
  virtual void on_wake(now_t now) = 0;
  virtual void end_of_batch(now_t now) = 0;
};

}  // namespace jackdaw::net
