#include "partition_opener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "discarding.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/log/jobs.hpp"

namespace jackdaw::broker {

using protocol::error_code;

partition_opener::partition_opener(shard_context& home, partition_events& events, partition_table& table,
                                   topic_configs& configs, partition_roles& roles, partition_progress& progress,
                                   flush_rounds& flushes, unique_function<void()> ended,
                                   unique_function<void(std::size_t, const log::topic_partition&)> let_go)
    : home_(home),
      events_(events),
      table_(table),
      configs_(configs),
      roles_(roles),
      progress_(progress),
      flushes_(flushes),
      ended_(std::move(ended)),
      let_go_(std::move(let_go)),
      openings_(openings_at_a_time()) {
  const auto& found = home_.storage().found();
  all_trusted_ = std::all_of(found.begin(), found.end(), [](const auto& f) { return f.second.clean; });
}

// num.recovery.threads.per.data.dir is for the whole process; its shards share it.
std::size_t partition_opener::openings_at_a_time() const {
  const auto threads = static_cast<std::size_t>(std::max(home_.dynamic.num_recovery_threads_per_data_dir, 1));
  return std::max<std::size_t>(1, threads * home_.storage().directory_count() / home_.shard_count());
}

void partition_opener::settings_changed() {
  openings_.set_running_max(openings_at_a_time());
  start();
}

// ---- who may have which log

partition_opener::topic_or_problem partition_opener::held_here(const partition_key& key) const {
  const auto* topic = home_.image->find_topic(key.topic_id);
  if (topic == nullptr || !topic->has(key.partition))
    return partition_problem{error_code::unknown_topic_or_partition, "no such partition"};
  if (!topic->partition(key.partition).replicas.contains(home_.node_id()))
    return partition_problem{error_code::not_leader_or_follower, "this broker has no replica of this partition"};
  if (is_closed_) return partition_problem{error_code::not_leader_or_follower, "the broker is shutting down"};
  return topic;
}

void partition_opener::with_led(const partition_key& key, opened_function then) {
  const partition_problem elsewhere{error_code::not_leader_or_follower, "another broker leads this partition"};
  if (table_.find(key) == nullptr) {
    const auto topic = held_here(key);
    if (topic && (*topic)->partition(key.partition).leader != home_.node_id()) return then(elsewhere);
  }
  with_held(key, [then = std::move(then), elsewhere](open_outcome found) mutable {
    if (found && (*found)->as_leading() == nullptr) found = elsewhere;
    then(std::move(found));
  });
}

void partition_opener::with_held(const partition_key& key, opened_function then) {
  if (auto* p = table_.find(key)) return then(p);
  const auto topic = held_here(key);
  if (!topic) return then(topic.error());
  make(key, **topic);
  openings_.ask(key, std::move(then));
  begin_making();
  start();
}

// One that was there at start is opened when it is first used.
void partition_opener::make(const partition_key& key, const metadata::topic& topic) {
  JD_ASSERT(topic.has(key.partition), topic.name(), key.partition.value());
  if (table_.find(key) != nullptr || openings_.contains(key) || found_in({topic.name(), key.partition})) return;
  openings_.begin_making(key);
  to_make_.push_back({key, prepare(key, topic)});
}

namespace {

// So many are made by one job: few jobs for a hundred thousand partitions, and no shard waits long for the first. All
// of them take half a minute, so other work of that class comes in between.
constexpr std::size_t made_at_a_time = 256;
constexpr std::size_t making_jobs_max = 2;

}  // namespace

void partition_opener::begin_making() {
  while (!to_make_.empty() && making_jobs_ < making_jobs_max) {
    std::vector<made_log> next;
    while (!to_make_.empty() && next.size() < made_at_a_time) {
      auto m = std::move(to_make_.front());
      to_make_.pop_front();  // before anybody is called back, who may end here again
      if (openings_.is_dropped(m.key)) {
        finished(m.key, m.opening);
      } else {
        next.push_back(std::move(m));
      }
    }
    if (!next.empty()) make_now(std::move(next));
  }
}

void partition_opener::make_now(std::vector<made_log> logs) {
  ++making_jobs_;
  auto made = std::make_shared<std::vector<made_log>>(std::move(logs));
  home_.env.run_on_worker(
      work_class::bulk,
      [made, storage = home_.options.server->storage] {
        std::vector<log::open_options> wanted;
        std::vector<log_opening*> created;
        for (auto& m : *made) {
          // What is left there of a topic that couldn't be deleted is looked at, and put aside.
          if (storage->disk().exists(m.opening.how.directory)) {
            m.opening.run(*storage);
            continue;
          }
          wanted.push_back(m.opening.how);
          created.push_back(&m.opening);
        }
        auto opened = log::create_logs(storage->disk(), std::move(wanted));
        JD_ASSERT(opened.size() == created.size(), opened.size(), created.size());
        for (std::size_t i = 0; i < opened.size(); ++i) created[i]->log = std::move(opened[i]);
      },
      [this, made]() {
        --making_jobs_;
        for (auto& m : *made) finished(m.key, m.opening);
        begin_making();
        ended_();
      });
}

// ---- where it is

std::optional<std::size_t> partition_opener::found_in(const log::topic_partition& name) const {
  const auto* found = home_.storage().find(name);
  if (found == nullptr || gone_.contains(name)) return std::nullopt;
  return found->directory;
}

void partition_opener::forget_directory(const log::topic_partition& name) {
  if (home_.storage().find(name) != nullptr) gone_.insert(name);
}

std::size_t partition_opener::directory_of(const partition_key& key, const log::topic_partition& name) const {
  const auto found = found_in(name);
  return found ? *found : home_.storage().choose_directory(key.topic_id, key.partition);
}

namespace {

// Whoever asks for partitions that don't exist can't fill the memory.
constexpr std::size_t preferred_max = 10'000;

}  // namespace

void partition_opener::prefer_directory(const log::topic_partition& name, std::size_t directory) {
  if (preferred_.size() < preferred_max || preferred_.contains(name)) preferred_[name] = directory;
}

// ---- opening

log_opening partition_opener::prepare(const partition_key& key, const metadata::topic& topic) {
  auto& storage = home_.storage();
  log_opening o;
  o.name = {topic.name(), key.partition};
  const auto directory = found_in(o.name);
  o.directory = directory_of(key, o.name);
  if (const auto wish = preferred_.extract(o.name); wish && !directory) o.directory = wish.mapped();
  o.how.directory = storage.directory_path(o.directory) + '/' + log::directory_name(o.name);
  o.how.topic_id = key.topic_id;
  o.how.partition = key.partition;
  o.how.config = configs_.of_logs(topic);
  o.how.now = home_.now.wall;
  o.put_aside = discarded_path(home_, o.directory, o.name);
  if (directory) {
    const auto& found = *storage.find(o.name);
    o.how.must_exist = true;  // one that vanished isn't made again
    o.how.clean_shutdown = found.clean;
    o.how.recovery_point = found.recovery_point;
    o.how.log_start_offset = found.log_start_offset;
    o.high_watermark = found.high_watermark;
  }
  return o;
}

void partition_opener::start() {
  while (const auto key = openings_.next()) {
    const auto topic = held_here(*key);
    auto o = std::make_shared<log_opening>();
    if (topic) *o = prepare(*key, **topic);
    home_.env.run_on_worker(
        work_class::bulk,
        [o, wanted = topic.has_value(), storage = home_.options.server->storage] {
          if (wanted) o->run(*storage);
        },
        [this, o, key = *key]() {
          finished(key, *o);
          start();
          ended_();
        });
  }
}

void partition_opener::finished(const partition_key& key, log_opening& o) {
  auto ended = openings_.finished(key);
  const auto topic = held_here(key);
  open_outcome outcome = partition_problem{error_code::unknown_topic_or_partition, "the topic was deleted"};
  if (ended.is_dropped) {
    o.log = fail(errc::closed, "nobody wants it");
    let_go_(o.directory, o.name);
  } else if (!topic) {
    outcome = topic.error();  // the log stays as it was found; what is closing or held elsewhere needs it no more
  } else {
    outcome = take_up(key, o);
  }
  if (ended.was_in_background) background_ended(outcome.has_value() || ended.is_dropped, o.report.bytes_checked);
  for (auto& then : ended.waiting) then(outcome);
}

open_outcome partition_opener::take_up(const partition_key& key, log_opening& o) {
  if (o.was_put_aside) {
    events_.checkpoints_forgotten(o.directory, o.name);
    remove_discarded(home_, o.put_aside);
    o.high_watermark = offset{0};
  }
  if (!o.log) {
    home_.log(log_level::error,
              fmt::format("cannot open the log of {}: {}", log::directory_name(o.name), to_string(o.log.error())));
    return partition_problem{error_code::kafka_storage_error, o.log.error().detail};
  }
  if (o.report.notable()) {
    home_.log(log_level::warning, fmt::format("recovered {}: {}", log::directory_name(o.name), o.report.detail));
  }
  const auto& topic = *home_.image->find_topic(key.topic_id);
  auto& p = table_.add(std::make_unique<hosted_partition>(o.name, key.topic_id, o.directory, std::move(*o.log)));
  p.log->set_config(configs_.of_logs(topic));  // it may have changed while the worker was at it
  p.unflushed.last_flush = home_.now.wall;
  p.committed_before = std::min(o.high_watermark, p.log->log_end_offset());
  progress_.recovery_point_moved(p);
  roles_.follow(p, topic);
  if (p.log->needs_repair()) flushes_.repair(key);
  return &p;
}

bool partition_opener::drop(const partition_key& key, const partition_problem& why) {
  if (!openings_.contains(key)) return false;
  for (auto& then : openings_.drop(key)) then(why);
  return openings_.contains(key);
}

void partition_opener::close() {
  is_closed_ = true;
  for (auto& m : std::exchange(to_make_, {})) finished(m.key, m.opening);
  for (auto& then : openings_.give_up()) {
    then(partition_problem{error_code::not_leader_or_follower, "the broker is shutting down"});
  }
}

// ---- logs that nobody has asked for

std::vector<log_search::candidate> partition_opener::found_here(bool unclean_only) const {
  std::vector<log_search::candidate> here;
  const auto& storage = home_.storage();
  for (const auto& [name, found] : storage.found()) {
    if ((unclean_only && found.clean) || gone_.contains(name)) continue;
    const auto* topic = home_.image->find_topic(name.topic);
    if (topic == nullptr || !topic->has(name.partition)) continue;
    const partition_key key{topic->id(), name.partition};
    if (home_.owner_of(key.topic_id, key.partition) != home_.id()) continue;
    if (table_.find(key) != nullptr || !held_here(key)) continue;
    here.emplace_back(key, storage.directory_path(found.directory) + '/' + log::directory_name(name));
  }
  return here;
}

void partition_opener::open_found(bool unclean_only) {
  go_on_searching(std::make_shared<log_search>(found_here(unclean_only)), unclean_only);
}

void partition_opener::go_on_searching(std::shared_ptr<log_search> s, bool unclean_only) {
  home_.env.run_on_worker(
      work_class::bulk, [s, storage = home_.options.server->storage] { s->look_at_some(storage->disk()); },
      [this, s, unclean_only] {
        if (!s->is_over() && !is_closed_) return go_on_searching(s, unclean_only);
        open_in_background(s->found(), unclean_only);
      });
}

void partition_opener::open_in_background(const std::vector<partition_key>& logs, bool unclean_only) {
  std::size_t count = 0;
  for (const auto& key : logs) {
    if (table_.find(key) != nullptr || !held_here(key)) continue;
    openings_.ask_in_background(key);
    ++count;
  }
  if (unclean_only) {
    to_check_ = count;
    all_trusted_ = all_trusted_ || (count == 0 && !is_closed_);
    events_.recovery_begins(count);
  }
  start();
}

void partition_opener::recover_found() {
  if (!all_trusted_) open_found(true);
}

void partition_opener::open_all_found() { open_found(false); }

void partition_opener::background_ended(bool succeeded, std::uint64_t bytes_checked) {
  if (to_check_ == 0) return;
  events_.log_recovered(bytes_checked);
  // A log that could not be opened must be checked again: this run leaves no mark of a clean shutdown.
  recovery_failed_ = recovery_failed_ || !succeeded;
  if (--to_check_ == 0) all_trusted_ = !recovery_failed_;
}

}  // namespace jackdaw::broker
