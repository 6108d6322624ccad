// How this broker comes to serve: it registers with whoever is the active controller, and says that it is ready once it
// sees itself registered. It looks at the image for what became of that, and asks again until it is there.
//
//   start ---> registering --registered in the image--> unfencing --unfenced in the image--> serving
#pragma once

#include <optional>

#include "broker_requests.hpp"
#include "context/shard_context.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class broker_lifecycle {
 public:
  using send_function = unique_function<void(broker_id controller, const broker_request& request)>;

  broker_lifecycle(shard_context& zero, send_function send) : home_(zero), send_(std::move(send)) {}
  ~broker_lifecycle();

  // `ready` runs once: when every shard has an image in which this broker serves, or with what stands against it.
  void start(unique_function<void(result<void>)> ready) { ready_ = std::move(ready); }
  // Who decides now; -1: nobody knows. On the node itself only once it can decide.
  void controller_is(broker_id controller);
  // What was sent before may be lost.
  void peer_up(broker_id id) {
    if (id == controller_) ask();
  }
  // Every shard has this image.
  void image_published(const metadata::image& image);
  // It can't serve.
  void failed(const error& why);

  // As the image has it; nothing before the first registration of this run.
  std::optional<broker_epoch> epoch() const noexcept { return epoch_; }

 private:
  void ask();
  broker_request next_request() const;

  shard_context& home_;
  send_function send_;
  unique_function<void(result<void>)> ready_;
  broker_id controller_;
  std::optional<broker_epoch> epoch_;
  bool is_serving_ = false;
  timer_queue::handle again_{};
};

}  // namespace jackdaw::broker
