#include <algorithm>

#include "fetch_operation.hpp"
#include "handlers.hpp"

namespace jackdaw::broker {

using protocol::error_code;

void handle_fetch(request_ptr r) { fetch_operation::start(std::move(r)); }

void fetch_operation::start(request_ptr r) {
  auto& home = r->home();
  const auto id = ++home.last_fetch_id;
  auto& op = *home.fetches.emplace(id, std::make_unique<fetch_operation>(id, std::move(r))).first->second;
  if (!op.r_->decode(op.asked_)) {
    home.fetches.erase(id);
    return;
  }
  if (auto* c = home.find_connection(op.r_->connection())) c->parked_fetches.push_back(id);
  op.begin();
}

void fetch_operation::begin() {
  if (!open_session()) return;
  limit_by_quota();
  // More than an answer may hold never comes.
  min_bytes_ = std::min({asked_.min_bytes, asked_.max_bytes, r_->home().config().fetch_max_bytes});
  collect_targets();
  read(asked_.max_wait_ms > 0);
}

// ---- sessions

// False when the request was answered with an error.
bool fetch_operation::open_session() {
  auto& home = r_->home();
  const bool by_id = r_->version() >= 13;
  if (asked_.session_epoch == fetch_session::epoch_final || asked_.session_epoch == fetch_session::epoch_initial) {
    if (asked_.session_id != 0) home.sessions.remove(asked_.session_id);
    if (asked_.session_epoch == fetch_session::epoch_final) return true;
    session_ = home.sessions.create(by_id, home.random, home.now.steady);
    if (session_ && !update_session(*session_)) session_.reset();
    return true;
  }
  session_ = home.sessions.find(asked_.session_id, home.now.steady);
  auto problem = error_code::none;
  if (!session_) {
    problem = error_code::fetch_session_id_not_found;
  } else if (session_->next_epoch() != asked_.session_epoch) {
    problem = error_code::invalid_fetch_session_epoch;
  } else if (session_->by_topic_id() != by_id) {
    problem = error_code::fetch_session_topic_id_error;
  }
  // One that has grown too large is gone: the client begins anew, without a session if it must be.
  if (problem == error_code::none && !update_session(*session_)) problem = error_code::fetch_session_id_not_found;
  if (problem != error_code::none) {
    session_.reset();
    answer_error(problem);
    return false;
  }
  incremental_ = true;
  session_->advance_epoch();
  return true;
}

namespace {

template <class Partition>
fetch_target target_of(const metadata::image& image, const protocol::fetch_request::fetch_topic& topic,
                       const Partition& p) {
  fetch_target t;
  t.topic_id = topic.topic_id;
  t.topic_name = topic.topic;
  const auto* known = topic.topic_id.is_zero() ? image.find_topic(topic.topic) : image.find_topic(topic.topic_id);
  if (known != nullptr) {
    t.topic_id = known->id();
    t.topic_name = known->name();
  }
  t.partition = p.partition;
  t.current_leader_epoch = p.current_leader_epoch;
  t.last_fetched_epoch = p.last_fetched_epoch;
  t.fetch_offset = p.fetch_offset;
  t.max_bytes = p.partition_max_bytes;
  return t;
}

}  // namespace

// False when there is no memory for what it remembers now.
bool fetch_operation::update_session(fetch_session& session) {
  const auto& image = *r_->home().image;
  for (const auto& topic : asked_.topics) {
    for (const auto& p : topic.partitions) session.put(target_of(image, topic, p));
  }
  for (const auto& topic : asked_.forgotten_topics_data) {
    for (const auto p : topic.partitions) session.forget(topic.topic_id, std::string(topic.topic), p);
  }
  return r_->home().sessions.keep(session, r_->home().now.steady);
}

void fetch_operation::collect_targets() {
  if (session_) {
    items_.reserve(session_->size());
    for (const auto& entry : session_->entries()) items_.emplace_back().target = entry.target;
    return;
  }
  const auto& image = *r_->home().image;
  for (const auto& topic : asked_.topics) {
    for (const auto& p : topic.partitions) items_.emplace_back().target = target_of(image, topic, p);
  }
}

// ---- reading and waiting

namespace {

reader_identity reader_of(const protocol::fetch_request& asked, std::int16_t version) {
  if (version < 15) return {asked.replica_id, broker_epoch{-1}};
  return {asked.replica_state.replica_id, asked.replica_state.replica_epoch};
}

}  // namespace

void fetch_operation::read(bool may_wait) {
  JD_ASSERT(jobs_left_ == 0 && !waiting_, id_, jobs_left_);
  auto& home = r_->home();
  available_bytes_ = 0;
  read_failed_ = false;
  std::map<shard_id, read_job_ptr> jobs;
  const bool by_id = r_->version() >= 13;
  // One that is deleted while the fetch waits is an unknown partition, not an unknown id: observed with Kafka.
  const bool is_first = !std::exchange(has_read_, true);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& target = items_[i].target;
    const auto* topic = by_id ? home.image->find_topic(target.topic_id) : home.image->find_topic(target.topic_name);
    const bool was_known = !is_first && items_[i].error != error_code::unknown_topic_id;
    items_[i].records = {};
    items_[i].available_bytes = 0;
    if (topic == nullptr || !topic->has(target.partition)) {
      items_[i].error = topic == nullptr && by_id && !was_known ? error_code::unknown_topic_id
                                                                : error_code::unknown_topic_or_partition;
      continue;
    }
    items_[i].error = error_code::none;
    // A session made by name follows the name: the topic may have been deleted and made again.
    items_[i].target.topic_id = topic->id();
    auto& job = jobs[home.owner_of(topic->id(), target.partition)];
    if (!job) job = std::make_unique<read_job>();
    auto& item = job->items.emplace_back();
    item.target = items_[i].target;
    item.answer_at = i;
  }
  jobs_left_ = jobs.size();
  may_wait_ = may_wait && !jobs.empty();
  if (jobs.empty()) return round_done();
  const auto max_bytes = std::min(asked_.max_bytes, home.config().fetch_max_bytes);
  const auto payer = r_->payer();
  for (auto& [owner, job] : jobs) {
    job->max_bytes = max_bytes;
    job->reader = reader_of(asked_, r_->version());
    job->read_committed = asked_.isolation_level == 1;
    job->watch_below_bytes = may_wait ? min_bytes_ : 0;
    job->watcher = {home.id(), id_};
    post_read(home, owner, std::move(job), payer);
  }
}

namespace {

// The fetch may be gone when the answer comes: its connection closed.
void take_back(shard_state& home, std::uint64_t id, read_job_ptr filled, shard_id owner) {
  if (const auto found = home.fetches.find(id); found != home.fetches.end()) {
    found->second->take(std::move(filled), owner);
  } else if (filled->is_watched) {
    post_unwatch(home, owner, {home.id(), id});
  }
}

}  // namespace

void post_read(shard_state& home, shard_id owner, read_job_ptr job, const quota_payer& payer) {
  const auto id = job->watcher.fetch_id;
  if (owner == home.id()) {
    job->done = [&home, id, owner](read_job_ptr filled) { take_back(home, id, std::move(filled), owner); };
    home.partitions.read(std::move(job));
    return;
  }
  home.env.post(owner, [job = std::move(job), payer, id, owner, to = home.id()](shard& s) mutable {
    auto& there = s.state();
    for (const auto& item : job->items) {
      const auto& t = item.target;
      JD_ASSERT(there.owner_of(t.topic_id, t.partition) == there.id(), t.topic_name, t.partition.value());
    }
    const paid_time paid(there.quotas, std::move(payer));
    job->done = [id, owner, to, &there](read_job_ptr filled) {
      there.env.post(to, [id, owner, filled = std::move(filled)](shard& back) mutable {
        take_back(back.state(), id, std::move(filled), owner);
      });
    };
    there.partitions.read(std::move(job));
  });
}

void post_unwatch(shard_state& home, shard_id owner, fetch_key key) {
  if (owner == home.id()) return home.partitions.unwatch(key);
  home.env.post(owner, [key](shard& s) { s.state().partitions.unwatch(key); });
}

void fetch_operation::take(read_job_ptr filled, shard_id owner) {
  JD_ASSERT(jobs_left_ != 0 && filled->watcher.fetch_id == id_, owner.value(), filled->watcher.fetch_id, id_);
  if (filled->is_watched) watching_.push_back(owner);
  for (auto& item : filled->items) {
    const std::size_t at = item.answer_at;
    JD_ASSERT(at < items_.size() && items_[at].target.partition == item.target.partition, at, items_.size());
    read_failed_ = read_failed_ || item.error != error_code::none || item.diverging_end_offset.value() >= 0;
    available_bytes_ += item.available_bytes;
    items_[at] = std::move(item);
  }
  if (--jobs_left_ == 0) round_done();
}

// What an owner found wrong ends the wait. Partitions that nobody has don't: they are told of beside the others, as
// often as those are, unless there are no others.
bool fetch_operation::must_answer_now() const { return !may_wait_ || read_failed_ || available_bytes_ >= min_bytes_; }

void fetch_operation::round_done() {
  if (must_answer_now()) return answer();
  if (enough_arrived_) return read(false);
  wait();
}

void fetch_operation::wait() {
  JD_ASSERT(!waiting_ && jobs_left_ == 0, id_, jobs_left_);
  auto& home = r_->home();
  waiting_ = true;
  waits_since_ = home.now.steady;
  timer_ = home.timers.schedule(waits_since_ + std::chrono::milliseconds(asked_.max_wait_ms), [this] {
    timer_ = {};
    end_wait();
    read(false);
  });
}

void fetch_operation::end_wait() {
  JD_ASSERT(waiting_, id_);
  waiting_ = false;  // a timer that comes late makes it slow: that is beyond what was asked for
  r_->did_wait(std::min<duration>(r_->home().now.steady - waits_since_, std::chrono::milliseconds(asked_.max_wait_ms)));
}

void fetch_operation::data_arrived(std::int64_t bytes) {
  available_bytes_ += bytes;
  if (available_bytes_ < min_bytes_ || !may_wait_) return;
  if (!waiting_) {
    enough_arrived_ = true;
    return;
  }
  end_wait();
  r_->home().timers.cancel(timer_);
  timer_ = {};
  read(false);
}

void fetch_operation::stop_waiting() {
  auto& home = r_->home();
  home.timers.cancel(timer_);
  for (const auto owner : std::exchange(watching_, {})) post_unwatch(home, owner, {home.id(), id_});
}

}  // namespace jackdaw::broker
