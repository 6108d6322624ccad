// A client's socket to a broker on loopback: frames out, frames in. Ends the program when the broker is gone.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "jackdaw/base/bytes.hpp"

namespace jackdaw::bench {

[[noreturn]] void give_up(std::string_view what);

class connection {
 public:
  explicit connection(int port);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  // Sends all of it; waits when the broker doesn't read.
  void send(bytes_view frame);
  // Receives what is there, or waits for something when there is nothing.
  void receive();
  // The next whole frame without its size, empty when there is none. Valid until receive().
  bytes_view next_frame();

 private:
  int descriptor_;
  std::vector<std::byte> in_;
  std::size_t used_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace jackdaw::bench
