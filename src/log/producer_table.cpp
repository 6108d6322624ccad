#include "producer_table.hpp"

#include <algorithm>

namespace jackdaw::log {

namespace {

// Sequences wrap from 2147483647 to 0.
constexpr std::uint32_t sequence_mask = 0x7fffffff;

bool follows(std::int32_t last, std::int32_t next) noexcept {
  return next == static_cast<std::int32_t>((static_cast<std::uint32_t>(last) + 1) & sequence_mask);
}

std::string number(std::int64_t value) { return std::to_string(value); }

}  // namespace

std::int32_t batch_memory::first_sequence() const noexcept {
  return static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(last_sequence) - static_cast<std::uint32_t>(offset_delta)) & sequence_mask);
}

void producer_entry::remember(const batch_memory& batch) noexcept {
  if (count_ == batches_kept) {
    std::move(batches_.begin() + 1, batches_.end(), batches_.begin());
    --count_;
  }
  batches_[count_++] = batch;
}

void producer_entry::recall(const batch_memory& batch) noexcept {
  if (!has_batches() || batch.last_offset >= last_batch().last_offset) return;
  const batch_memory last = last_batch();
  --count_;
  remember(batch);
  remember(last);
}

const batch_memory* producer_entry::find(std::int32_t first_sequence, std::int32_t last_sequence) const noexcept {
  for (std::uint32_t i = 0; i < count_; ++i) {
    const batch_memory& b = batches_[i];
    if (b.last_sequence == last_sequence && b.first_sequence() == first_sequence) return &b;
  }
  return nullptr;
}

producer_table::verdict producer_table::check_data(const protocol::batch_view& batch) const {
  const auto found = entries_.find(batch.producer_id());
  // Of a producer that isn't known (any more) everything is welcome: its earlier records may have been deleted.
  if (found == entries_.end()) return {};
  const producer_entry& entry = found->second;
  const producer_epoch epoch = batch.producer_epoch();
  const std::string who = "producer " + number(batch.producer_id().value());
  if (epoch < entry.epoch) {
    return {append_error::invalid_producer_epoch,
            who + " has epoch " + number(epoch.value()) + ", but " + number(entry.epoch.value()) + " was seen before",
            nullptr};
  }
  if (epoch == entry.epoch) {
    if (const auto* known = entry.find(batch.base_sequence(), batch.last_sequence())) {
      return {append_error::none, {}, known};
    }
  }
  const bool new_epoch = epoch != entry.epoch;
  const bool in_order = new_epoch              ? batch.base_sequence() == 0 || entry.epoch.value() < 0
                        : !entry.has_batches() ? batch.base_sequence() == 0
                                               : follows(entry.last_sequence(), batch.base_sequence());
  if (!in_order) {
    return {append_error::out_of_order_sequence_number,
            who + " of epoch " + number(epoch.value()) + " sent sequence " + number(batch.base_sequence()) +
                (new_epoch ? " where a new epoch begins with 0"
                           : " where " + number(entry.last_sequence()) + " was the last"),
            nullptr};
  }
  if (entry.transaction_start != no_offset && !batch.is_transactional()) {
    return {append_error::invalid_txn_state, who + " has a transaction open and wrote outside it", nullptr};
  }
  return {};
}

producer_table::verdict producer_table::check_marker(const transaction_marker& marker) const {
  const auto found = entries_.find(marker.id);
  if (found == entries_.end()) return {};
  const producer_entry& entry = found->second;
  if (marker.epoch < entry.epoch) {
    return {append_error::invalid_producer_epoch,
            "marker for producer " + number(marker.id.value()) + " has epoch " + number(marker.epoch.value()) +
                ", but " + number(entry.epoch.value()) + " was seen before",
            nullptr};
  }
  if (marker.coordinator_epoch < entry.coordinator_epoch) {
    return {append_error::transaction_coordinator_fenced,
            "marker for producer " + number(marker.id.value()) + " comes from coordinator epoch " +
                number(marker.coordinator_epoch) + ", but " + number(entry.coordinator_epoch) + " was seen before",
            nullptr};
  }
  return {};
}

producer_entry& producer_table::entry_of(producer_id id, producer_epoch epoch) {
  producer_entry& entry = entries_[id];
  if (entry.epoch != epoch) {
    entry.forget_batches();
    entry.epoch = epoch;
  }
  return entry;
}

void producer_table::apply_data(const protocol::batch_view& batch, timestamp_ms now) {
  producer_entry& entry = entry_of(batch.producer_id(), batch.producer_epoch());
  entry.remember({batch.last_sequence(), batch.last_offset_delta(), batch.last_offset(), batch.max_timestamp()});
  entry.last_timestamp = batch.max_timestamp();
  entry.last_seen = now;
  if (batch.is_transactional() && entry.transaction_start == no_offset) {
    entry.transaction_start = batch.base_offset();
    open_.emplace(batch.base_offset(), batch.producer_id());
  }
}

void producer_table::recall(const protocol::batch_view& batch) {
  const auto found = entries_.find(batch.producer_id());
  if (found == entries_.end() || found->second.epoch != batch.producer_epoch()) return;
  found->second.recall({batch.last_sequence(), batch.last_offset_delta(), batch.last_offset(), batch.max_timestamp()});
}

std::optional<aborted_transaction> producer_table::apply_marker(const transaction_marker& marker, timestamp_ms now) {
  producer_entry& entry = entry_of(marker.id, marker.epoch);
  entry.coordinator_epoch = marker.coordinator_epoch;
  entry.last_timestamp = marker.timestamp;
  entry.last_seen = now;
  const offset start = entry.transaction_start;
  if (start == no_offset) return std::nullopt;
  entry.transaction_start = no_offset;
  open_.erase(start);
  unreplicated_.emplace(start, marker.at);
  if (marker.commit) return std::nullopt;
  const auto open_before = first_open_besides(marker.id);
  return aborted_transaction{marker.id, start, marker.at, open_before.value_or(marker.at + 1)};
}

std::optional<offset> producer_table::first_open_besides(producer_id id) const noexcept {
  for (const auto& [start, who] : open_) {
    if (who != id) return start;
  }
  return std::nullopt;
}

std::optional<offset> producer_table::first_unstable() const noexcept {
  std::optional<offset> first;
  if (!open_.empty()) first = open_.begin()->first;
  if (!unreplicated_.empty() && (!first || unreplicated_.begin()->first < *first)) first = unreplicated_.begin()->first;
  return first;
}

void producer_table::high_watermark_moved(offset high_watermark) {
  for (auto at = unreplicated_.begin(); at != unreplicated_.end();) {
    at = at->second < high_watermark ? unreplicated_.erase(at) : std::next(at);
  }
}

void producer_table::log_start_moved(offset log_start) { high_watermark_moved(log_start); }

void producer_table::expire(timestamp_ms now, std::int64_t expiration_ms) {
  std::erase_if(entries_, [&](const auto& item) {
    const producer_entry& entry = item.second;
    const std::int64_t last = std::max(entry.last_seen, entry.last_timestamp).value;
    return entry.transaction_start == no_offset && now.value - last >= expiration_ms;
  });
}

std::vector<producer_description> producer_table::describe() const {
  std::vector<producer_description> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    all.push_back({id, entry.epoch, entry.last_sequence(), entry.last_timestamp, entry.coordinator_epoch,
                   entry.transaction_start});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

void producer_table::clear() {
  entries_.clear();
  open_.clear();
  unreplicated_.clear();
}

}  // namespace jackdaw::log
