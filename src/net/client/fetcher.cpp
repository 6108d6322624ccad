#include "jackdaw/net/client_fetcher.hpp"

#include <algorithm>
#include <set>

namespace jackdaw::net {

using clock = client::clock;
using protocol::error_code;
using std::chrono::milliseconds;

namespace {

constexpr std::int16_t last_version_with_names = 12;
// Prefetching pauses while so much waits to be read.
constexpr std::size_t ready_bytes_max = 64 * 1024 * 1024;
// So long a topic may be unknown, which happens while a cluster starts, before it counts as deleted.
constexpr milliseconds missing_patience{5000};

}  // namespace

struct client_fetcher::source {
  std::string topic;
  partition_id partition;
  offset next;        // to fetch
  offset handed_out;  // the next that the handler gets
  offset until;
  offset end = no_offset;  // high watermark, or last stable offset with read_committed
  bool is_asked = false;
  clock::time_point not_before{};
  std::optional<clock::time_point> missing_since;  // its topic is unknown to the brokers
};

// One partition's part of an answer.
struct client_fetcher::fetched {
  source* from = nullptr;
  std::shared_ptr<buffer> frame;
  protocol::batch_iterator batches;
  std::vector<protocol::fetch_response::aborted_transaction> aborted;  // by first offset
  std::size_t aborted_passed = 0;
  std::set<std::int64_t> aborting;  // producers inside a transaction that was aborted
  std::optional<protocol::batch_view> current;
};

client_fetcher::client_fetcher(client& via, fetcher_options options) : via_(via), options_(options) {}

client_fetcher::~client_fetcher() = default;

void client_fetcher::add(std::string_view topic, partition_id partition, offset from, offset until) {
  auto added = std::make_unique<source>();
  added->topic = topic;
  added->partition = partition;
  added->next = added->handed_out = from;
  added->until = until;
  sources_.push_back(std::move(added));
}

bool client_fetcher::is_done() const noexcept {
  return std::all_of(sources_.begin(), sources_.end(), [](const auto& s) { return s->handed_out >= s->until; });
}

bool client_fetcher::is_at_end() const noexcept {
  return std::all_of(sources_.begin(), sources_.end(), [](const auto& s) {
    return s->handed_out >= s->until || (s->end.value() >= 0 && s->handed_out >= s->end);
  });
}

std::vector<client_fetcher::position> client_fetcher::positions() const {
  std::vector<position> out;
  for (const auto& s : sources_) out.push_back({s->topic, s->partition, s->handed_out, s->end});
  return out;
}

void client_fetcher::back_off(source& from) { from.not_before = clock::now() + options_.retry_backoff; }

// Asks for metadata, and gives up on a topic that stays unknown.
void client_fetcher::look_for_leader(source& from, clock::time_point now) {
  const topic_metadata* topic = via_.metadata().topic(from.topic);
  if (topic != nullptr && topic->error == error_code::unknown_topic_or_partition) {
    if (!from.missing_since) from.missing_since = now;
    if (now - *from.missing_since > missing_patience) {
      failure_ = fail(errc::not_found, "topic '" + from.topic + "' doesn't exist any more");
    }
  } else {
    from.missing_since.reset();
  }
  via_.refresh_metadata_later();
  back_off(from);
}

void client_fetcher::send_fetches(clock::time_point now) {
  if (ready_bytes_ > ready_bytes_max) return;
  std::map<std::int32_t, std::vector<source*>> by_leader;
  for (auto& s : sources_) {
    if (s->is_asked || s->next >= s->until || now < s->not_before) continue;
    const partition_metadata* known = via_.metadata().partition(s->topic, s->partition);
    if (known == nullptr || known->leader.value() < 0) {
      look_for_leader(*s, now);
    } else if (!asked_[known->leader.value()]) {
      by_leader[known->leader.value()].push_back(s.get());
    }
  }
  for (auto& [leader, sources] : by_leader) send_fetch(broker_id{leader}, std::move(sources));
}

protocol::fetch_request client_fetcher::make_request(const std::vector<source*>& sources, std::int16_t version) const {
  protocol::fetch_request request;
  request.max_wait_ms = static_cast<std::int32_t>(options_.max_wait.count());
  request.min_bytes = options_.min_bytes;
  request.max_bytes = options_.max_bytes;
  request.isolation_level = options_.is_read_committed ? 1 : 0;
  for (const source* s : sources) {
    auto topic =
        std::find_if(request.topics.begin(), request.topics.end(), [&](const auto& t) { return t.topic == s->topic; });
    if (topic == request.topics.end()) {
      request.topics.emplace_back().topic = s->topic;
      topic = std::prev(request.topics.end());
    }
    auto& partition = topic->partitions.emplace_back();
    partition.partition = s->partition;
    partition.fetch_offset = s->next;
    partition.partition_max_bytes = options_.partition_max_bytes;
  }
  if (version > last_version_with_names) {
    for (auto& topic : request.topics) {
      const topic_metadata* known = via_.metadata().topic(topic.topic);
      topic.topic_id = known != nullptr ? known->id : uuid{};
      topic.topic = {};
    }
  }
  return request;
}

void client_fetcher::send_fetch(broker_id to, std::vector<source*> sources) {
  asked_[to.value()] = true;
  const bool has_ids = std::all_of(sources.begin(), sources.end(), [&](const source* s) {
    const topic_metadata* topic = via_.metadata().topic(s->topic);
    return topic != nullptr && !topic->id.is_zero();
  });
  for (source* s : sources) s->is_asked = true;
  raw_request raw;
  raw.key = protocol::api_key::fetch;
  if (!has_ids) raw.version_max = last_version_with_names;
  raw.lane = options_.lane;
  auto shared = std::make_shared<const std::vector<source*>>(std::move(sources));
  const std::weak_ptr<const bool> alive = alive_;
  raw.encode = [this, shared, alive](std::int16_t version, correlation_id id) -> result<std::vector<std::byte>> {
    if (alive.expired()) return fail(errc::closed, "nobody waits for this fetch any more");
    return via_.encode_frame(make_request(*shared, version), version, id);
  };
  raw.done = [this, shared, alive, to](result<raw_reply> reply) {
    if (!alive.expired()) on_reply(to, *shared, std::move(reply));
  };
  via_.send(std::move(raw), to);
}

void client_fetcher::on_reply(broker_id from, const std::vector<source*>& asked, result<raw_reply> reply) {
  asked_[from.value()] = false;
  for (source* s : asked) s->is_asked = false;
  if (!reply) {
    if (reply.error().code == errc::unsupported) failure_ = reply.error();
    via_.refresh_metadata_later();
    for (source* s : asked) back_off(*s);
    return;
  }
  auto answered = decode_answer<protocol::fetch_response>(std::move(*reply));
  if (!answered) {
    failure_ = answered.error();
    return;
  }
  if (answered->body.error_code != error_code::none) {
    for (source* s : asked) handle_error(*s, answered->body.error_code);
    return;
  }
  bytes_fetched_ += answered->frame.size();
  // The frame moves to the heap block that the views share; its bytes stay where they are.
  const auto frame = std::make_shared<buffer>(std::move(answered->frame));
  for (const auto& topic : answered->body.responses) {
    for (const auto& data : topic.partitions) {
      for (source* s : asked) {
        if (s->partition != data.partition_index) continue;
        const topic_metadata* known = via_.metadata().topic(s->topic);
        const bool by_id = answered->version > last_version_with_names;
        if (by_id ? known != nullptr && topic.topic_id == known->id : topic.topic == s->topic) take(*s, data, frame);
      }
    }
  }
}

void client_fetcher::handle_error(source& from, error_code code) {
  back_off(from);
  if (code == error_code::offset_out_of_range) {
    failure_ =
        fail(errc::out_of_range, "topic '" + from.topic + "' partition " + std::to_string(from.partition.value()) +
                                     " has no offset " + std::to_string(from.next.value()));
  } else if (wants_metadata_refresh(code) || is_retriable(code)) {
    via_.refresh_metadata_later();
  } else {
    failure_ =
        fail(errc::invalid_argument, "topic '" + from.topic + "' partition " + std::to_string(from.partition.value()) +
                                         " can't be read, " + std::string(name_of(code)));
  }
}

void client_fetcher::take(source& from, const protocol::fetch_response::partition_data& data,
                          const std::shared_ptr<buffer>& frame) {
  if (data.error_code != error_code::none) return handle_error(from, data.error_code);
  from.missing_since.reset();
  from.end = options_.is_read_committed ? data.last_stable_offset : data.high_watermark;
  if (!data.records || data.records->bytes().empty()) return;
  const bytes_view bytes = data.records->bytes();
  // The next fetch can go out before these batches are read: their headers tell where it starts.
  protocol::batch_iterator ahead(bytes);
  offset next = from.next;
  while (true) {
    auto batch = ahead.next();
    if (!batch || !*batch || (*batch)->magic() != protocol::batch_magic) break;
    next = std::max(next, (*batch)->next_offset());
  }
  if (next == from.next) {
    failure_ =
        fail(errc::corrupt, "topic '" + from.topic + "' partition " + std::to_string(from.partition.value()) +
                                ": the broker sends no whole batch for offset " + std::to_string(from.next.value()));
    return;
  }
  from.next = next;
  fetched ready{&from, frame, protocol::batch_iterator(bytes), {}, 0, {}, {}};
  if (options_.is_read_committed && data.aborted_transactions) ready.aborted = *data.aborted_transactions;
  std::sort(ready.aborted.begin(), ready.aborted.end(),
            [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
  ready_bytes_ += bytes.size();
  ready_.push_back(std::move(ready));
}

result<std::size_t> client_fetcher::step(milliseconds wait, on_record& handler) {
  std::size_t count = 0;
  send_fetches(clock::now());
  via_.poll(ready_.empty() ? wait : milliseconds(0));
  send_fetches(clock::now());
  if (!ready_.empty()) via_.poll(milliseconds(0));  // the fetches leave before the reading starts
  while (!ready_.empty()) {
    auto more = hand_out(ready_.front(), handler, count);
    if (!more) return more.error();
    if (!*more) return count;
    ready_.pop_front();
    if (ready_.empty()) ready_bytes_ = 0;
  }
  if (failure_) return *std::exchange(failure_, std::nullopt);
  return count;
}

// False when the handler wants no more for now.
result<bool> client_fetcher::hand_out(fetched& data, on_record& handler, std::size_t& count) {
  while (true) {
    if (!data.current) {
      auto next = data.batches.next();
      if (!next) return next.error();
      if (!*next) return true;
      data.current = **next;
    }
    if (auto valid = protocol::validate(*data.current); !valid) return valid.error();
    auto more = hand_out_batch(data, *data.current, handler, count);
    if (!more || !*more) return more;
    data.current.reset();
  }
}

result<bool> client_fetcher::hand_out_batch(fetched& data, const protocol::batch_view& batch, on_record& handler,
                                            std::size_t& count) {
  source& from = *data.from;
  while (data.aborted_passed < data.aborted.size() &&
         data.aborted[data.aborted_passed].first_offset <= batch.last_offset()) {
    data.aborting.insert(data.aborted[data.aborted_passed++].producer_id.value());
  }
  const bool is_aborted = batch.is_transactional() && data.aborting.contains(batch.producer_id().value());
  if (batch.is_control()) data.aborting.erase(batch.producer_id().value());
  if (batch.last_offset() >= from.handed_out && !batch.is_control() && !is_aborted) {
    if (auto opened = reader_.open(batch); !opened) return opened.error();
    protocol::record_view record;
    while (true) {
      auto more = reader_.next(record);
      if (!more) return more.error();
      if (!*more) break;
      if (record.offset < from.handed_out) continue;
      if (record.offset >= from.until) break;
      from.handed_out = record.offset + 1;
      ++count;
      if (!handler(from.topic, from.partition, record)) return false;
    }
  }
  from.handed_out = std::max(from.handed_out, batch.next_offset());
  return true;
}

}  // namespace jackdaw::net
