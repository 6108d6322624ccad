// Client quotas on one shard (KIP-13, 55, 124, 219, 599): what clients use, and how long they have to wait for it.
//
// Quotas hold for the whole process, and the connections of a client are spread over its shards. Each shard counts what
// all of them use: its own at once, the others' by messages, at most `share_every` late and only while something is
// used. Nothing is counted twice and nothing is forgotten, so the rate over time is exact; what a client can gain is
// what it uses in that moment on other shards, and its next wait is longer by that. Controller mutations are decided
// on shard 0 and counted only there.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context/shard_context.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "jackdaw/security/paced_use.hpp"
#include "jackdaw/security/quotas.hpp"

namespace jackdaw::broker {

struct connection;

// What one entity used of one kind, on all shards.
struct quota_meter {
  security::quota_kind kind;
  metadata::quota_entity entity;
  security::paced_use used;
  double unshared = 0;  // used here, not yet told to the other shards
  bool is_listed = false;
};

// The limits of a connection's client, looked up once and again when quotas change.
struct quota_binding {
  struct limit {
    double per_second = 0;
    std::shared_ptr<quota_meter> meter;  // null: no limit
  };
  std::string client_id;
  std::uint64_t generation = 0;
  std::array<limit, 3> limits;  // by quota_kind, without mutations
};

// Pays for time on other shards' threads; null: nobody has to.
using quota_payer = std::shared_ptr<const metadata::quota_entity>;

// What one request may still create and delete; used on shard 0's thread, then read at home.
class mutation_budget final : public controller::mutation_quota {
 public:
  mutation_budget(security::mutation_allowance allowance, time_point now)
      : allowance_(std::move(allowance)), now_(now) {}
  bool take(std::int64_t partitions) override { return allowance_.take(static_cast<double>(partitions), now_); }
  std::int32_t wait_ms() const noexcept { return security::throttle_ms(allowance_.wait()); }

 private:
  security::mutation_allowance allowance_;
  time_point now_;
};

// What clients used on one shard, for another's learn().
struct quota_use {
  security::quota_kind kind;
  metadata::quota_entity entity;
  double amount;
};
using quota_uses = std::shared_ptr<const std::vector<quota_use>>;

class client_quotas {
 public:
  using kind = security::quota_kind;

  // `tell` brings to another shard's learn() what was used here.
  client_quotas(shard_context& home, unique_function<void(shard_id to, const quota_uses&)> tell);

  // False: no client has a quota, and nobody needs to ask further.
  bool are_set() const noexcept { return are_set_; }
  void apply(const metadata::delta& change);

  // ---- only while are_set(); waits are in milliseconds, 0 is none
  // Counts what the client used, and says how long it has to wait.
  std::int32_t charge(connection& c, std::string_view client_id, kind k, double amount);
  // How long it has to wait before it uses so much; nothing is counted.
  std::int32_t wait_before(connection& c, std::string_view client_id, kind k, double amount);
  // How much is reasonably used at once; nothing: there is no limit.
  std::optional<double> portion_of(connection& c, std::string_view client_id, kind k);

  // Brackets what a request does on this thread before it waits for something, if its client pays for time.
  void begin_request(connection& c, std::string_view client_id);
  void end_request();
  // Charges the time since begin_request, and says how long the client has to wait, at most one sample's length.
  std::int32_t request_wait(connection& c, std::string_view client_id);
  quota_payer payer_of(connection& c, std::string_view client_id);
  void charge_time(const quota_payer& payer, duration used);
  time_point read_clock() const { return home_.env.read_clock(); }

  void learn(const std::vector<quota_use>& used);

  // On shard 0: what one request may change. Nothing: no limit.
  std::optional<mutation_budget> mutations_of(std::string_view user, std::string_view client_id, bool strict);

 private:
  struct bucket {
    security::token_bucket tokens;
    double per_second = 0;
  };
  using meter_key = std::pair<kind, metadata::quota_entity>;

  const quota_binding::limit& limit_of(connection& c, std::string_view client_id, kind k);
  std::shared_ptr<quota_meter> meter_of(kind k, const metadata::quota_entity& entity);
  // Tells the other shards, soon.
  void note_use(const std::shared_ptr<quota_meter>& meter, double amount);
  void charge_time(const std::shared_ptr<quota_meter>& meter, duration used);
  void charge_section();
  void share();
  void sweep();
  void arm_sweep();
  void tell_connection_rates() const;

  shard_context& home_;
  unique_function<void(shard_id, const quota_uses&)> tell_;
  bool are_set_ = false;
  std::uint64_t generation_ = 0;
  std::map<meter_key, std::shared_ptr<quota_meter>> meters_;
  std::map<metadata::quota_entity, std::shared_ptr<bucket>> buckets_;
  std::vector<std::shared_ptr<quota_meter>> unshared_;
  bool is_share_due_ = false;
  bool is_sweep_due_ = false;
  std::shared_ptr<quota_meter> paying_;  // for the request that is being handled; null: nobody
  time_point paying_since_{};
};

// Charges a request's client for the time of a piece of its work on another shard's thread.
class paid_time {
 public:
  paid_time(client_quotas& there, quota_payer payer);
  ~paid_time();
  paid_time(const paid_time&) = delete;
  paid_time& operator=(const paid_time&) = delete;

 private:
  client_quotas& there_;
  quota_payer payer_;
  time_point begun_{};
};

}  // namespace jackdaw::broker
