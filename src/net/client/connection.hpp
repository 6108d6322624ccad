// One TCP connection of a client: connects, agrees on versions, then requests and replies in order.
//
//   connecting --connected--> negotiating --ApiVersions answered--> ready
//        \-----------------------------------\----------------------/----> failed (for good)
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "asio_types.hpp"
#include "jackdaw/net/client.hpp"

namespace jackdaw::net {

class client_connection : public std::enable_shared_from_this<client_connection> {
 public:
  using clock = client::clock;

  client_connection(asio_context& context, endpoint at, client_lane lane, const client_options& options,
                    clock::time_point now);
  // Looks the name up and begins to connect; once, before anything else.
  void start();

  const endpoint& at() const noexcept { return at_; }
  client_lane lane() const noexcept { return lane_; }
  bool is_failed() const noexcept { return state_ == state::failed; }
  bool is_ready() const noexcept { return state_ == state::ready; }
  bool is_idle() const noexcept { return queued_.empty() && waiting_.empty() && out_.empty(); }
  const error& failure() const noexcept { return failure_; }

  // Encodes and queues; nothing is written before flush().
  void send(raw_request request, clock::time_point now);
  void flush();
  // Gives up on what is overdue.
  void on_time(clock::time_point now);
  clock::time_point next_deadline() const noexcept;
  // Every outstanding request ends with `why`.
  void fail_with(error why);

 private:
  struct version_range {
    std::int16_t least = 0;
    std::int16_t most = 0;
  };
  enum class state { connecting, negotiating, ready, failed };
  struct outstanding {
    raw_request request;
    std::int16_t version = 0;
    correlation_id id;
    clock::time_point deadline;
  };
  struct queued_request {
    raw_request request;
    clock::time_point deadline;
  };

  // Nothing when the broker doesn't offer it.
  std::optional<version_range> offered(protocol::api_key api) const noexcept;
  void try_next_address(const boost::system::error_code& last);
  void on_connect(const boost::system::error_code& outcome);
  // Calls the member function when the socket is ready, if there is still somebody to call.
  void wait(asio_socket::wait_type what, void (client_connection::*then)());
  void on_readable();
  void on_writable();
  void negotiate(std::int16_t version);
  void on_versions(result<raw_reply> reply);
  void become_ready();
  void start_request(raw_request request, clock::time_point deadline);
  void transmit(raw_request request, std::int16_t version, clock::time_point deadline);
  void read_some();
  bool take_frames();
  void on_frame(buffer frame);
  void finish_unanswered();
  error unreachable(const std::string& why) const;

  endpoint at_;
  client_lane lane_;
  const client_options& options_;
  state state_ = state::connecting;
  error failure_;
  asio_socket socket_;
  std::vector<boost::asio::ip::tcp::endpoint> addresses_;
  std::size_t next_address_ = 0;
  clock::time_point connect_deadline_;
  clock::time_point negotiate_deadline_;
  std::vector<std::optional<version_range>> versions_;  // by api key
  std::deque<queued_request> queued_;                   // before ready
  std::deque<outstanding> waiting_;
  std::int32_t next_id_ = 1;

  std::deque<std::vector<std::byte>> out_;
  std::size_t out_offset_ = 0;  // into the first
  bool waits_writable_ = false;
  buffer in_{128 * 1024};
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  buffer large_;  // a frame that is larger than in_, as far as it came
  std::size_t large_filled_ = 0;
};

}  // namespace jackdaw::net
