#include "jackdaw/base/counted.hpp"

#include <gtest/gtest.h>

namespace jackdaw {
namespace {

TEST(counted, one_is_not_many) {
  EXPECT_EQ(counted(0, "broker"), "0 brokers");
  EXPECT_EQ(counted(1, "broker"), "1 broker");
  EXPECT_EQ(counted(2, "broker"), "2 brokers");
  EXPECT_EQ(counted(UINT64_MAX, "broker"), "18446744073709551615 brokers");
}

}  // namespace
}  // namespace jackdaw
