// Binds the network's interface to the broker's shard.
#pragma once

#include <memory>
#include <utility>

#include "jackdaw/broker/shard.hpp"
#include "jackdaw/net/request_handler.hpp"

namespace jackdaw::app {

class shard_handler final : public net::request_handler {
 public:
  // The shard outlives it.
  explicit shard_handler(broker::shard& shard) : shard_(shard) {}

  void open_connection(broker::connection_info info, now_t now) override {
    shard_.open_connection(std::move(info), now);
  }
  void close_connection(broker::connection_id id, now_t now) override { shard_.close_connection(id, now); }
  void handle(broker::connection_id id, std::shared_ptr<buffer> frame, broker::reply_sink sink, now_t now) override {
    shard_.handle(id, std::move(frame), std::move(sink), now);
  }
  void run(unique_function<void(broker::shard&)>& message) override { message(shard_); }
  void set_now(now_t now) override { shard_.set_now(now); }
  void on_wake(now_t now) override { shard_.on_wake(now); }
  void end_of_batch(now_t now) override { shard_.end_of_batch(now); }

 private:
  broker::shard& shard_;
};

}  // namespace jackdaw::app
