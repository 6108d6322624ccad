#include "jackdaw/cli/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "jackdaw/base/random.hpp"

namespace jackdaw::cli {
namespace {

TEST(histogram, empty_is_zero) {
  const histogram h;
  EXPECT_EQ(h.quantile(0.99), 0u);
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.max(), 0u);
}

TEST(histogram, quantiles_are_within_a_percent_of_the_sorted_values) {
  const std::uint64_t seed = 1;
  random_source random(seed);
  histogram h;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t value = random.next() >> (20 + random.below(40));
    h.add(value);
    all.push_back(value);
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.001, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(all[static_cast<std::size_t>(std::ceil(q * 50'000)) - 1]);
    EXPECT_NEAR(static_cast<double>(h.quantile(q)), exact, exact * 0.01 + 1) << "seed " << seed << " quantile " << q;
  }
  EXPECT_EQ(h.max(), all.back());
  EXPECT_LE(h.quantile(1), all.back());
}

TEST(histogram, counts_many_at_once) {
  histogram h;
  h.add(10, 99);
  h.add(1000, 1);
  EXPECT_EQ(h.count(), 100u);
  EXPECT_EQ(h.quantile(0.99), 10u);
  EXPECT_NEAR(h.mean(), 19.9, 0.01);
}

}  // namespace
}  // namespace jackdaw::cli
