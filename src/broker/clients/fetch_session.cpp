#include "fetch_session.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

// An entry in the list and one in the index, with what they point at.
std::size_t fetch_session::cost_of(const fetch_target& target) noexcept {
  return sizeof(entry) + sizeof(key) + 2 * target.topic_name.size() + 96;
}

void fetch_session::put(fetch_target target) {
  auto k = key_of(target.topic_id, target.topic_name, target.partition);
  if (const auto found = index_.find(k); found != index_.end()) {
    JD_ASSERT(bytes_ >= cost_of(found->second->target), id_, bytes_);
    bytes_ -= cost_of(found->second->target);
    bytes_ += cost_of(target);
    found->second->target = std::move(target);
    return;
  }
  bytes_ += cost_of(target);
  entries_.push_back({std::move(target)});
  index_.emplace(std::move(k), std::prev(entries_.end()));
  JD_ASSERT(index_.size() == entries_.size(), id_, index_.size(), entries_.size());
}

void fetch_session::forget(const uuid& topic_id, const std::string& topic_name, partition_id partition) {
  const auto found = index_.find(key_of(topic_id, topic_name, partition));
  if (found == index_.end()) return;
  bytes_ -= cost_of(found->second->target);
  entries_.erase(found->second);
  index_.erase(found);
  JD_ASSERT(index_.size() == entries_.size() && bytes_ >= sizeof(fetch_session), id_, entries_.size(), bytes_);
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
  while (sessions_.size() >= slots_ || use_.is_spent()) {
    if (remove_idle(now)) continue;
    ++use_.refused;
    return nullptr;
  }
  std::int32_t id = 0;
  while (id == 0 || sessions_.contains(id)) id = static_cast<std::int32_t>(random.next() & INT32_MAX);
  auto session = std::make_shared<fetch_session>(id, by_topic_id);
  by_use_.push_back(id);
  sessions_.emplace(id, slot{session, session->bytes(), now, std::prev(by_use_.end())});
  use_.used_bytes += session->bytes();
  JD_ASSERT(sessions_.size() == by_use_.size() && sessions_.size() <= slots_, sessions_.size(), by_use_.size());
  return session;
}

bool fetch_session_cache::keep(const fetch_session& session, time_point now) {
  auto& s = sessions_.at(session.id());
  JD_ASSERT(s.session.get() == &session && use_.used_bytes >= s.counted_bytes, session.id(), s.counted_bytes);
  use_.used_bytes -= s.counted_bytes;
  use_.used_bytes += session.bytes();
  s.counted_bytes = session.bytes();
  while (use_.used_bytes > use_.limit_bytes) {
    if (remove_idle(now)) continue;  // never this one: it is being used
    ++use_.refused;
    remove(session.id());
    return false;
  }
  return true;
}

bool fetch_session_cache::remove_idle(time_point now) {
  if (by_use_.empty() || now - sessions_.at(by_use_.front()).last_used < idle_) return false;
  remove(by_use_.front());
  return true;
}

void fetch_session_cache::remove(std::int32_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  by_use_.erase(found->second.by_use);
  use_.used_bytes -= found->second.counted_bytes;
  sessions_.erase(found);
  JD_ASSERT(sessions_.empty() == (use_.used_bytes == 0), sessions_.size(), use_.used_bytes);
}

}  // namespace jackdaw::broker
