// The small parts that need no socket.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "jackdaw/net/admission.hpp"
#include "jackdaw/net/idle_list.hpp"

namespace jackdaw::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

time_point at(duration d) { return time_point(d); }

ip_address address(std::uint8_t last) {
  ip_address ip;
  ip.bytes[15] = last;
  return ip;
}

TEST(idle_list, keeps_the_order_of_the_last_touch_within_its_grain) {
  idle_list list(seconds(1));
  idle_hook a, b, c;
  list.touch(a, at(seconds(10)));
  list.touch(b, at(seconds(11)));
  list.touch(c, at(seconds(12)));
  EXPECT_EQ(list.oldest(), &a);
  list.touch(a, at(milliseconds(10500)));
  EXPECT_EQ(list.oldest(), &a) << "within the grain nothing moves";
  list.touch(a, at(seconds(13)));
  EXPECT_EQ(list.oldest(), &b);
  list.remove(b);
  list.remove(b);
  EXPECT_EQ(list.oldest(), &c);
  list.remove(c);
  list.remove(a);
  EXPECT_EQ(list.oldest(), nullptr);
}

TEST(admission, all_connections_and_those_of_one_address_are_limited) {
  admission a({3, 2, {{address(9), 1}}, 0});
  const time_point now = at(seconds(1));
  EXPECT_TRUE(a.admit(address(1), now));
  EXPECT_TRUE(a.admit(address(1), now));
  EXPECT_FALSE(a.admit(address(1), now));
  EXPECT_TRUE(a.has_room());
  EXPECT_TRUE(a.admit(address(9), now));
  EXPECT_FALSE(a.has_room());
  a.release(address(9));
  a.release(address(1));
  EXPECT_EQ(a.open(), 1u);
  EXPECT_TRUE(a.admit(address(9), now));
  EXPECT_FALSE(a.admit(address(9), now)) << "its own limit is 1";
}

TEST(admission, new_connections_come_at_a_rate_with_bursts_of_one_second) {
  admission a({100, 100, {}, 10});
  const time_point start = at(seconds(100));
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(a.next_allowed(), start) << i;
    EXPECT_TRUE(a.admit(address(1), start));
  }
  EXPECT_EQ(a.next_allowed(), start + milliseconds(100));
  EXPECT_TRUE(a.admit(address(1), start + milliseconds(100)));
  EXPECT_EQ(a.next_allowed(), start + milliseconds(200));
}

TEST(admission, an_address_that_connects_too_often_is_told_how_long_to_be_held) {
  const time_point start{};
  admission a({.all = 100, .per_ip = 100, .per_ip_overrides = {}, .new_per_second = 0});
  EXPECT_EQ(a.delay_of(address(1), start), duration::zero()) << "no quota";
  a.set_limits({.all = 100,
                .per_ip = 100,
                .per_ip_overrides = {},
                .new_per_second = 0,
                .ip_new_per_second = 2,
                .ip_new_per_second_overrides = {{address(9), 0.1}}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(a.delay_of(address(1), start), duration::zero()) << i;
  EXPECT_EQ(a.delay_of(address(1), start), milliseconds(500));
  EXPECT_EQ(a.delay_of(address(1), start), milliseconds(500)) << "refused ones don't count";
  EXPECT_EQ(a.delay_of(address(2), start), duration::zero()) << "each address has its own";
  EXPECT_EQ(a.delay_of(address(9), start), duration::zero());
  EXPECT_EQ(a.delay_of(address(9), start), milliseconds(1000)) << "at most one sample";
  EXPECT_EQ(a.delay_of(address(1), start + milliseconds(500)), duration::zero());
  a.set_limits({.all = 100, .per_ip = 100, .per_ip_overrides = {}, .new_per_second = 0});
  EXPECT_EQ(a.delay_of(address(9), start), duration::zero());
}

TEST(admission, limits_that_come_later_count_who_is_in_and_throw_nobody_out) {
  constexpr std::uint32_t none = 2147483647;
  admission a({none, none, {}, none});
  const time_point now = at(seconds(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(a.admit(address(1), now));
  EXPECT_TRUE(a.admit(address(2), now));
  a.set_limits({none, 2, {{address(2), 1}}, none});
  EXPECT_EQ(a.open(), 4u);
  EXPECT_FALSE(a.admit(address(1), now));
  EXPECT_FALSE(a.admit(address(2), now)) << "its own limit is 1";
  EXPECT_TRUE(a.admit(address(3), now));
  a.release(address(1));
  EXPECT_FALSE(a.admit(address(1), now)) << "two are left";
  a.release(address(1));
  EXPECT_TRUE(a.admit(address(1), now));
  a.set_limits({3, none, {}, none});
  EXPECT_FALSE(a.has_room());
  a.release(address(1));
  a.release(address(1));
  EXPECT_TRUE(a.has_room());
  EXPECT_TRUE(a.admit(address(2), now)) << "its own limit is gone";
}

TEST(admission, an_address_that_may_not_connect_at_all_is_refused) {
  admission a({10, 5, {{address(1), 0}}, 0});
  EXPECT_FALSE(a.admit(address(1), at(seconds(1))));
  a.set_limits({10, 1, {}, 0});
  EXPECT_TRUE(a.admit(address(1), at(seconds(1))));
}

TEST(admission, a_rate_can_come_change_and_go) {
  admission a({100, 100, {}, 0});
  const time_point start = at(seconds(100));
  EXPECT_TRUE(a.admit(address(1), start));
  a.set_limits({100, 100, {}, 2});
  EXPECT_LE(a.next_allowed(), start);
  EXPECT_TRUE(a.admit(address(1), start));
  EXPECT_TRUE(a.admit(address(1), start));
  EXPECT_EQ(a.next_allowed(), start + milliseconds(500));
  a.set_limits({100, 100, {}, 1000});
  EXPECT_LE(a.next_allowed(), start + milliseconds(1));
  a.set_limits({100, 100, {}, 0});
  EXPECT_LE(a.next_allowed(), start);
}

TEST(ip_address, prints_and_maps_both_families) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_port = htons(4711);
  EXPECT_EQ(endpoint_text(storage), "127.0.0.1:4711");
  const ip_address by_v4 = ip_of(storage);

  sockaddr_storage storage6{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage6);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(4711);
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(endpoint_text(storage6), "[::1]:4711");
  // What a socket for both families says of an IPv4 peer.
  std::copy(by_v4.bytes.begin(), by_v4.bytes.end(), v6.sin6_addr.s6_addr);
  EXPECT_EQ(endpoint_text(storage6), "127.0.0.1:4711");
  EXPECT_EQ(ip_of(storage6), by_v4);
}

}  // namespace
}  // namespace jackdaw::net
