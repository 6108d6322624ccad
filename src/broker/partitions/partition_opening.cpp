// How the logs of a shard's partitions come to be open: new ones at once, those that were there at start by a worker.
#include <fmt/format.h>

#include <algorithm>

#include "handlers/shard_state.hpp"
#include "partition_store.hpp"
#include "topic_settings.hpp"

namespace jackdaw::broker {

using protocol::error_code;

namespace {

// num.recovery.threads.per.data.dir is for the whole process; its shards share it.
std::size_t openings_at_a_time(const shard_state& home) {
  const auto threads = static_cast<std::size_t>(std::max(home.dynamic.num_recovery_threads_per_data_dir, 1));
  return std::max<std::size_t>(1, threads * home.options.server->storage->directory_count() / home.shard_count());
}

}  // namespace

namespace {

// A log in use has a segment and its two indexes open. The rest of the process needs files, too: connections above all.
std::size_t logs_with_files_max(const server_info& server) {
  return std::max<std::size_t>(2, server.open_files_max / 4 / server.shard_count);
}

}  // namespace

partition_store::partition_store(shard_state& home)
    : home_(home),
      with_files_max_(logs_with_files_max(*home.options.server)),
      openings_(openings_at_a_time(home)),
      mover_(home, *this) {
  const auto& storage = *home.options.server->storage;
  all_trusted_ = true;
  for (const auto& [name, found] : storage.found()) all_trusted_ = all_trusted_ && found.clean;
}

void partition_store::settings_changed() {
  openings_.set_running_max(openings_at_a_time(home_));
  start_openings();
}

hosted_partition* partition_store::find_open(const partition_key& key) noexcept {
  const auto found = open_.find(key);
  return found == open_.end() ? nullptr : found->second.get();
}

boost::system::result<const metadata::topic*, partition_problem> partition_store::led_here(
    const partition_key& key) const {
  const auto* topic = home_.image->find_topic(key.topic_id);
  if (topic == nullptr || !topic->has(key.partition)) {
    return partition_problem{error_code::unknown_topic_or_partition, "no such partition"};
  }
  if (topic->partition(key.partition).leader != home_.node_id()) {
    return partition_problem{error_code::not_leader_or_follower, "another broker leads this partition"};
  }
  if (closed_ || is_closed_)
    return partition_problem{error_code::not_leader_or_follower, "the broker is shutting down"};
  return topic;
}

std::optional<std::size_t> partition_store::found_in(const log::topic_partition& name) const {
  auto& storage = *home_.options.server->storage;
  const auto* found = storage.find(name);
  if (found == nullptr) return std::nullopt;
  // It may have belonged to a topic of that name that was deleted since.
  if (!storage.disk().exists(storage.directory_path(found->directory) + '/' + log::directory_name(name))) {
    return std::nullopt;
  }
  return found->directory;
}

void partition_store::with_open(const partition_key& key, opened_function then) {
  if (auto* p = find_open(key)) return then(p);
  const auto topic = led_here(key);
  if (!topic) return then(topic.error());
  if (!openings_.contains(key) && !found_in({(*topic)->name(), key.partition})) return then(open_now(key, **topic));
  openings_.ask(key, std::move(then));
  start_openings();
}

std::shared_ptr<const log::log_config> partition_store::config_of(const metadata::topic& topic) {
  auto& config = configs_[topic.id()];
  if (!config) {
    const auto settings = effective_topic_config(layers_for_topic(*home_.image, home_.config(), topic.name()));
    config = std::make_shared<const log::log_config>(to_log_config(settings, home_.dynamic));
  }
  return config;
}

replica::leader_settings partition_store::leader_settings_of(const metadata::topic& topic) const {
  const auto settings = effective_topic_config(layers_for_topic(*home_.image, home_.config(), topic.name()));
  replica::leader_settings s;
  s.min_insync_replicas = settings.min_insync_replicas;
  return s;
}

log_opening partition_store::prepare_opening(const partition_key& key, const metadata::topic& topic) {
  auto& storage = *home_.options.server->storage;
  log_opening o;
  o.name = {topic.name(), key.partition};
  const auto directory = found_in(o.name);
  o.directory = directory ? *directory : storage.choose_directory(key.topic_id, key.partition);
  if (const auto wish = preferred_.extract(o.name); wish && !directory) o.directory = wish.mapped();
  o.how.directory = storage.directory_path(o.directory) + '/' + log::directory_name(o.name);
  o.how.topic_id = key.topic_id;
  o.how.partition = key.partition;
  o.how.config = config_of(topic);
  o.how.now = home_.now.wall;
  o.put_aside = discarded_path(home_, o.directory, o.name);
  if (directory) {
    const auto& found = *storage.find(o.name);
    o.how.clean_shutdown = found.clean;
    o.how.recovery_point = found.recovery_point;
    o.how.log_start_offset = found.log_start_offset;
  }
  return o;
}

open_outcome partition_store::open_now(const partition_key& key, const metadata::topic& topic) {
  auto o = prepare_opening(key, topic);
  o.run(*home_.options.server->storage);
  return take_up(key, o);
}

void partition_store::start_openings() {
  while (const auto key = openings_.next()) {
    const auto topic = led_here(*key);
    auto o = std::make_shared<log_opening>();
    if (topic) *o = prepare_opening(*key, **topic);
    home_.env.run_on_worker(
        work_class::bulk,
        [o, wanted = topic.has_value(), storage = home_.options.server->storage] {
          if (wanted) o->run(*storage);
        },
        [this, o, key = *key]() { opening_finished(key, *o); });
  }
}

void partition_store::opening_finished(const partition_key& key, log_opening& o) {
  auto ended = openings_.finished(key);
  const auto topic = led_here(key);
  open_outcome outcome = partition_problem{error_code::unknown_topic_or_partition, "the topic was deleted"};
  if (ended.is_dropped) {
    let_go(o);
  } else if (!topic) {
    outcome = topic.error();  // the log stays as it was found; what is closing or led elsewhere needs it no more
  } else {
    outcome = take_up(key, o);
  }
  if (ended.was_in_background) background_ended(outcome.has_value() || ended.is_dropped, o.report.bytes_checked);
  for (auto& then : ended.waiting) then(outcome);
  start_openings();
  go_on_closing();
}

// The topic was deleted while a worker was opening its log.
void partition_store::let_go(log_opening& o) {
  o.log = fail(errc::closed, "the topic was deleted");
  discard(home_, o.directory, o.name);
  dropped();
}

open_outcome partition_store::take_up(const partition_key& key, log_opening& o) {
  if (o.was_put_aside) {
    forget_checkpoints(home_, o.directory, o.name);
    remove_discarded(home_, o.put_aside);
  }
  if (!o.log) {
    home_.log(log_level::error,
              fmt::format("cannot open the log of {}: {}", log::directory_name(o.name), to_string(o.log.error())));
    return partition_problem{error_code::kafka_storage_error, o.log.error().detail};
  }
  if (o.report.notable()) {
    home_.log(log_level::warning, fmt::format("recovered {}: {}", log::directory_name(o.name), o.report.detail));
  }
  auto log = std::move(*o.log);
  const auto& topic = *home_.image->find_topic(key.topic_id);
  log->set_config(config_of(topic));  // it may have changed while the worker was at it
  const auto& state = topic.partition(key.partition);
  replica::partition_leader::start start;
  start.self = home_.node_id();
  start.leader_epoch = state.leader_epoch;
  start.partition_epoch = state.partition_epoch.value();
  start.replicas = state.replicas.all();
  start.isr = state.isr.all();
  start.log_end = log->log_end_offset();
  start.high_watermark = start.log_end;
  auto p =
      std::make_unique<hosted_partition>(o.name, key.topic_id, o.directory, std::move(log),
                                         replica::partition_leader(start, leader_settings_of(topic), home_.now.steady));
  p->log->assign_epoch(state.leader_epoch, p->log->log_end_offset());
  p->unflushed.last_flush = home_.now.wall;
  p->checkpoint_due = true;
  auto* opened = open_.emplace(key, std::move(p)).first->second.get();
  if (opened->log->needs_repair()) repair(key);
  return opened;
}

// ---- data directories

namespace {

// Whoever asks for partitions that don't exist can't fill the memory.
constexpr std::size_t preferred_max = 10'000;

}  // namespace

void partition_store::prefer_directory(const log::topic_partition& name, std::size_t directory) {
  if (preferred_.size() < preferred_max || preferred_.contains(name)) preferred_[name] = directory;
}

void partition_store::resume_moves() {
  for (const auto& found : home_.options.server->storage->futures()) {
    const auto* topic = found.tp ? home_.image->find_topic(found.tp->topic) : nullptr;
    const bool is_known = topic != nullptr && topic->has(found.tp->partition);
    const auto owner = is_known ? home_.owner_of(topic->id(), found.tp->partition) : shard_id{0};
    if (owner != home_.id()) continue;
    if (!is_known) {
      remove_discarded(home_, found.path);
      continue;
    }
    with_open({topic->id(), found.tp->partition}, [this, &found](open_outcome opened) {
      if (!opened) return;
      if ((*opened)->directory == found.directory) return remove_discarded(home_, found.path);
      mover_.move(**opened, found.directory, found.path);
    });
  }
}

// ---- logs that nobody has asked for

std::vector<std::pair<partition_key, std::string>> partition_store::found_here(bool unclean_only) const {
  std::vector<std::pair<partition_key, std::string>> here;
  const auto& storage = *home_.options.server->storage;
  for (const auto& [name, found] : storage.found()) {
    if (unclean_only && found.clean) continue;
    const auto* topic = home_.image->find_topic(name.topic);
    if (topic == nullptr || !topic->has(name.partition)) continue;
    const partition_key key{topic->id(), name.partition};
    if (home_.owner_of(key.topic_id, key.partition) != home_.id() || open_.contains(key) || !led_here(key)) continue;
    here.emplace_back(key, storage.directory_path(found.directory) + '/' + log::directory_name(name));
  }
  return here;
}

namespace {

bool has_records(log::disk& disk, const std::string& directory) {
  const auto entries = disk.list(directory);
  if (!entries) return false;
  return std::any_of(entries->begin(), entries->end(), [&](const auto& entry) {
    if (!entry.name.ends_with(".log")) return false;
    const auto size = disk.file_size(directory + '/' + entry.name);
    return size && *size != 0;
  });
}

}  // namespace

// Those that hold records: an empty log has nothing to check and nothing to expire.
void partition_store::open_found(bool unclean_only) {
  auto found = std::make_shared<std::vector<std::pair<partition_key, std::string>>>(found_here(unclean_only));
  home_.env.run_on_worker(
      work_class::bulk,
      [found, storage = home_.options.server->storage] {
        std::erase_if(*found, [&](const auto& one) { return !has_records(storage->disk(), one.second); });
      },
      [this, found, unclean_only]() {
        std::size_t count = 0;
        for (const auto& [key, path] : *found) {
          if (closed_ || open_.contains(key) || !led_here(key)) continue;
          openings_.ask_in_background(key);
          ++count;
        }
        if (unclean_only) {
          to_check_ = count;
          all_trusted_ = all_trusted_ || (count == 0 && !closed_);
          post_recovery_begins(home_, count);
        }
        start_openings();
      });
}

void partition_store::recover_found() {
  if (!all_trusted_) open_found(true);
}

void partition_store::background_ended(bool succeeded, std::uint64_t bytes_checked) {
  if (to_check_ == 0) return;
  post_recovered(home_, bytes_checked);
  // A log that could not be opened must be checked again: this run leaves no mark of a clean shutdown.
  recovery_failed_ = recovery_failed_ || !succeeded;
  if (--to_check_ == 0) all_trusted_ = !recovery_failed_;
}

}  // namespace jackdaw::broker
