#include "connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "jackdaw/protocol/messages/api_versions.hpp"

namespace jackdaw::net {

namespace {

constexpr std::size_t frame_bytes_max = 1024 * 1024 * 1024;
constexpr std::int16_t api_versions_first_try = 3;  // the first flexible one, which old brokers answer with theirs

}  // namespace

client_connection::client_connection(asio_context& context, endpoint at, client_lane lane,
                                     const client_options& options, clock::time_point now)
    : at_(std::move(at)),
      lane_(lane),
      options_(options),
      socket_(context),
      connect_deadline_(now + options.connect_timeout) {}

error client_connection::unreachable(const std::string& why) const {
  return fail(errc::closed, to_string(at_) + ": " + why);
}

void client_connection::start() {
  using boost::asio::ip::tcp;
  boost::system::error_code error;
  tcp::resolver names(socket_.get_executor());
  const auto found = names.resolve(at_.host, std::to_string(at_.port), tcp::resolver::address_configured, error);
  if (error) return fail_with(unreachable("the name can't be resolved, " + error.message()));
  for (const auto& each : found) addresses_.push_back(each.endpoint());
  try_next_address(boost::asio::error::connection_refused);
}

void client_connection::try_next_address(const boost::system::error_code& last) {
  if (next_address_ == addresses_.size()) return fail_with(unreachable(last.message()));
  boost::system::error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(addresses_[next_address_++],
                        [weak = weak_from_this()](const boost::system::error_code& outcome) {
                          if (const auto self = weak.lock()) self->on_connect(outcome);
                        });
}

void client_connection::on_connect(const boost::system::error_code& outcome) {
  if (state_ != state::connecting) return;
  if (outcome) return try_next_address(outcome);
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  state_ = state::negotiating;
  negotiate_deadline_ = clock::now() + options_.request_timeout;
  negotiate(api_versions_first_try);
  wait(asio_socket::wait_read, &client_connection::on_readable);
  flush();
}

void client_connection::wait(asio_socket::wait_type what, void (client_connection::*then)()) {
  socket_.async_wait(what, [weak = weak_from_this(), then](const boost::system::error_code& outcome) {
    const auto self = weak.lock();
    if (self && outcome != boost::asio::error::operation_aborted && !self->is_failed()) ((*self).*then)();
  });
}

void client_connection::on_readable() {
  read_some();
  if (state_ != state::failed) flush();
  if (state_ != state::failed) wait(asio_socket::wait_read, &client_connection::on_readable);
}

void client_connection::on_writable() {
  waits_writable_ = false;
  flush();
}

void client_connection::negotiate(std::int16_t version) {
  raw_request request;
  request.key = protocol::api_key::api_versions;
  request.encode = [this](std::int16_t v, correlation_id id) {
    protocol::api_versions_request body;
    if (v >= 3) {
      body.client_software_name = "jackdaw";
      body.client_software_version = options_.software_version;
    }
    protocol::request_header header;
    header.api_version = v;
    header.correlation_id = id;
    header.client_id = options_.client_id;
    return protocol::encode_request_frame(header, body);
  };
  request.done = [this](result<raw_reply> reply) { on_versions(std::move(reply)); };
  transmit(std::move(request), version, negotiate_deadline_);
}

void client_connection::on_versions(result<raw_reply> reply) {
  if (!reply) return;  // the connection failed, and everybody was told
  std::int16_t version = reply->version;
  auto answered = protocol::decode_response<protocol::api_versions_response>(reply->frame.view(), version);
  // A broker that doesn't know the version answers in version 0 (KIP-511).
  if (!answered || answered->body.error_code == protocol::error_code::unsupported_version) {
    if (version != 0) return negotiate(0);
  }
  if (!answered) return fail_with(unreachable("it doesn't speak Kafka's protocol (is this the right port?)"));
  if (answered->body.error_code != protocol::error_code::none) {
    return fail_with(unreachable("ApiVersions is refused with " + std::string(name_of(answered->body.error_code))));
  }
  for (const auto& api : answered->body.api_keys) {
    if (api.api_key < 0 || api.api_key > 1000) continue;
    const auto index = static_cast<std::size_t>(api.api_key);
    if (versions_.size() <= index) versions_.resize(index + 1);
    versions_[index] = version_range{api.min_version, api.max_version};
  }
  become_ready();
}

void client_connection::become_ready() {
  state_ = state::ready;
  while (!queued_.empty() && state_ == state::ready) {
    queued_request next = std::move(queued_.front());
    queued_.pop_front();
    start_request(std::move(next.request), next.deadline);
  }
}

std::optional<client_connection::version_range> client_connection::offered(protocol::api_key api) const noexcept {
  const auto index = static_cast<std::size_t>(api);
  return index < versions_.size() ? versions_[index] : std::nullopt;
}

void client_connection::send(raw_request request, clock::time_point now) {
  const auto deadline = now + options_.request_timeout + request.extra_time;
  if (state_ == state::failed) {
    request.done(failure_);
  } else if (state_ == state::ready) {
    start_request(std::move(request), deadline);
  } else {
    queued_.push_back({std::move(request), deadline});
  }
}

void client_connection::start_request(raw_request request, clock::time_point deadline) {
  const auto& api = *protocol::find_api(static_cast<std::int16_t>(request.key));
  const auto theirs = offered(request.key);
  if (!theirs) {
    return request.done(fail(errc::unsupported, to_string(at_) + " doesn't offer " + std::string(api.name)));
  }
  const std::int16_t version = std::min({theirs->most, api.version_max, request.version_max});
  if (version < std::max(theirs->least, api.version_min)) {
    return request.done(fail(errc::unsupported, to_string(at_) + " offers " + std::string(api.name) + " in versions " +
                                                    std::to_string(theirs->least) + " to " +
                                                    std::to_string(theirs->most) + ", none of which can be used here"));
  }
  transmit(std::move(request), version, deadline);
}

void client_connection::transmit(raw_request request, std::int16_t version, clock::time_point deadline) {
  const correlation_id id{next_id_++};
  auto frame = request.encode(version, id);
  if (!frame) return request.done(frame.error());
  out_.push_back(std::move(*frame));
  waiting_.push_back({std::move(request), version, id, deadline});
}

void client_connection::flush() {
  while (!out_.empty() && (state_ == state::negotiating || state_ == state::ready)) {
    std::array<iovec, 64> pieces;
    const std::size_t count = std::min(out_.size(), pieces.size());
    for (std::size_t i = 0; i < count; ++i) pieces[i] = {out_[i].data(), out_[i].size()};
    pieces[0].iov_base = out_[0].data() + out_offset_;
    pieces[0].iov_len -= out_offset_;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        if (!std::exchange(waits_writable_, true)) wait(asio_socket::wait_write, &client_connection::on_writable);
        return;
      }
      return fail_with(unreachable(std::string("the connection broke, ") + std::strerror(errno)));
    }
    auto left = static_cast<std::size_t>(sent);
    while (left != 0) {
      const std::size_t rest = out_.front().size() - out_offset_;
      if (left < rest) {
        out_offset_ += left;
        break;
      }
      left -= rest;
      out_offset_ = 0;
      out_.pop_front();
    }
  }
  if (out_.empty()) finish_unanswered();
}

// Requests without an answer are done once they are written, which an answer to a later one proves, too.
void client_connection::finish_unanswered() {
  while (!waiting_.empty() && !waiting_.front().request.has_reply) {
    outstanding done = std::move(waiting_.front());
    waiting_.pop_front();
    done.request.done(raw_reply{{}, done.version});
  }
}

void client_connection::read_some() {
  // Bounded, so that one busy broker doesn't keep the others waiting.
  for (int round = 0; round < 16 && state_ != state::failed; ++round) {
    mutable_bytes room;
    if (!large_.empty()) {
      room = large_.span().subspan(large_filled_);
    } else {
      if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
      room = in_.span().subspan(in_end_);
    }
    const ssize_t got = ::recv(socket_.native_handle(), room.data(), room.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return fail_with(unreachable(std::string("the connection broke, ") + std::strerror(errno)));
    if (got == 0) return fail_with(unreachable("the broker closed the connection"));
    const auto size = static_cast<std::size_t>(got);
    if (!large_.empty()) {
      large_filled_ += size;
      if (large_filled_ == large_.size()) {
        on_frame(std::exchange(large_, buffer{}));
        large_filled_ = 0;
      }
    } else {
      in_end_ += size;
      if (!take_frames()) return;
    }
    if (size < room.size()) return;
  }
}

// False when the connection failed.
bool client_connection::take_frames() {
  while (in_end_ - in_begin_ >= 4) {
    const std::byte* at = in_.data() + in_begin_;
    const auto claimed = load_be<std::int32_t>(at);
    if (claimed < 0 || static_cast<std::size_t>(claimed) > frame_bytes_max) {
      fail_with(unreachable("it doesn't speak Kafka's protocol (is this the right port, and without TLS?)"));
      return false;
    }
    const auto size = static_cast<std::size_t>(claimed);
    const std::size_t here = in_end_ - in_begin_ - 4;
    if (here < size && size + 4 <= in_.size()) break;
    buffer frame(size);
    const std::size_t taken = std::min(here, size);
    if (taken != 0) std::memcpy(frame.data(), at + 4, taken);
    in_begin_ += 4 + taken;
    if (taken < size) {
      large_ = std::move(frame);
      large_filled_ = taken;
      return true;
    }
    on_frame(std::move(frame));
    if (state_ == state::failed) return false;
  }
  if (in_begin_ != 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  return true;
}

void client_connection::on_frame(buffer frame) {
  finish_unanswered();
  if (waiting_.empty() || frame.size() < 4 || load_be<std::int32_t>(frame.data()) != waiting_.front().id.value()) {
    return fail_with(unreachable("it answers something that nobody asked"));
  }
  outstanding answered = std::move(waiting_.front());
  waiting_.pop_front();
  answered.request.done(raw_reply{std::move(frame), answered.version});
}

client_connection::clock::time_point client_connection::next_deadline() const noexcept {
  auto next = clock::time_point::max();
  if (state_ == state::connecting) next = connect_deadline_;
  if (!queued_.empty()) next = std::min(next, queued_.front().deadline);
  if (!waiting_.empty()) next = std::min(next, waiting_.front().deadline);
  return next;
}

void client_connection::on_time(clock::time_point now) {
  if (state_ == state::failed || now < next_deadline()) return;
  if (state_ == state::connecting) return fail_with(unreachable("no connection within the time allowed"));
  fail_with(fail(errc::timed_out,
                 to_string(at_) + ": no answer within " + std::to_string(options_.request_timeout.count()) + " ms"));
}

void client_connection::fail_with(error why) {
  if (state_ == state::failed) return;
  state_ = state::failed;
  failure_ = std::move(why);
  boost::system::error_code ignored;
  socket_.close(ignored);
  out_.clear();
  auto waiting = std::exchange(waiting_, {});
  auto queued = std::exchange(queued_, {});
  for (auto& w : waiting) w.request.done(failure_);
  for (auto& q : queued) q.request.done(failure_);
}

}  // namespace jackdaw::net
