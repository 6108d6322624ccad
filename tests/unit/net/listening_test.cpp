#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "jackdaw/net/host_name.hpp"
#include "listening_socket.hpp"

namespace jackdaw::net {
namespace {

// Whether a connection to this machine's own address of that family is taken.
bool is_served(int family, std::uint16_t port) {
  unique_fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (family == AF_INET) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  to.sin6_addr = in6addr_loopback;
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

bool has_ipv6() {
  unique_fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 own{};
  own.sin6_family = AF_INET6;
  own.sin6_addr = in6addr_loopback;
  return fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
}

TEST(listening, every_spelling_of_all_interfaces_serves_both_families) {
  for (const char* host : {"", "0.0.0.0", "0", "::", "[::]", "::0", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"}) {
    listener_options listener;
    listener.name = "PLAINTEXT";
    listener.host = host;
    const auto bound = bind_listener(listener, {});
    ASSERT_TRUE(bound) << host << ": " << to_string(bound.error());
    ASSERT_TRUE(start_listening(*bound, listener, 5)) << host;
    EXPECT_TRUE(is_served(AF_INET, bound->port)) << host;
    if (has_ipv6()) {
      EXPECT_TRUE(is_served(AF_INET6, bound->port)) << host;
    }
  }
}

TEST(listening, one_address_serves_nobody_else) {
  listener_options listener;
  listener.name = "PLAINTEXT";
  listener.host = "127.0.0.1";
  const auto bound = bind_listener(listener, {});
  ASSERT_TRUE(bound);
  ASSERT_TRUE(start_listening(*bound, listener, 5));
  EXPECT_TRUE(is_served(AF_INET, bound->port));
  EXPECT_FALSE(is_served(AF_INET6, bound->port));
}

TEST(listening, this_machine_has_a_name_that_leads_to_it) {
  const std::string name = canonical_host_name();
  ASSERT_FALSE(name.empty());
  EXPECT_EQ(name.find_first_of(" \t/"), std::string::npos) << name;
  EXPECT_NE(name, "0.0.0.0");
}

}  // namespace
}  // namespace jackdaw::net
