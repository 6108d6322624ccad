#include "fetch_session.hpp"

namespace jackdaw::broker {

void fetch_session::put(fetch_target target) {
  auto k = key_of(target.topic_id, target.topic_name, target.partition);
  if (const auto found = index_.find(k); found != index_.end()) {
    found->second->target = std::move(target);
    return;
  }
  entries_.push_back({std::move(target)});
  index_.emplace(std::move(k), std::prev(entries_.end()));
}

void fetch_session::forget(const uuid& topic_id, const std::string& topic_name, partition_id partition) {
  const auto found = index_.find(key_of(topic_id, topic_name, partition));
  if (found == index_.end()) return;
  entries_.erase(found->second);
  index_.erase(found);
}

fetch_session::entry* fetch_session::find(const fetch_target& target) {
  const auto found = index_.find(key_of(target.topic_id, target.topic_name, target.partition));
  return found == index_.end() ? nullptr : &*found->second;
}

void fetch_session::move_to_end(const fetch_target& target) {
  const auto found = index_.find(key_of(target.topic_id, target.topic_name, target.partition));
  if (found != index_.end()) entries_.splice(entries_.end(), entries_, found->second);
}

std::shared_ptr<fetch_session> fetch_session_cache::find(std::int32_t id, time_point now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  found->second.last_used = now;
  by_use_.splice(by_use_.end(), by_use_, found->second.by_use);
  return found->second.session;
}

std::shared_ptr<fetch_session> fetch_session_cache::create(bool by_topic_id, random_source& random, time_point now) {
  if (slots_ == 0) return nullptr;
  if (sessions_.size() >= slots_) {
    const std::int32_t oldest = by_use_.front();
    if (now - sessions_.at(oldest).last_used < idle_) return nullptr;
    remove(oldest);
  }
  std::int32_t id = 0;
  while (id == 0 || sessions_.contains(id)) id = static_cast<std::int32_t>(random.next() & INT32_MAX);
  auto session = std::make_shared<fetch_session>(id, by_topic_id);
  by_use_.push_back(id);
  sessions_.emplace(id, slot{session, now, std::prev(by_use_.end())});
  return session;
}

void fetch_session_cache::remove(std::int32_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  by_use_.erase(found->second.by_use);
  sessions_.erase(found);
}

}  // namespace jackdaw::broker
