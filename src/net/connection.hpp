// One client's connection: requests in, answers out in the same order. Lives on one shard's thread.
#pragma once

#include <string>
#include <utility>

#include "byte_stream.hpp"
#include "frame_reader.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/broker/shard.hpp"
#include "jackdaw/net/accepted_socket.hpp"
#include "jackdaw/net/idle_list.hpp"
#include "memory_budget.hpp"
#include "reply_queue.hpp"
#include "reply_writer.hpp"

namespace jackdaw::net {

class connection_table;
class connection;

// The right to answer one request. Whoever drops it unused closes the connection, since the answers behind it could
// never be sent.
class reply_ticket {
 public:
  reply_ticket(connection& c, reply_queue::ticket t) noexcept;
  reply_ticket(reply_ticket&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)), ticket_(other.ticket_) {}
  reply_ticket& operator=(reply_ticket&&) = delete;
  ~reply_ticket();
  void operator()(broker::reply answer);

 private:
  connection* connection_;
  reply_queue::ticket ticket_;
};

// Reads on while earlier requests wait, until it holds as much as it may; then reading stops, which costs nothing:
// no system call, and the peer's kernel makes the peer wait. The same holds while it is muted for a quota, but for one
// timer. Never closes itself inside a call from the handler. Once closed it lives until the batch is over and the last
// ticket and the last wait for its stream are gone.
class connection final : public stream_watcher, public idle_hook, public budget_hook {
 public:
  connection(connection_table& table, broker::connection_id id, accepted_socket from,
             std::unique_ptr<byte_stream> stream);

  void on_ready(readiness what) override;
  // Goes on reading what an earlier turn or a limit left.
  void read();
  // Sends what is ready; at the end of a batch.
  void flush();
  // No new requests from now on; answers still go out.
  void stop_reading() noexcept { is_reading_ = false; }

  broker::connection_id id() const noexcept { return id_; }
  // Without its descriptor.
  const accepted_socket& socket() const noexcept { return socket_; }
  bool is_inside_frame() const noexcept { return reader_.is_inside_frame(); }
  bool has_requests() const noexcept { return !replies_.empty(); }
  bool has_unsent() noexcept { return !replies_.empty() && replies_.front().is_ready; }
  // It is the peer's turn: to send the rest of a frame, or to take an answer.
  bool waits_for_peer() noexcept {
    return has_unsent() || (is_inside_frame() && !is_waiting && !is_paused_ && !is_readable_);
  }
  std::size_t held_bytes() const noexcept { return held_bytes_; }
  std::size_t appetite() const noexcept;

 private:
  friend class connection_table;
  friend class reply_ticket;

  // Whether its client has to wait for a quota.
  bool is_muted() const noexcept { return muted_until_ != time_point::min(); }
  void mute(duration wait);
  void unmute();
  bool start_requests();
  bool may_start_request() const noexcept;
  void start(std::shared_ptr<buffer> frame);
  void finish(reply_queue::ticket ticket, broker::reply answer);
  void ticket_gone();
  void on_last_wait_gone() override;
  bool is_held() const noexcept { return tickets_ != 0 || has_waits(); }
  // Unless it waits already. Only when nothing is known to be there: what is left of a turn is read without an event.
  void wait_until_readable();
  // The stream's end or break, while nothing is read from it.
  void wait_until_broken();
  // Makes what is held for a part of this connection, so far `charged`, `bytes`.
  void charge(std::size_t& charged, std::size_t bytes) noexcept;
  void end_after_flush(std::string why, bool is_protocol_error);
  void hold(std::size_t bytes) noexcept;
  void let_go(std::size_t bytes) noexcept;

  connection_table& table_;
  broker::connection_id id_;
  accepted_socket socket_;
  std::unique_ptr<byte_stream> stream_;  // null once closed
  frame_reader reader_;
  reply_queue replies_;
  reply_writer writer_;
  std::size_t held_bytes_ = 0;    // of the table's budget
  std::size_t reader_bytes_ = 0;  // of held_bytes_, what the reader holds
  std::size_t writer_bytes_ = 0;  // the same of the writer
  std::size_t unsent_bytes_ = 0;  // of held_bytes_, answers
  std::uint32_t place_in_table_ = 0;
  std::uint32_t tickets_ = 0;  // not dropped yet
  bool is_orphan_ = false;     // out of the table: goes with its last ticket and its last wait
  bool is_reading_ = true;
  bool is_readable_ = false;  // as far as known: there may be bytes in the kernel
  bool is_blocked_ = false;   // the socket takes no more for now
  bool is_paused_ = false;    // by its own limits
  bool waits_readable_ = false;
  bool waits_broken_ = false;
  bool is_in_flush_list_ = false;
  bool is_in_turn_list_ = false;
  bool is_closed_ = false;
  bool is_ending_ = false;  // closes at the next flush, whatever is left
  bool is_protocol_error_ = false;
  std::string end_reason_;
  time_point muted_until_ = time_point::min();  // min(): it isn't
  timer_queue::handle mute_end_{};
};

}  // namespace jackdaw::net
