#include "jackdaw/broker/node.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/random.hpp"
#include "jackdaw/broker/storage.hpp"

namespace jackdaw::broker {

result<std::unique_ptr<node>> node::open(node_options options, log::disk& d, node_host& host) {
  JD_ASSERT(options.shard_count > 0);
  random_source random(options.random_seed);
  auto storage = broker::storage::open(d, options.config, random);
  if (!storage) return storage.error();
  auto info = std::make_shared<server_info>();
  info->cluster_id = (*storage)->cluster_id();
  info->storage = std::move(*storage);
  info->version = std::move(options.version);
  info->incarnation = random_uuid(random);
  info->shard_count = options.shard_count;
  info->open_files_max = options.open_files_max;
  info->loggers = std::move(options.loggers);
  info->advertised_listeners = std::move(options.advertised_listeners);
  info->config = std::move(options.config);
  std::unique_ptr<node> made(new node(host, std::move(info)));
  for (std::uint32_t i = 0; i < made->info_->shard_count; ++i) {
    shard_options o{shard_id{i}, made->info_, random.next(), {}, {}};
    if (i == 0) {
      o.settings_changed = std::move(options.settings_changed);
      o.connection_rates_changed = std::move(options.connection_rates_changed);
    }
    made->shards_.push_back(std::make_unique<shard>(std::move(o), host.environment_of(shard_id{i})));
  }
  return made;
}

node::~node() = default;

void node::start(unique_function<void(result<void>)> ready) {
  for (std::uint32_t i = info_->shard_count; i-- > 1;) {
    host_.run_at(shard_id{i}, [this, i] { shards_[i]->start([](const result<void>&) {}); });
  }
  host_.run_at(shard_id{0}, [this, ready = std::move(ready)]() mutable { shards_[0]->start(std::move(ready)); });
}

void node::stop(unique_function<void()> done) {
  auto shared = std::make_shared<unique_function<void()>>(std::move(done));
  if (info_->shard_count == 1) return stop_others(shared);
  for (std::uint32_t i = 1; i < info_->shard_count; ++i) {
    host_.run_at(shard_id{i}, [this, i, shared] {
      shards_[i]->stop([this, shared] { host_.run_at(shard_id{0}, [this, shared] { stop_others(shared); }); });
    });
  }
}

// The last of the others has stopped, or there are none.
void node::stop_others(std::shared_ptr<unique_function<void()>> done) {
  if (info_->shard_count > 1 && ++stopped_ + 1 < info_->shard_count) return;
  JD_ASSERT(stopped_ < info_->shard_count, stopped_, info_->shard_count);
  host_.run_at(shard_id{0}, [this, done] { shards_[0]->stop([done] { (*done)(); }); });
}

result<bool> node::close() {
  const bool is_clean = std::all_of(shards_.begin(), shards_.end(), [](const auto& s) { return s->closed_cleanly(); });
  if (!is_clean) return false;
  if (auto closed = info_->storage->close_clean(shards_.front()->epoch()); !closed) return closed.error();
  return true;
}

}  // namespace jackdaw::broker
