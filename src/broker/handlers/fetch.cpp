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

void fetch_operation::read(bool may_wait) {
  auto& home = r_->home();
  may_wait_ = may_wait;
  available_bytes_ = 0;
  std::map<shard_id, read_job_ptr> jobs;
  const bool by_id = r_->version() >= 13;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& target = items_[i].target;
    const auto* topic = by_id ? home.image->find_topic(target.topic_id) : home.image->find_topic(target.topic_name);
    items_[i].records = {};
    if (topic == nullptr || !topic->has(target.partition)) {
      items_[i].error =
          topic == nullptr && by_id ? error_code::unknown_topic_id : error_code::unknown_topic_or_partition;
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
  if (jobs.empty()) return round_done();
  const auto max_bytes = std::min(asked_.max_bytes, home.config().fetch_max_bytes);
  const auto payer = r_->payer();
  for (auto& [owner, job] : jobs) {
    job->max_bytes = max_bytes;
    job->read_committed = asked_.isolation_level == 1;
    job->watch_below_bytes = may_wait ? asked_.min_bytes : 0;
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
    const paid_time paid(there, std::move(payer));
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
  if (filled->is_watched) watching_.push_back(owner);
  for (auto& item : filled->items) {
    const std::size_t at = item.answer_at;
    available_bytes_ += item.records.size;
    items_[at] = std::move(item);
  }
  if (--jobs_left_ == 0) round_done();
}

bool fetch_operation::must_answer_now() const {
  if (!may_wait_ || items_.empty() || available_bytes_ >= asked_.min_bytes) return true;
  return std::any_of(items_.begin(), items_.end(), [](const read_item& item) {
    return item.error != error_code::none || item.diverging_end_offset.value() >= 0;
  });
}

void fetch_operation::round_done() {
  if (must_answer_now()) return answer();
  if (enough_arrived_) return read(false);
  wait();
}

void fetch_operation::wait() {
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
  waiting_ = false;  // a timer that comes late makes it slow: that is beyond what was asked for
  r_->did_wait(std::min<duration>(r_->home().now.steady - waits_since_, std::chrono::milliseconds(asked_.max_wait_ms)));
}

void fetch_operation::data_arrived(std::int64_t bytes) {
  available_bytes_ += bytes;
  if (available_bytes_ < asked_.min_bytes || !may_wait_) return;
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

// ---- the answer

void fetch_operation::answer_error(error_code code) {
  answer_.error_code = code;
  r_->respond(answer_);
  finish();
}

// In an incremental answer: whether the client knows all that the row would say (KIP-227).
bool fetch_operation::leave_out(const read_item& item, fetch_session::entry& sent) const {
  const bool changed = item.records.size != 0 || item.error != error_code::none ||
                       item.diverging_end_offset.value() >= 0 || item.high_watermark != sent.high_watermark_sent ||
                       item.log_start_offset != sent.log_start_sent;
  // An error is told again until it is gone, and the row after it, too.
  sent.high_watermark_sent = item.error == error_code::none ? item.high_watermark : offset{-1};
  sent.log_start_sent = item.log_start_offset;
  return incremental_ && !changed;
}

void fetch_operation::add_row(read_item& item) {
  const bool by_id = r_->version() >= 13;
  auto& topics = answer_.responses;
  const bool same = !topics.empty() && (by_id ? topics.back().topic_id == item.target.topic_id
                                              : topics.back().topic == item.target.topic_name);
  auto& topic = same ? topics.back() : topics.emplace_back();
  if (!same) {
    topic.topic = item.target.topic_name;
    topic.topic_id = item.target.topic_id;
  }
  auto& row = topic.partitions.emplace_back();
  row.partition_index = item.target.partition;
  row.error_code = item.error;
  row.high_watermark = item.high_watermark;
  row.last_stable_offset = item.last_stable_offset;
  row.log_start_offset = item.log_start_offset;
  row.diverging_epoch.epoch = item.diverging_epoch;
  row.diverging_epoch.end_offset = item.diverging_end_offset;
  if (asked_.isolation_level == 1 && item.error == error_code::none) row.aborted_transactions.emplace();
  row.records = protocol::records_view::external(item.records.size);
  if (item.records.size != 0) slices_.push_back(std::move(item.records));
}

// More than the quota lets through at once isn't read, and not waited for.
void fetch_operation::limit_by_quota() {
  auto& home = r_->home();
  if (!home.quotas.are_set()) return;
  auto* c = home.find_connection(r_->connection());
  const auto portion =
      c != nullptr ? home.quotas.portion_of(*c, r_->client_id(), security::quota_kind::fetch) : std::optional<double>();
  if (!portion || *portion >= asked_.max_bytes) return;
  asked_.max_bytes = static_cast<std::int32_t>(std::max(*portion, 1.0));
  asked_.min_bytes = std::min(asked_.min_bytes, asked_.max_bytes);
}

// Makes what was read fit into the answer.
void fetch_operation::trim() {
  std::int64_t left = std::min(asked_.max_bytes, r_->home().config().fetch_max_bytes);
  bool first = true;
  for (auto& item : items_) {
    if (item.records.size == 0) continue;
    // Owners don't know of each other's share. What doesn't fit is left out whole: a client gives up on a partition
    // whose first batch is torn.
    if (!first && item.records.size > left) {
      item.records = {};
      continue;
    }
    left -= item.records.size;
    first = false;
  }
}

bool fetch_operation::is_over_quota() {
  auto& home = r_->home();
  if (!home.quotas.are_set()) return false;
  double bytes = 0;
  for (const auto& item : items_) bytes += item.records.size;
  if (auto* c = home.find_connection(r_->connection()))
    r_->throttle(home.quotas.wait_before(*c, r_->client_id(), security::quota_kind::fetch, bytes));
  return r_->wait_for_time() > 0;
}

// Nothing until the client has waited; it asks for the same again (KIP-219). A session that would begin with this
// answer doesn't.
void fetch_operation::answer_throttled() {
  if (session_ && !incremental_) {
    r_->home().sessions.remove(session_->id());
    session_.reset();
  }
  answer_.session_id = session_ ? session_->id() : 0;
  r_->respond(answer_);
  finish();
}

// Counts the answer; whether the client has to wait for it was asked before.
void fetch_operation::charge_answer() {
  auto& home = r_->home();
  if (!home.quotas.are_set()) return;
  auto bytes = static_cast<double>(answer_.encoded_size(r_->version()));
  for (const auto& slice : slices_) bytes += slice.size;
  if (auto* c = home.find_connection(r_->connection()))
    home.quotas.charge(*c, r_->client_id(), security::quota_kind::fetch, bytes);
}

void fetch_operation::answer() {
  trim();
  if (is_over_quota()) return answer_throttled();
  for (auto& item : items_) {
    const bool has_data = item.records.size != 0;
    if (!session_) {
      add_row(item);
      continue;
    }
    auto* sent = session_->find(item.target);
    if (sent == nullptr || !leave_out(item, *sent)) add_row(item);
    if (has_data) session_->move_to_end(item.target);
  }
  answer_.session_id = session_ ? session_->id() : 0;
  charge_answer();
  r_->respond(answer_, std::move(slices_));
  finish();
}

void fetch_operation::finish() {
  stop_waiting();
  auto& home = r_->home();
  if (auto* c = home.find_connection(r_->connection())) std::erase(c->parked_fetches, id_);
  home.fetches.erase(id_);
}

}  // namespace jackdaw::broker
