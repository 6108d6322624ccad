// What a connection reads and writes: bytes in order, plain here, encrypted by another class that does the same.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "asio_types.hpp"
#include "batch_loop.hpp"
#include "jackdaw/base/bytes.hpp"
#include "jackdaw/net/unique_fd.hpp"

namespace jackdaw::net {

enum class readiness : std::uint8_t {
  readable,  // bytes, the end, or an error
  writable,  // there is room again, or an error
  broken,    // an error, or both directions are closed: for who doesn't read now
};

class stream_watcher;

// One wait under way. Keeps its watcher from dying, not from forgetting about it.
class stream_wait {
 public:
  stream_wait(stream_watcher& watcher, readiness what) noexcept;
  stream_wait(stream_wait&& other) noexcept : watcher_(std::exchange(other.watcher_, nullptr)), what_(other.what_) {}
  stream_wait& operator=(stream_wait&&) = delete;
  ~stream_wait();
  void operator()(const boost::system::error_code& outcome);

 private:
  stream_watcher* watcher_;
  readiness what_;
};

// Who waits for a stream. All in the turn of the loop that it belongs to.
class stream_watcher {
 public:
  virtual ~stream_watcher() = default;
  // Not for a wait that the stream's end cancelled. It may come late: after the stream was closed or its bytes were
  // read for another reason.
  virtual void on_ready(readiness what) = 0;

 protected:
  // The end of each wait begins a batch of `loop`, if there is one.
  explicit stream_watcher(batch_loop* loop) noexcept : loop_(loop) {}
  bool has_waits() const noexcept { return waits_ != 0; }

 private:
  friend class stream_wait;
  // The last wait is gone: who lives only for it may die here.
  virtual void on_last_wait_gone() = 0;
  batch_loop* loop_;
  std::uint32_t waits_ = 0;
};

inline stream_wait::stream_wait(stream_watcher& watcher, readiness what) noexcept : watcher_(&watcher), what_(what) {
  ++watcher.waits_;
}

inline stream_wait::~stream_wait() {
  if (watcher_ != nullptr && --watcher_->waits_ == 0) watcher_->on_last_wait_gone();
}

inline void stream_wait::operator()(const boost::system::error_code& outcome) {
  // Before anything of the watcher, its count of waits included, is touched.
  if (watcher_->loop_ != nullptr) watcher_->loop_->enter();
  if (outcome != boost::asio::error::operation_aborted) watcher_->on_ready(what_);
}

// What came of one call: bytes that moved, or why none did.
struct moved {
  enum class state : std::uint8_t {
    some,    // `bytes`, maybe fewer than asked
    full,    // nothing now: wait until it is readable or writable
    end,     // reading: the peer sends no more
    failed,  // `error`, an errno
  };
  state what = state::some;
  int error = 0;
  std::size_t bytes = 0;
};

// Nothing here blocks. Nothing waits, either, until wait() says for what: each wait ends once.
class byte_stream {
 public:
  virtual ~byte_stream() = default;

  virtual moved read(mutable_bytes into) = 0;
  // `more_follows`: what comes next is worth waiting for, so that both leave in one packet.
  virtual moved write(std::span<const iovec> parts, bool more_follows) = 0;
  // Whether it can send a file's bytes without their passing through memory.
  virtual bool sends_files() const noexcept = 0;
  // Only if it can. `some` with 0 bytes: the file ends before `position`.
  virtual moved write_file(int file, std::uint64_t position, std::size_t bytes) = 0;
  // At most one wait for each kind at a time. The watcher outlives the wait.
  virtual void wait(readiness what, stream_watcher& watcher) = 0;
};

// Takes over a connected socket that doesn't block. Closing it is the end of the stream.
std::unique_ptr<byte_stream> make_plain_stream(asio_context& context, unique_fd socket,
                                               boost::system::error_code& error);

}  // namespace jackdaw::net
