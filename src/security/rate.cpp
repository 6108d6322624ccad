#include "jackdaw/security/rate.hpp"

#include <algorithm>
#include <limits>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::security {
namespace {

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

// About 24 days, the most milliseconds that fit into a response.
constexpr double seconds_max = 2'147'483.0;

duration from_seconds(double s) {
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>(std::clamp(s, 0.0, seconds_max)));
}

}  // namespace

windowed_rate::windowed_rate(const rate_window& w) : window_(w) {
  JD_ASSERT(w.samples > 0 && w.sample > duration::zero(), w.samples, w.sample.count());
}

void windowed_rate::advance(time_point now) {
  if (sums_.empty()) return;
  JD_ASSERT(sums_.size() == window_.samples && running_ < sums_.size(), sums_.size(), running_, window_.samples);
  if (now - running_since_ < window_.sample) return;
  if (now - running_since_ >= window_.whole()) return forget();
  while (now - running_since_ >= window_.sample) {
    running_since_ += window_.sample;
    running_ = (running_ + 1) % sums_.size();
    sums_[running_] = 0;
  }
  // Anew each time: rounding errors of a running total would never go away.
  total_ = 0;
  for (const double sum : sums_) total_ += sum;
  if (std::all_of(sums_.begin(), sums_.end(), [](double sum) { return sum == 0; })) forget();
}

void windowed_rate::forget() noexcept {
  sums_.clear();
  total_ = 0;
}

void windowed_rate::add(double amount, time_point now) {
  advance(now);
  if (sums_.empty()) {
    sums_.assign(window_.samples, 0);
    running_ = 0;
    running_since_ = now;
  }
  sums_[running_] += amount;
  total_ += amount;
}

// All samples before the running one count as whole, those before the first addition, too: a client that begins to send
// isn't slowed down for what it would be allowed on average.
double windowed_rate::seconds_covered(time_point now) const {
  const duration before = window_.sample * (window_.samples - 1);
  const duration running = sums_.empty() ? duration::zero() : now - running_since_;
  return seconds(std::max(before + running, window_.samples == 1 ? window_.sample : before));
}

double windowed_rate::per_second(time_point now) {
  advance(now);
  return total_ / seconds_covered(now);
}

duration windowed_rate::wait_for(double limit, time_point now) {
  advance(now);
  return from_seconds(total_ / limit - seconds_covered(now));
}

duration windowed_rate::wait_to_fit(double limit, double amount, time_point now) {
  advance(now);
  const duration wait = from_seconds((total_ + amount) / limit - seconds_covered(now));
  double left = total_;
  for (std::size_t older = 1; older <= sums_.size(); ++older) {
    left -= sums_[(running_ + older) % sums_.size()];
    const time_point forgotten_at = running_since_ + window_.sample * older;
    if ((left + amount) / limit <= seconds_covered(running_since_)) return std::min(wait, forgotten_at - now);
  }
  return wait;
}

duration windowed_rate::forgotten_down_to(double limit, time_point now) {
  advance(now);
  const double allowed = limit * seconds_covered(running_since_);
  double left = total_;
  duration wait{};
  for (std::size_t older = 1; older <= sums_.size() && left > allowed; ++older) {
    left -= sums_[(running_ + older) % sums_.size()];
    wait = running_since_ + window_.sample * older - now;
  }
  return wait;
}

bool windowed_rate::is_idle(time_point now) {
  advance(now);
  return sums_.empty();
}

double token_bucket::tokens(double per_second, double burst, time_point now) {
  if (is_new_) {
    tokens_ = burst;
    is_new_ = false;
  } else {
    tokens_ = std::min(burst, tokens_ + per_second * seconds(std::max(now - filled_at_, duration::zero())));
  }
  filled_at_ = now;
  return tokens_;
}

duration time_for(double amount, double per_second) noexcept {
  JD_ASSERT(per_second > 0, amount, per_second);
  return from_seconds(amount / per_second);
}

std::int32_t throttle_ms(duration wait) noexcept {
  const auto ms = std::chrono::round<std::chrono::milliseconds>(wait).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(ms, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace jackdaw::security
