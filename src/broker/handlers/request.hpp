// One request from its arrival to its answer. It owns everything that the answer needs: the frame that decoded views
// point into, text made for the answer, the sink.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>

#include "clients/client_quotas.hpp"
#include "clients/principal.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/broker/reply.hpp"
#include "jackdaw/broker/shard.hpp"
#include "jackdaw/protocol/headers.hpp"
#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::broker {

struct connection;

// Lives on the shard that took it, or travels inside a message that comes back there; answered and destroyed at home.
class request {
 public:
  request(shard_state& home, connection_id connection, principal_ptr who, const protocol::api_description& api,
          protocol::request_header header, std::shared_ptr<buffer> frame, std::size_t body_at, reply_sink sink);

  shard_state& home() const noexcept { return *home_; }
  connection_id connection() const noexcept { return connection_; }
  const principal& who() const noexcept { return *who_; }
  std::int16_t version() const noexcept { return header_.api_version; }
  const protocol::api_description& api() const noexcept { return *api_; }
  const std::shared_ptr<buffer>& frame() const noexcept { return frame_; }

  // Decodes the body into `message`. When the bytes are wrong it closes the connection and returns false: the
  // request is then finished.
  template <class T>
  bool decode(T& message) {
    protocol::reader in(frame_->view().subspan(body_at_));
    message.decode(in, version());
    if (in.ok()) return true;
    refuse_bytes(in);
    return false;
  }

  // Answers and finishes the request. `slices` holds one for each external records field, in order of writing.
  template <class T>
  void respond(const T& message, std::vector<file_slice> slices = {}) {
    respond_as(version(), message, std::move(slices));
  }
  // The same in another version than the request's: only ApiVersions does that.
  template <class T>
  void respond_as(std::int16_t v, const T& message, std::vector<file_slice> slices = {}) {
    wait_for_time();
    if constexpr (requires { message.throttle_time_ms; }) {
      if (throttle_ms_ != 0) {
        T told = message;
        told.throttle_time_ms = throttle_ms_;
        return encode(v, told, std::move(slices));
      }
    }
    encode(v, message, std::move(slices));
  }
  void respond_nothing();
  // Bytes that no client of Kafka sends, or a failure with no place in the answer: says why in the log.
  void close_connection(std::string reason);

  // ---- quotas: what the answer says, and what the client is held to
  // Counts what the client used of a quota; it waits accordingly once it is answered.
  void charge(security::quota_kind kind, double amount);
  // The client is to wait at least this long.
  void throttle(std::int32_t wait_ms) noexcept { throttle_ms_ = std::max(throttle_ms_, wait_ms); }
  // Charges it for the time that was spent so far. How long it has to wait, all in all.
  std::int32_t wait_for_time();
  // Whom to charge for what is done on other shards.
  quota_payer payer();

  // Time that the client asked to wait for, or that others in its group took: no slowness of this broker's, so it isn't
  // counted as the request's. A quota's wait needs no such word: it begins after the answer (KIP-219), and requests
  // that come meanwhile are not read.
  void did_wait(duration time) noexcept { waited_ += time; }

  // Keeps text alive until the answer is written; messages only hold views.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
  // Whoever sent this; empty when the client gave no id.
  std::string_view client_id() const noexcept { return header_.client_id.value_or(std::string_view{}); }

 private:
  template <class T>
  void encode(std::int16_t v, const T& message, std::vector<file_slice> slices) {
    protocol::response_header head;
    head.correlation_id = header_.correlation_id;
    const auto head_version = protocol::response_header_version(*api_, v);
    reply r;
    r.bytes = buffer(4 + head.encoded_size(head_version) + message.encoded_size(v));
    std::size_t total = r.bytes.size() - 4;
    for (const auto& s : slices) total += s.size;
    std::vector<protocol::writer::external> externals;
    protocol::writer out(r.bytes.span(), &externals);
    out.fixed(static_cast<std::int32_t>(total));
    head.encode(out, head_version);
    message.encode(out, v);
    JD_ASSERT(out.written() == r.bytes.size(), api_->name, v, out.written(), r.bytes.size());
    place_slices(r, externals, std::move(slices));
    deliver(std::move(r));
  }
  void refuse_bytes(const protocol::reader& in);
  static void place_slices(reply& r, const std::vector<protocol::writer::external>& externals,
                           std::vector<file_slice> slices);
  void deliver(reply r);
  void note_answer(const broker::connection& from, const reply& r);

  shard_state* home_;
  connection_id connection_;
  principal_ptr who_;
  const protocol::api_description* api_;
  protocol::request_header header_;
  std::shared_ptr<buffer> frame_;
  std::size_t body_at_;
  reply_sink sink_;
  std::deque<std::string> kept_;
  std::int32_t throttle_ms_ = 0;
  time_point arrived_;
  duration waited_{};
};

using request_ptr = std::unique_ptr<request>;

}  // namespace jackdaw::broker
