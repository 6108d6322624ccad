#include "listening_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace jackdaw::net {

namespace {

struct free_addresses {
  void operator()(addrinfo* a) const noexcept { ::freeaddrinfo(a); }
};
using addresses = std::unique_ptr<addrinfo, free_addresses>;

result<addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (rc != 0) return fail(errc::not_found, "host '" + host + "' has no address: " + ::gai_strerror(rc));
  return addresses(found);
}

struct address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::uint16_t& port() noexcept {
    return storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                         : reinterpret_cast<sockaddr_in&>(storage).sin_port;
  }
};

address any_address(int family) {
  address a;
  a.storage.ss_family = static_cast<sa_family_t>(family);
  a.size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return a;
}

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

// Options of a listening socket pass on to what it accepts, which saves system calls for each connection.
unique_fd open_socket(const address& at, const socket_options& options, bool all_families) {
  unique_fd fd(::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(fd.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (at.storage.ss_family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, all_families ? 0 : 1);
  if (options.send_buffer_bytes > 0) set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
  if (options.receive_buffer_bytes > 0) set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  return fd;
}

result<void> bind_one(address at, bool all_families, const socket_options& options, bound_listener& bound) {
  at.port() = htons(bound.port);
  unique_fd fd = open_socket(at, options, all_families);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at.storage), at.size) != 0) {
    const int error = errno;
    const char* const advice = error == EADDRINUSE ? "; another program has this port: stop it or change listeners="
                               : error == EACCES   ? "; ports below 1024 need a privilege: choose a higher one"
                               : error == EADDRNOTAVAIL ? "; no interface here has this address"
                                                        : "";
    return fail(error == EADDRINUSE ? errc::busy : errc::io, std::strerror(error) + std::string(advice));
  }
  if (bound.port == 0) {
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at.storage), &at.size);
    bound.port = ntohs(at.port());
  }
  bound.sockets.push_back(std::move(fd));
  return {};
}

error about(const listener_options& l, const error& e) {
  return fail(e.code, "Listener " + l.name + "://" + l.host + ":" + std::to_string(l.port) + ": " + e.detail);
}

result<bound_listener> bind_all_interfaces(const listener_options& listener, const socket_options& options) {
  bound_listener bound;
  bound.port = listener.port;
  const auto both = bind_one(any_address(AF_INET6), true, options, bound);
  if (both || both.error().code == errc::busy)
    return both ? result<bound_listener>(std::move(bound)) : about(listener, both.error());
  // No IPv6 here.
  const auto v4 = bind_one(any_address(AF_INET), true, options, bound);
  if (!v4) return about(listener, v4.error());
  return bound;
}

// 0.0.0.0, ::, and what else is spelled otherwise and means the same.
bool is_all_interfaces(const addrinfo& a) {
  address at;
  std::memcpy(&at.storage, a.ai_addr, a.ai_addrlen);
  const ip_address ip = ip_of(at.storage);
  return ip == ip_address{} || ip == ip_of(any_address(AF_INET).storage);
}

}  // namespace

result<bound_listener> bind_listener(const listener_options& listener, const socket_options& options) {
  if (listener.host.empty()) return bind_all_interfaces(listener, options);
  std::string host = listener.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto found = look_up(host);
  if (!found) return about(listener, found.error());
  if (is_all_interfaces(**found)) return bind_all_interfaces(listener, options);
  bound_listener bound;
  bound.port = listener.port;
  std::optional<error> first_error;
  for (const addrinfo* a = found->get(); a != nullptr; a = a->ai_next) {
    if (a->ai_family != AF_INET && a->ai_family != AF_INET6) continue;
    address at;
    std::memcpy(&at.storage, a->ai_addr, a->ai_addrlen);
    at.size = a->ai_addrlen;
    const auto one = bind_one(at, false, options, bound);
    if (one) continue;
    // An address that this machine doesn't have is fine as long as another one is there; a taken port isn't.
    if (one.error().code == errc::busy) return about(listener, one.error());
    if (!first_error) first_error = one.error();
  }
  if (bound.sockets.empty()) return about(listener, first_error.value_or(fail(errc::io, "no usable address")));
  return bound;
}

result<void> start_listening(const bound_listener& bound, const listener_options& listener, int backlog) {
  for (const auto& fd : bound.sockets) {
    if (::listen(fd.get(), backlog) == 0) continue;
    return about(listener, fail(errno == EADDRINUSE ? errc::busy : errc::io, std::strerror(errno)));
  }
  return {};
}

result<std::vector<ip_address>> resolve(const std::string& host) {
  const auto found = look_up(host);
  if (!found) return found.error();
  std::vector<ip_address> ips;
  for (const addrinfo* a = found->get(); a != nullptr; a = a->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, a->ai_addr, a->ai_addrlen);
    ips.push_back(ip_of(storage));
  }
  return ips;
}

}  // namespace jackdaw::net
