// What time, the cluster's state and the end bring about for the partitions of a shard.
#include <fmt/format.h>

#include <set>

#include "handlers/shard_state.hpp"
#include "partition_store.hpp"

namespace jackdaw::broker {

using protocol::error_code;

// ---- time and change

void partition_store::apply(const metadata::delta& change, unique_function<void()> applied) {
  bool all_settings = false;
  for (const auto& c : change.configs) {
    if (c.type == metadata::config_resource::broker) all_settings = true;
    if (c.type != metadata::config_resource::topic) continue;
    if (const auto* topic = change.after->find_topic(c.name)) configs_.erase(topic->id());
  }
  if (all_settings) configs_.clear();
  for (const auto& t : change.deleted_topics) {
    if (const auto* topic = change.before->find_topic(t.id)) remove_topic(*topic);
  }
  if (!change.configs.empty()) {
    std::set<uuid> changed;  // topics with open partitions whose settings were dropped above
    for (auto& [key, p] : open_) {
      const auto* topic = change.after->find_topic(key.topic_id);
      if (topic == nullptr || configs_.contains(key.topic_id)) continue;
      changed.insert(key.topic_id);
    }
    for (auto& [key, p] : open_) {
      if (!changed.contains(key.topic_id)) continue;
      const auto& topic = *change.after->find_topic(key.topic_id);
      p->log->set_config(config_of(topic));
      if (p->leader.settings_changed(leader_settings_of(topic))) moved_up(*p, 0);
    }
  }
  for (const auto& [topic_id, partition] : change.partitions) {
    if (home_.owner_of(topic_id, partition) != home_.id()) continue;
    const partition_key key{topic_id, partition};
    const auto topic = led_here(key);
    // One that was there at start is opened when it is first used.
    if (topic && find_open(key) == nullptr && !found_in({(*topic)->name(), partition})) {
      static_cast<void>(open_now(key, **topic));
    }
  }
  if (dropping_ == 0) return applied();
  when_dropped_.push_back(std::move(applied));
}

void partition_store::remove_topic(const metadata::topic& topic) {
  configs_.erase(topic.id());
  for (partition_id p{0}; p.value() < topic.partition_count(); p = partition_id{p.value() + 1}) {
    if (home_.owner_of(topic.id(), p) != home_.id()) continue;
    const partition_key key{topic.id(), p};
    if (openings_.contains(key)) {
      for (auto& then : openings_.drop(key)) {
        then(partition_problem{error_code::unknown_topic_or_partition, "the topic was deleted"});
      }
      if (openings_.contains(key)) {
        ++dropping_;  // a worker is at it; let_go() does the rest
        continue;
      }
    }
    std::vector<unique_function<void()>> held;
    std::size_t directory = home_.options.server->storage->choose_directory(topic.id(), p);
    if (const auto* found = home_.options.server->storage->find({topic.name(), p})) directory = found->directory;
    if (const auto open = open_.find(key); open != open_.end()) {
      directory = open->second->directory;
      home_.timers.cancel(open->second->flush_timer);
      // Fetches that wait here learn that the partition is gone when they look again.
      moved_.emplace_back(key, 0);
      for (const auto& watcher : open->second->watchers) tell_fetch(home_, watcher, INT32_MAX);
      static_cast<void>(open->second->log->close(false));
      held = std::move(open->second->held);
      open_.erase(open);
      if (mover_.drop(key, [this] { dropped(); })) ++dropping_;
    }
    for (auto& refused : held) refused();
    discard(home_, directory, {topic.name(), p});
  }
}

void partition_store::dropped() {
  if (--dropping_ != 0) return;
  for (auto& applied : std::exchange(when_dropped_, {})) applied();
}

void partition_store::housekeeping() {
  // Time passes for logs that nobody uses, too. At start they would only be in the way.
  if (!std::exchange(all_opened_, true)) open_found(false);
  std::vector<std::string> removable;
  for (auto& [key, p] : open_) {
    const auto start = p->log->log_start_offset();
    static_cast<void>(p->log->roll_if_old(home_.now.wall));
    if (auto went = p->log->apply_retention(p->high_watermark(), home_.now.wall); !went) {
      home_.log(log_level::error,
                fmt::format("retention of {} failed: {}", log::directory_name(p->name), to_string(went.error())));
    }
    if (p->log->wants_flush()) want_flush(*p);
    for (auto& path : p->log->take_removable_files(home_.now.wall)) removable.push_back(std::move(path));
    if (p->log->log_start_offset() != start) note_checkpoints(*p);
  }
  if (removable.empty()) return;
  home_.env.run_on_worker(
      work_class::bulk,
      [removable = std::move(removable), &disk = home_.options.server->storage->disk()] {
        for (const auto& path : removable) static_cast<void>(disk.remove(path));
      },
      []() {});
}

void partition_store::expire_producers() {
  for (auto& [key, p] : open_) p->log->expire_producers(home_.now.wall);
}

boost::system::result<offset, partition_problem> partition_store::delete_records(hosted_partition& p, offset before) {
  if (!p.log->config().cleanup_delete) {
    return partition_problem{error_code::policy_violation, "cleanup.policy of the topic does not contain delete"};
  }
  const offset target = before.value() == -1 ? p.high_watermark() : before;
  if (target > p.high_watermark() || target.value() < 0) {
    return partition_problem{error_code::offset_out_of_range, "the offset is above the high watermark"};
  }
  if (target > p.log->log_start_offset()) {
    if (auto moved = p.log->move_log_start(target); !moved) {
      return partition_problem{error_code::kafka_storage_error, moved.error().detail};
    }
    note_checkpoints(p);
  }
  return p.log->log_start_offset();
}

void partition_store::checkpoint() {
  for (auto& [key, p] : open_) {
    if (std::exchange(p->checkpoint_due, false)) note_checkpoints(*p);
  }
}

void partition_store::note_checkpoints(const hosted_partition& p) {
  post_checkpoints(home_, p.directory, p.name, p.log->recovery_point(), p.log->log_start_offset());
}

// ---- the end

void partition_store::close(unique_function<void()> done) {
  closed_ = std::move(done);
  for (auto& then : openings_.give_up()) {
    then(partition_problem{error_code::not_leader_or_follower, "the broker is shutting down"});
  }
  mover_.close();
  end_of_batch();
  go_on_closing();
}

void partition_store::go_on_closing() {
  if (!closed_ || flush_running_ || openings_.running() != 0 || mover_.is_busy()) return;
  if (!waiting_for_flush_.empty() || !flush_wanted_.empty()) return;
  finish_close();
}

namespace {

// From so many on, one sync of the file system costs less than one for each file.
constexpr std::size_t bulk_min = 64;

}  // namespace

void partition_store::finish_close() {
  // What was not checked in this run must be checked in the next.
  if (!all_trusted_) home_.closed_cleanly = false;
  struct closing {
    std::vector<log::file_content> replacements;
    std::vector<std::string> directories;
    result<void> outcome{};
  };
  auto all = std::make_shared<closing>();
  const bool in_bulk = open_.size() >= bulk_min;
  for (auto& [key, p] : open_) close_log(*p, in_bulk ? &all->replacements : nullptr);
  open_.clear();
  is_closed_ = true;
  auto done = std::exchange(closed_, nullptr);
  if (!in_bulk) return done();
  auto storage = home_.options.server->storage;
  for (std::size_t i = 0; i < storage->directory_count(); ++i) all->directories.push_back(storage->directory_path(i));
  home_.env.run_on_worker(
      work_class::sync,
      [all, storage] { all->outcome = log::sync_in_bulk(storage->disk(), all->directories, all->replacements); },
      [this, all, done = std::move(done)]() mutable {
        if (!all->outcome) closing_failed("the logs", all->outcome.error());
        done();
      });
}

void partition_store::close_log(hosted_partition& p, std::vector<log::file_content>* unsynced) {
  home_.timers.cancel(p.flush_timer);
  const auto name = log::directory_name(p.name);
  if (unsynced == nullptr) {
    if (auto closed = p.log->close(true); !closed) closing_failed(name, closed.error());
  } else if (auto closed = p.log->close_unsynced()) {
    for (auto& file : *closed) unsynced->push_back(std::move(file));
  } else {
    closing_failed(name, closed.error());
  }
  post_checkpoints(home_, p.directory, p.name, p.log->log_end_offset(), p.log->log_start_offset());
  p.log.reset();  // its files, too: there may be more logs than files that can be open at a time
}

void partition_store::closing_failed(const std::string& what, const error& why) {
  home_.log(log_level::error, fmt::format("closing {} failed: {}", what, to_string(why)));
  home_.closed_cleanly = false;
}

}  // namespace jackdaw::broker
