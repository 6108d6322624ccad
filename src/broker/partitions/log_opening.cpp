#include "log_opening.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

void log_opening::run(storage& s) {
  open(s);
  if (!log || !(*log)->wants_flush()) return;
  // What was recovered is brought to the disk here: else another crash might lose what this one didn't, and the files
  // would stay open until then.
  const auto job = (*log)->prepare_flush();
  if (auto synced = job.run(s.disk())) {
    (*log)->flush_done(job);
  } else {
    (*log)->flush_failed(job, synced.error());
  }
  (*log)->release_files();
}

void log_opening::open(storage& s) {
  log = log::partition_log::open(s.disk(), how, &report);
  if (log || log.error().code != errc::invalid_argument) return;
  // What lies there belongs to a deleted topic of the same name.
  if (auto renamed = s.disk().rename(how.directory, put_aside); !renamed) {
    log = renamed.error();
    return;
  }
  was_put_aside = true;
  how.must_exist = how.clean_shutdown = false;
  how.recovery_point = how.log_start_offset = offset{0};
  report = {};
  log = log::partition_log::open(s.disk(), how, &report);
}

void opening_queue::ask(const partition_key& key, opened_function then) {
  auto& o = openings_[key];
  if (!o.is_running && o.waiting.empty()) urgent_.push_back(key);
  o.waiting.push_back(std::move(then));
}

void opening_queue::ask_in_background(const partition_key& key) {
  const auto [at, added] = openings_.try_emplace(key);
  at->second.is_in_background = true;
  if (added) background_.push_back(key);
}

void opening_queue::begin_making(const partition_key& key) {
  const auto [at, added] = openings_.try_emplace(key);
  JD_ASSERT(added, key.partition.value());
  at->second.is_running = at->second.is_made = true;
  ++making_;
}

std::optional<partition_key> opening_queue::pop(std::deque<partition_key>& from) {
  while (!from.empty()) {
    const auto key = from.front();
    from.pop_front();
    const auto found = openings_.find(key);
    if (found != openings_.end() && !found->second.is_running) return key;
  }
  return std::nullopt;
}

std::optional<partition_key> opening_queue::next() {
  if (running_ >= running_max_) return std::nullopt;
  auto key = pop(urgent_);
  if (!key) key = pop(background_);
  if (!key) return std::nullopt;
  openings_.at(*key).is_running = true;
  ++running_;
  return key;
}

opening_queue::ended opening_queue::finished(const partition_key& key) {
  auto node = openings_.extract(key);
  JD_ASSERT(node && node.mapped().is_running, key.partition.value());
  auto& o = node.mapped();
  --(o.is_made ? making_ : running_);
  return {std::move(o.waiting), o.is_dropped, o.is_in_background};
}

std::vector<opened_function> opening_queue::drop(const partition_key& key) {
  const auto found = openings_.find(key);
  if (found == openings_.end()) return {};
  auto waiting = std::move(found->second.waiting);
  found->second.waiting.clear();
  if (found->second.is_running) {
    found->second.is_dropped = true;
  } else {
    openings_.erase(found);
  }
  return waiting;
}

bool opening_queue::is_dropped(const partition_key& key) const {
  const auto found = openings_.find(key);
  return found != openings_.end() && found->second.is_dropped;
}

std::vector<opened_function> opening_queue::give_up() {
  std::vector<opened_function> waiting;
  for (auto at = openings_.begin(); at != openings_.end();) {
    if (at->second.is_running) {
      ++at;
      continue;
    }
    for (auto& w : at->second.waiting) waiting.push_back(std::move(w));
    at = openings_.erase(at);
  }
  urgent_.clear();
  background_.clear();
  return waiting;
}

}  // namespace jackdaw::broker
