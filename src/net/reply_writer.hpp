// Puts answers on a stream: memory of several in one call, slices of segment files without copying them.
#pragma once

#include <cstdint>
#include <string>

#include "byte_stream.hpp"
#include "reply_queue.hpp"

namespace jackdaw::net {

class reply_writer {
 public:
  enum class status {
    drained,  // everything that was ready is sent
    more,     // enough for one turn, others wait; go on soon
    blocked,  // the stream takes no more; go on when it is writable
    closed,   // the peer, a file or an answer ended it: see reason()
  };

  // Sends ready answers from the front of `queue` and pops those that are sent whole. `sent_bytes` grows by what the
  // stream took; `freed_cost` grows by the cost of the slots popped. `scratch` may be used until it returns.
  status send(byte_stream& stream, reply_queue& queue, mutable_bytes scratch, std::size_t& sent_bytes,
              std::size_t& freed_cost);

  // Bytes of small slices that a full stream left behind; at most the size of the scratch area.
  std::size_t held_bytes() const noexcept { return kept_.capacity(); }
  // Why send() returned closed, and whether people should read it: it wasn't the peer who left.
  const std::string& reason() const noexcept { return reason_; }
  bool is_fault() const noexcept { return is_fault_; }

 private:
  status send_front(byte_stream& stream, reply_queue& queue, mutable_bytes scratch, std::size_t& sent_bytes,
                    std::size_t& freed_cost);
  status send_memory(byte_stream& stream, reply_queue& queue, std::size_t& sent_bytes, std::size_t& freed_cost);
  status send_staged(byte_stream& stream, const broker::reply& answer, mutable_bytes scratch, std::size_t& sent_bytes);
  status send_kept(byte_stream& stream, const broker::reply& answer, std::size_t& sent_bytes);
  status send_slice(byte_stream& stream, const broker::reply& answer, std::size_t& sent_bytes);
  // Copies what comes next of the answer, slices included, until a slice that goes by file; false when a file is
  // shorter than its slice.
  bool stage(const broker::reply& answer, mutable_bytes into, std::size_t& staged);
  const broker::reply_slice* next_slice(const broker::reply& answer) const noexcept;
  bool is_at_file_slice(const broker::reply& answer) const noexcept;
  // Moves on by `n` bytes of memory, over answers that are sent whole.
  void advance(reply_queue& queue, std::size_t n, std::size_t& freed_cost);
  void pop(reply_queue& queue, std::size_t& freed_cost);
  bool goes_by_file(const broker::file_slice& slice) const noexcept;
  // What a call that sent nothing means.
  status after(const moved& nothing);
  status give_up(std::string why);

  // How far the front answer is sent (or kept): memory bytes, whole slices, and bytes of the slice after those.
  std::size_t memory_sent_ = 0;
  std::uint32_t slices_sent_ = 0;
  std::uint32_t slice_sent_ = 0;
  bool sends_files_ = false;  // of the stream that send() was given last
  bool is_fault_ = false;
  std::size_t kept_sent_ = 0;
  buffer kept_;
  std::string reason_;
};

}  // namespace jackdaw::net
