#include "jackdaw/security/quotas.hpp"

#include <algorithm>

namespace jackdaw::security {
namespace {

using metadata::quota_entity;

// How an entity of the order names a part.
enum class part : std::uint8_t { by_name, by_default, absent };

struct level {
  part user;
  part client;
};

constexpr level order[] = {
    {part::by_name, part::by_name},    {part::by_name, part::by_default},    {part::by_name, part::absent},
    {part::by_default, part::by_name}, {part::by_default, part::by_default}, {part::by_default, part::absent},
    {part::absent, part::by_name},     {part::absent, part::by_default},
};

void add(quota_entity& entity, const char* type, part p, std::string_view name) {
  if (p == part::absent) return;
  entity.parts.emplace(type, p == part::by_name ? std::optional<std::string>(name) : std::nullopt);
}

// As counted: a default holds for each name alone.
part named(part p) { return p == part::absent ? part::absent : part::by_name; }

}  // namespace

std::string_view key_of(quota_kind kind) noexcept {
  switch (kind) {
    case quota_kind::produce: return "producer_byte_rate";
    case quota_kind::fetch: return "consumer_byte_rate";
    case quota_kind::request: return "request_percentage";
    case quota_kind::mutation: return "controller_mutation_rate";
  }
  return {};
}

std::optional<found_quota> find_quota(const metadata::image::quota_map& quotas, quota_kind kind, std::string_view user,
                                      std::string_view client_id) {
  for (const level& l : order) {
    quota_entity entity;
    add(entity, "user", l.user, user);
    add(entity, "client-id", l.client, client_id);
    const auto* values = quotas.find(entity);
    if (values == nullptr) continue;
    const auto value = (*values)->find(key_of(kind));
    if (value == (*values)->end()) continue;
    found_quota found{value->second, {}};
    add(found.counted, "user", named(l.user), user);
    add(found.counted, "client-id", named(l.client), client_id);
    return found;
  }
  return std::nullopt;
}

bool mutation_allowance::take(double partitions, time_point now) {
  double left = bucket_->tokens(per_second_, burst_, now);
  // Whoever comes back exactly when told to must not fail by a rounding error.
  constexpr double nothing = -1e-6;
  const bool is_refused = strict_ && left < nothing;
  if (!is_refused) {
    bucket_->take(partitions);
    left -= partitions;
  }
  // Whoever is strict is only told to wait when something was refused: what was still done cost nothing yet.
  if (left < 0 && strict_ == is_refused) {
    constexpr double seconds_max = 2'147'483.0;
    wait_ =
        std::chrono::duration_cast<duration>(std::chrono::duration<double>(std::min(-left / per_second_, seconds_max)));
  }
  return !is_refused;
}

}  // namespace jackdaw::security
