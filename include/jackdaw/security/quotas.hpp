// Which quota holds for a client, and what a controller mutation quota allows one request (KIP-13, 55, 124, 546, 599).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/security/rate.hpp"

namespace jackdaw::security {

enum class quota_kind : std::uint8_t { produce, fetch, request, mutation };
constexpr std::size_t quota_kinds = 4;

// "producer_byte_rate" ...
std::string_view key_of(quota_kind kind) noexcept;

struct found_quota {
  double limit = 0;  // per second: bytes; percent of one thread; partitions
  // Whose use is summed up: what the user does with all its clients, a client id for all users, or both together.
  metadata::quota_entity counted;
};

// The first that is set, in Kafka's order: user and client id, each by name before default, the user before the client
// id and both before one alone. Nothing: no limit.
std::optional<found_quota> find_quota(const metadata::image::quota_map& quotas, quota_kind kind, std::string_view user,
                                      std::string_view client_id);

// What one request may change while a controller mutation quota holds.
class mutation_allowance {
 public:
  // `strict`: what comes after the quota is spent is refused; else it is done, and the client is told to wait.
  mutation_allowance(std::shared_ptr<token_bucket> bucket, double per_second, const rate_window& window, bool strict)
      : bucket_(std::move(bucket)),
        per_second_(per_second),
        burst_(per_second * std::chrono::duration<double>(window.whole()).count()),
        strict_(strict) {
    JD_ASSERT(bucket_ != nullptr && per_second_ > 0, per_second_, burst_);
  }

  // Before `partitions` are created or deleted. False: they must not be.
  bool take(double partitions, time_point now);
  // How long the client has to wait, as of the last take().
  duration wait() const noexcept { return wait_; }

 private:
  std::shared_ptr<token_bucket> bucket_;
  double per_second_;
  double burst_;
  bool strict_;
  duration wait_{};
};

}  // namespace jackdaw::security
