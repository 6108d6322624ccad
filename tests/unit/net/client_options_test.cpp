#include "jackdaw/net/client_options.hpp"

#include <gtest/gtest.h>

namespace jackdaw::net {
namespace {

TEST(client_options, lists_of_brokers) {
  EXPECT_EQ(parse_endpoints("localhost").value(), (std::vector<endpoint>{{"localhost", 9092}}));
  EXPECT_EQ(parse_endpoints("a:1, b:65535,").value(), (std::vector<endpoint>{{"a", 1}, {"b", 65535}}));
  EXPECT_EQ(parse_endpoints("[::1]:9093,[fe80::2]").value(), (std::vector<endpoint>{{"::1", 9093}, {"fe80::2", 9092}}));
}

TEST(client_options, addresses_that_make_no_sense) {
  for (const auto* text : {"", ",", "host:", "host:0", "host:65536", "host:x", ":9092", "::1", "[::1", "[::1]9092"}) {
    EXPECT_EQ(parse_endpoints(text).error().code, errc::invalid_argument) << text;
  }
}

TEST(client_options, addresses_print_as_they_are_written) {
  EXPECT_EQ(to_string(endpoint{"host", 1}), "host:1");
  EXPECT_EQ(to_string(endpoint{"::1", 9092}), "[::1]:9092");
}

}  // namespace
}  // namespace jackdaw::net
