// The end of a fetch: what was read made fit, counted, and told.
#include <algorithm>

#include "fetch_operation.hpp"
#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

using protocol::error_code;

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
  JD_ASSERT(jobs_left_ == 0 && !waiting_, id_, jobs_left_);
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
