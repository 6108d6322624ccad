#include "client_quotas.hpp"

#include <algorithm>

#include "connection.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {
namespace {

using metadata::quota_entity;
using security::quota_kind;

// Long enough to bundle what busy connections use, short beside any window.
constexpr duration share_every = std::chrono::milliseconds(20);

// Every client that has a quota costs memory for its samples.
security::rate_window window(std::int32_t samples, std::int32_t sample_seconds) {
  constexpr std::int32_t samples_max = 3600;
  constexpr std::int32_t sample_seconds_max = 86400;
  return {static_cast<std::uint32_t>(std::min(samples, samples_max)),
          std::chrono::seconds(std::min(sample_seconds, sample_seconds_max))};
}

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

// In percent of one thread, as the quota is.
double percent_seconds(duration used) { return seconds(used) * 100; }

}  // namespace

security::rate_window quota_window_of(const broker_config& config) noexcept {
  return window(config.quota_window_num, config.quota_window_size_seconds);
}

security::rate_window mutation_window_of(const broker_config& config) noexcept {
  return window(config.controller_quota_window_num, config.controller_quota_window_size_seconds);
}

client_quotas::client_quotas(shard_context& home, unique_function<void(shard_id, const quota_uses&)> tell)
    : home_(home), tell_(std::move(tell)) {}

// The first change comes on top of a snapshot, whose quotas it doesn't name.
void client_quotas::apply(const metadata::delta& change) {
  const bool is_first = generation_ == 0;
  if (!is_first && change.quotas.empty()) return;
  ++generation_;
  const auto& all = change.after->quotas();
  are_set_ = all.size() != 0;
  if (!are_set_) {
    meters_.clear();
    buckets_.clear();
  }
  if (home_.id() != shard_id{0} || !home_.options.connection_rates_changed) return;
  const auto is_ip = [](const quota_entity& e) { return e.parts.contains("ip"); };
  if (is_first ? are_set_ : std::any_of(change.quotas.begin(), change.quotas.end(), is_ip)) tell_connection_rates();
}

void client_quotas::tell_connection_rates() const {
  connection_rates rates;
  for (const auto& [entity, values] : home_.image->quotas()) {
    const auto ip = entity.parts.find("ip");
    const auto value = values->find("connection_creation_rate");
    if (ip == entity.parts.end() || value == values->end()) continue;
    if (ip->second) {
      rates.of_hosts.emplace_back(*ip->second, value->second);
    } else {
      rates.of_any_ip = value->second;
    }
  }
  home_.options.connection_rates_changed(rates);
}

// ---- who has which limit

const quota_binding::limit& client_quotas::limit_of(connection& c, std::string_view client_id, kind k) {
  JD_ASSERT(are_set_, client_id);
  auto& b = c.quotas;
  if (!b || b->generation != generation_ || b->client_id != client_id) {
    auto fresh = std::make_unique<quota_binding>();
    fresh->client_id = client_id;
    fresh->generation = generation_;
    for (const auto each : {kind::produce, kind::fetch, kind::request}) {
      const auto found = security::find_quota(home_.image->quotas(), each, c.who->name, client_id);
      if (!found) continue;
      fresh->limits[static_cast<std::size_t>(each)] = {found->limit, meter_of(each, found->counted)};
    }
    b = std::move(fresh);
  }
  JD_ASSERT(static_cast<std::size_t>(k) < b->limits.size(), static_cast<int>(k));  // mutations are counted elsewhere
  return b->limits[static_cast<std::size_t>(k)];
}

std::shared_ptr<quota_meter> client_quotas::meter_of(kind k, const quota_entity& entity) {
  auto& meter = meters_[{k, entity}];
  if (!meter) {
    meter = std::make_shared<quota_meter>(
        quota_meter{k, entity, security::paced_use(quota_window_of(home_.config())), 0, false});
    arm_sweep();
  }
  return meter;
}

std::int32_t client_quotas::charge(connection& c, std::string_view client_id, kind k, double amount) {
  const auto& limit = limit_of(c, client_id, k);
  if (!limit.meter) return 0;
  note_use(limit.meter, amount);
  return security::throttle_ms(limit.meter->used.charge(amount, limit.per_second, home_.now.steady));
}

std::int32_t client_quotas::wait_before(connection& c, std::string_view client_id, kind k, double amount) {
  const auto& limit = limit_of(c, client_id, k);
  if (!limit.meter) return 0;
  return security::throttle_ms(limit.meter->used.wait_before(amount, limit.per_second, home_.now.steady));
}

std::optional<double> client_quotas::portion_of(connection& c, std::string_view client_id, kind k) {
  const auto& limit = limit_of(c, client_id, k);
  if (!limit.meter) return std::nullopt;
  return limit.meter->used.portion(limit.per_second, home_.now.steady);
}

// ---- time

void client_quotas::begin_request(connection& c, std::string_view client_id) {
  JD_ASSERT(!paying_, client_id);
  paying_ = limit_of(c, client_id, kind::request).meter;
  if (paying_) paying_since_ = home_.env.read_clock();
}

void client_quotas::end_request() {
  if (!paying_) return;
  charge_section();
  paying_.reset();
}

void client_quotas::charge_section() {
  const auto now = home_.env.read_clock();
  charge_time(paying_, now - std::exchange(paying_since_, now));
}

std::int32_t client_quotas::request_wait(connection& c, std::string_view client_id) {
  const auto& limit = limit_of(c, client_id, kind::request);
  if (!limit.meter) return 0;
  if (paying_ == limit.meter) charge_section();
  const auto wait = limit.meter->used.window().wait_for(limit.per_second, home_.now.steady);
  return security::throttle_ms(std::min(wait, quota_window_of(home_.config()).sample));
}

quota_payer client_quotas::payer_of(connection& c, std::string_view client_id) {
  const auto& meter = limit_of(c, client_id, kind::request).meter;
  if (!meter) return nullptr;
  return std::make_shared<const quota_entity>(meter->entity);
}

void client_quotas::charge_time(const quota_payer& payer, duration used) {
  if (are_set_) charge_time(meter_of(kind::request, *payer), used);
}

void client_quotas::charge_time(const std::shared_ptr<quota_meter>& meter, duration used) {
  const double percent = percent_seconds(used);
  note_use(meter, percent);
  meter->used.window().add(percent, home_.now.steady);
}

paid_time::paid_time(client_quotas& there, quota_payer payer) : there_(there), payer_(std::move(payer)) {
  if (payer_) begun_ = there_.read_clock();
}

paid_time::~paid_time() {
  if (payer_) there_.charge_time(payer_, there_.read_clock() - begun_);
}

// ---- what all shards use

void client_quotas::note_use(const std::shared_ptr<quota_meter>& meter, double amount) {
  if (home_.shard_count() == 1) return;
  meter->unshared += amount;
  if (!std::exchange(meter->is_listed, true)) unshared_.push_back(meter);
  if (std::exchange(is_share_due_, true)) return;
  home_.timers.schedule(home_.now.steady + share_every, [this] { share(); });
}

void client_quotas::share() {
  JD_ASSERT(is_share_due_ && home_.shard_count() > 1, unshared_.size());
  is_share_due_ = false;
  auto used = std::make_shared<std::vector<quota_use>>();
  for (const auto& meter : std::exchange(unshared_, {})) {
    JD_ASSERT(meter->is_listed, static_cast<int>(meter->kind), meter->unshared);
    meter->is_listed = false;
    used->push_back({meter->kind, meter->entity, std::exchange(meter->unshared, 0)});
  }
  for (std::uint32_t i = 0; i < home_.shard_count(); ++i) {
    if (shard_id{i} != home_.id()) tell_(shard_id{i}, used);
  }
}

void client_quotas::learn(const std::vector<quota_use>& used) {
  if (!are_set_) return;
  for (const auto& u : used) meter_of(u.kind, u.entity)->used.learn(u.amount, home_.now.steady);
}

void client_quotas::arm_sweep() {
  if (std::exchange(is_sweep_due_, true)) return;
  const auto c = home_.config();
  const auto period = std::max(quota_window_of(c).whole(), mutation_window_of(c).whole());
  home_.timers.schedule(home_.now.steady + period, [this] { sweep(); });
}

// Forgets whom nobody asks for and who used nothing lately: client ids are the clients' choice and may be very many.
void client_quotas::sweep() {
  is_sweep_due_ = false;
  const auto now = home_.now.steady;
  std::erase_if(meters_, [now](const auto& m) { return m.second.use_count() == 1 && m.second->used.is_idle(now); });
  const double burst_seconds = seconds(mutation_window_of(home_.config()).whole());
  std::erase_if(buckets_, [now, burst_seconds](const auto& entry) {
    auto& b = *entry.second;
    const double burst = b.per_second * burst_seconds;
    return entry.second.use_count() == 1 && b.tokens.tokens(b.per_second, burst, now) >= burst;
  });
  if (!meters_.empty() || !buckets_.empty()) arm_sweep();
}

// ---- controller mutations

std::optional<mutation_budget> client_quotas::mutations_of(std::string_view user, std::string_view client_id,
                                                           bool strict) {
  if (!are_set_) return std::nullopt;
  const auto found = security::find_quota(home_.image->quotas(), quota_kind::mutation, user, client_id);
  if (!found) return std::nullopt;
  auto& b = buckets_[found->counted];
  if (!b) {
    b = std::make_shared<bucket>();
    arm_sweep();
  }
  b->per_second = found->limit;
  const std::shared_ptr<security::token_bucket> tokens(b, &b->tokens);
  return mutation_budget({tokens, found->limit, mutation_window_of(home_.config()), strict}, home_.now.steady);
}

}  // namespace jackdaw::broker
