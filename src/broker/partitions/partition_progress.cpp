#include "partition_progress.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

using protocol::error_code;

// ---- the log and its high watermark

namespace {

// So many steps are told apart; beyond, the last ones become one.
constexpr std::size_t unseen_max = 1024;

}  // namespace

void partition_progress::appended(hosted_partition& p, std::int64_t bytes, bool is_held) {
  auto& l = *p.as_leading();
  const auto end = p.log->log_end_offset();
  JD_ASSERT(end >= l.core.log_end(), end.value(), l.core.log_end().value());
  const bool moved_up = is_held && l.core.appended(end);
  if (moved_up && l.core.high_watermark() == end && l.unseen.empty()) {
    // The usual case: one replica, and nothing waits.
    p.log->high_watermark_moved(end);
    note_high_watermark(p);
    note_news(p, bytes, true, true);
    return release(p, l);
  }
  note_news(p, bytes, true, false);
  if (l.unseen.size() < unseen_max) {
    l.unseen.emplace_back(end, bytes);
  } else {
    l.unseen.back() = {end, l.unseen.back().second + bytes};
  }
  if (moved_up) moved(p);
}

void partition_progress::holds(hosted_partition& p, offset end) {
  auto* l = p.as_leading();
  if (l == nullptr || p.log->needs_repair()) return;
  const bool moved_up = l->core.appended(std::max(l->core.log_end(), std::min(end, p.log->log_end_offset())));
  if (moved_up) return moved(p);
  release(p, *l);
}

void partition_progress::moved(hosted_partition& p) {
  auto* l = p.as_leading();
  JD_ASSERT(l != nullptr, p.name.topic, p.name.partition.value());
  became_visible(p, *l);
  release(p, *l);
}

void partition_progress::became_visible(hosted_partition& p, leading& l) {
  const auto end = l.core.high_watermark();
  JD_ASSERT(end <= p.log->log_end_offset(), end.value(), p.log->log_end_offset().value());
  p.log->high_watermark_moved(end);
  note_high_watermark(p);
  const auto hidden = std::find_if(l.unseen.begin(), l.unseen.end(), [end](const auto& u) { return u.first > end; });
  std::int64_t bytes = 0;
  for (auto at = l.unseen.begin(); at != hidden; ++at) bytes += at->second;
  l.unseen.erase(l.unseen.begin(), hidden);
  note_news(p, bytes, false, true);
}

// ---- appends that wait

bool partition_progress::is_acknowledged(const leading& l, offset end, bool for_all) noexcept {
  return end <= (for_all ? l.core.high_watermark() : l.core.log_end());
}

void partition_progress::wait(append_job_ptr job) {
  auto w = std::make_shared<waiting_append>();
  std::vector<ack_queue::waiter> ready;  // what became of the partition since it was appended to
  for (const auto& item : job->items) w->left += item.waits_for.value() >= 0 ? 1 : 0;
  JD_ASSERT(w->left > 0, job->items.size());
  w->job = std::move(job);
  const bool for_all = w->job->wait_for_all;
  for (std::size_t i = 0; i < w->job->items.size(); ++i) {
    auto& item = w->job->items[i];
    if (item.waits_for.value() < 0) continue;
    auto* p = table_.find({item.topic_id, item.partition});
    auto* l = p == nullptr ? nullptr : p->as_leading();
    if (l == nullptr) item.error = error_code::not_leader_or_follower;
    if (l == nullptr || is_acknowledged(*l, item.waits_for, for_all)) {
      ready.push_back({w, i, item.waits_for});
    } else {
      (for_all ? l->for_all : l->for_sync).add({w, i, item.waits_for});
    }
  }
  if (for_all && w->left > ready.size()) {
    const auto longest = std::chrono::milliseconds(std::max(w->job->timeout_ms, 0));
    w->timer = home_.timers.schedule(home_.now.steady + longest, [this, w] { timed_out(w); });
  }
  answer(std::move(ready));
}

void partition_progress::release(hosted_partition& p, leading& l) {
  if (l.for_all.is_empty() && l.for_sync.is_empty()) return;
  if (p.log->needs_repair()) return;  // nobody knows what is in it
  std::vector<ack_queue::waiter> ready;
  l.for_all.take_up_to(l.core.high_watermark(), ready);
  if (!ready.empty() && l.core.check(ready.back().end) == replica::acks_all::not_enough_replicas) {
    for (auto& w : ready) {
      auto& item = w.append->job->items[w.item];
      item.error = error_code::not_enough_replicas_after_append;
      item.error_message = "the records are written, but fewer replicas are in sync than min.insync.replicas asks for";
    }
  }
  l.for_sync.take_up_to(l.core.log_end(), ready);
  answer(std::move(ready));
}

void partition_progress::refuse_waiting(leading& l, error_code code, const std::string& why) {
  std::vector<ack_queue::waiter> ready;
  l.for_all.take_all(ready);
  l.for_sync.take_all(ready);
  for (auto& w : ready) {
    auto& item = w.append->job->items[w.item];
    item.error = code;
    item.error_message = why;
  }
  answer(std::move(ready));
}

void partition_progress::timed_out(const std::shared_ptr<waiting_append>& append) {
  append->timer = {};
  std::vector<ack_queue::waiter> ready;
  for (const auto& item : append->job->items) {
    if (item.waits_for.value() < 0) continue;
    auto* p = table_.find({item.topic_id, item.partition});
    if (p == nullptr || p->as_leading() == nullptr) continue;
    p->as_leading()->for_all.take(append.get(), ready);
  }
  for (auto& w : ready) {
    auto& item = w.append->job->items[w.item];
    item.error = error_code::request_timed_out;
    item.error_message = "too few replicas have the records after timeout.ms";
  }
  answer(std::move(ready));
}

// Whoever is answered may ask for more: the caller's partition may be gone afterwards.
void partition_progress::answer(std::vector<ack_queue::waiter> ready) {
  for (auto& w : ready) {
    JD_ASSERT(w.append->job && w.append->left > 0, w.item);
    if (--w.append->left != 0) continue;
    home_.timers.cancel(std::exchange(w.append->timer, {}));
    auto job = std::move(w.append->job);
    auto done = std::move(job->done);
    done(std::move(job));
  }
}

// ---- fetches that wait

void partition_progress::watch(read_job& job) {
  job.is_watched = true;
  auto& watched = watched_[job.watcher];
  for (const auto& item : job.items) {
    const partition_key key{item.target.topic_id, item.target.partition};
    auto* p = table_.find(key);
    if (p == nullptr) continue;
    p->watchers.push_back({job.watcher, job.reader.is_replica()});
    watched.push_back(key);
  }
}

void partition_progress::unwatch(fetch_key key) {
  const auto found = watched_.find(key);
  if (found == watched_.end()) return;
  for (const auto& partition : found->second) {
    if (auto* p = table_.find(partition)) std::erase_if(p->watchers, [key](const auto& w) { return w.fetch == key; });
  }
  watched_.erase(found);
}

void partition_progress::wake_watchers(const hosted_partition& p) {
  const auto watchers = p.watchers;  // telling may end fetches, which change the list
  for (const auto& w : watchers) events_.data_arrived(w.fetch, INT32_MAX);
}

void partition_progress::note_news(const hosted_partition& p, std::int64_t bytes, bool end_moved,
                                   bool high_watermark_moved) {
  if (!p.watchers.empty()) news_.push_back({p.key(), bytes, end_moved, high_watermark_moved});
}

void partition_progress::tell_watchers() {
  if (news_.empty()) return;
  // Telling may end fetches and start others here, which change all these lists.
  std::map<fetch_key, std::int64_t> told;
  for (const auto& n : std::exchange(news_, {})) {
    const auto* p = table_.find(n.key);
    if (p == nullptr) continue;
    for (const auto& w : p->watchers) {
      if (w.is_replica ? n.end_moved : n.high_watermark_moved) told[w.fetch] += n.bytes;
    }
  }
  for (const auto& [watcher, bytes] : told) events_.data_arrived(watcher, bytes);
}

// ---- checkpoints

void partition_progress::note_high_watermark(hosted_partition& p) {
  if (!std::exchange(p.high_watermark_due, true)) high_watermarks_due_.push_back(p.key());
}

void partition_progress::recovery_point_moved(hosted_partition& p) {
  if (!std::exchange(p.checkpoint_due, true)) recovery_points_due_.push_back(p.key());
}

void partition_progress::note_checkpoints(hosted_partition& p) {
  events_.checkpoints_moved(
      {{p.directory, p.name, p.log->recovery_point(), p.log->log_start_offset(), p.high_watermark()}});
}

void partition_progress::checkpoint_recovery_points() {
  std::vector<checkpoint_row> rows;
  for (const auto& key : std::exchange(recovery_points_due_, {})) {
    auto* p = table_.find(key);
    if (p == nullptr || !std::exchange(p->checkpoint_due, false)) continue;
    rows.push_back({p->directory, p->name, p->log->recovery_point(), p->log->log_start_offset(), {}});
  }
  if (!rows.empty()) events_.checkpoints_moved(std::move(rows));
}

void partition_progress::checkpoint_high_watermarks() {
  std::vector<checkpoint_row> rows;
  for (const auto& key : std::exchange(high_watermarks_due_, {})) {
    auto* p = table_.find(key);
    if (p == nullptr || !std::exchange(p->high_watermark_due, false)) continue;
    rows.push_back({p->directory, p->name, {}, {}, p->high_watermark()});
  }
  if (!rows.empty()) events_.checkpoints_moved(std::move(rows));
}

}  // namespace jackdaw::broker
