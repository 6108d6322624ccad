// The client half of the protocol, for the command line: one thread, nothing running between calls of poll().
// It speaks to any Kafka-compatible cluster.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/net/client_metadata.hpp"
#include "jackdaw/net/client_options.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace jackdaw::net {

class client_connection;
class client_loop;

// A broker answers the requests of one connection one after the other: what may wait there for long (a fetch for
// records, a join for other members) goes by a connection of its own, where it holds up nothing else.
enum class client_lane { ordinary, fetches, group };

struct raw_reply {
  buffer frame;  // without its size
  std::int16_t version = 0;
};

// One request on its way. `done` is called exactly once, from poll() or send(); it may send, but neither poll nor
// call. It gets the reply; or errc::closed when the broker can't be reached or hung up, errc::timed_out,
// errc::unsupported when there is no version that both sides speak.
struct raw_request {
  protocol::api_key key{};
  std::int16_t version_max = std::numeric_limits<std::int16_t>::max();
  // The whole frame, once the version is known.
  unique_function<result<std::vector<std::byte>>(std::int16_t version, correlation_id id)> encode;
  unique_function<void(result<raw_reply>)> done;
  bool has_reply = true;  // false: done when written, with an empty reply (Produce with acks=0)
  client_lane lane = client_lane::ordinary;
  std::chrono::milliseconds extra_time{0};  // that the answer may take beyond the client's request_timeout
};

// A decoded reply and the bytes that its views point into.
template <class Response>
struct answer {
  buffer frame;
  std::int16_t version = 0;
  Response body;
};

template <class Response>
result<answer<Response>> decode_answer(raw_reply reply) {
  auto decoded = protocol::decode_response<Response>(reply.frame.view(), reply.version);
  if (!decoded) return decoded.error();
  return answer<Response>{std::move(reply.frame), reply.version, std::move(decoded->body)};
}

class client {
 public:
  // Whichever broker can be reached: the bootstrap list at first.
  static constexpr broker_id any_broker{-1};
  using clock = std::chrono::steady_clock;

  explicit client(client_options options);
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  const client_options& options() const noexcept { return options_; }

  // Sends `request` and waits for the answer. Errors as in raw_request; the answer's own error codes are the caller's.
  template <class Response, class Request>
  result<answer<Response>> call(const Request& request, broker_id to = any_broker,
                                std::int16_t version_max = std::numeric_limits<std::int16_t>::max()) {
    static_assert(Request::api_key == Response::api_key);
    raw_request raw;
    raw.key = static_cast<protocol::api_key>(Request::api_key);
    raw.version_max = version_max;
    raw.encode = [&request, this](std::int16_t version, correlation_id id) {
      return encode_frame(request, version, id);
    };
    auto reply = wait_for(std::move(raw), to);
    if (!reply) return reply.error();
    return decode_answer<Response>(std::move(*reply));
  }

  // The same for a request that differs from version to version: `make(version)` gives it. Its views must outlive the
  // call.
  template <class Response, class Make>
  result<answer<Response>> call_as(const Make& make, broker_id to = any_broker,
                                   std::int16_t version_max = std::numeric_limits<std::int16_t>::max()) {
    raw_request raw;
    raw.key = static_cast<protocol::api_key>(Response::api_key);
    raw.version_max = version_max;
    raw.encode = [&make, this](std::int16_t version, correlation_id id) {
      return encode_frame(make(version), version, id);
    };
    auto reply = wait_for(std::move(raw), to);
    if (!reply) return reply.error();
    return decode_answer<Response>(std::move(*reply));
  }

  // For requests that don't wait: `request.done` is called by a later poll().
  void send(raw_request request, broker_id to);
  template <class Request>
  result<std::vector<std::byte>> encode_frame(const Request& request, std::int16_t version, correlation_id id) const {
    protocol::request_header header;
    header.api_version = version;
    header.correlation_id = id;
    header.client_id = options_.client_id;
    return protocol::encode_request_frame(header, request);
  }

  // Writes what is queued, reads what came, calls back, and returns: at once when something happened, else after
  // `wait` or when `also_fd` has input. True when `also_fd` has input.
  bool poll(std::chrono::milliseconds wait, int also_fd = -1);
  // Requests without their answer yet, and bytes not yet given to the kernel.
  bool is_idle() const noexcept;

  const cluster_metadata& metadata() const noexcept { return metadata_; }
  // Fetches metadata of these topics; of all when `topics` is nothing.
  result<void> refresh_metadata(const std::optional<std::vector<std::string>>& topics);
  // The same without waiting; does nothing while one is under way or was sent within the last 100 ms. Topics that
  // were ever asked for are asked for again.
  void refresh_metadata_later();
  // Known, and with a leader for each partition: waits up to `patience` for a topic that was just made.
  result<const topic_metadata*> topic(std::string_view name, std::chrono::milliseconds patience);

 private:
  client_connection* connection_to(broker_id id, client_lane lane);
  client_connection* open(const endpoint& at, client_lane lane);
  result<raw_reply> wait_for(raw_request request, broker_id to);
  result<raw_reply> wait_once(raw_request& request, client_connection& on);
  void drop_failed();

  client_options options_;
  cluster_metadata metadata_;
  std::unique_ptr<client_loop> loop_;
  std::vector<std::shared_ptr<client_connection>> connections_;
  std::size_t bootstrap_next_ = 0;
  std::vector<std::string> watched_topics_;
  bool refreshing_ = false;
  clock::time_point refreshed_{};
};

}  // namespace jackdaw::net
