// Metadata: brokers, topics and their leaders, as the committed image has them; creates unknown topics when asked to.
#include "jackdaw/protocol/messages/metadata.hpp"

#include <algorithm>
#include <set>

#include "auto_create.hpp"
#include "cluster_view.hpp"
#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;
using protocol::metadata_request;
using protocol::metadata_response;

bool has_ids(const metadata_request& asked) {
  return std::any_of(asked.topics->begin(), asked.topics->end(), [](const auto& t) { return !t.topic_id.is_zero(); });
}

class metadata_answer {
 public:
  metadata_answer(const shard_state& home, const metadata_request& asked, std::string_view listener,
                  std::int16_t version)
      : image_(home.image), asked_(asked), listener_(listener), version_(version) {
    add_brokers();
    message_.cluster_id = home.options.server->cluster_id;
    // Any broker passes on what only the controller can do, so this is where a client may send it.
    message_.controller_id = home.node_id();
    if (asked.include_cluster_authorized_operations) message_.cluster_authorized_operations = all_cluster_operations;
  }

  void add_all() {
    for (const auto& [name, id] : image_->names()) {
      const auto* topic = image_->find_topic(id);
      JD_ASSERT(topic != nullptr, name);
      add(*topic);
    }
  }

  // A topic that is named more than once has one row. Where ids are given, names say nothing.
  void add_asked() {
    const bool by_id = has_ids(asked_);
    std::set<std::pair<uuid, std::string_view>> named;
    for (const auto& t : *asked_.topics) {
      if (by_id && t.topic_id.is_zero()) continue;
      const auto name = by_id ? std::string_view() : t.name.value_or("");
      if (!named.emplace(t.topic_id, name).second) continue;
      by_id ? add_by_id(t.topic_id) : add_by_name(name);
    }
  }

  const metadata_response& message() const { return message_; }

 private:
  void add_by_id(const uuid& id) {
    if (const auto* found = image_->find_topic(id)) return add(*found);
    auto& row = add_error(error_code::unknown_topic_id);
    row.topic_id = id;
    row.name.reset();
  }

  void add_by_name(std::string_view name) {
    if (const auto* found = image_->find_topic(name)) return add(*found);
    auto& row = add_error(is_legal_topic_name(name) ? error_code::unknown_topic_or_partition
                                                    : error_code::invalid_topic_exception);
    row.name = name;
    row.is_internal = is_internal_topic(name);
  }

  void add_brokers() {
    for (const auto& [id, b] : image_->brokers()) {
      const auto* endpoint = b->fenced ? nullptr : endpoint_of(*b, listener_);
      if (endpoint == nullptr) continue;
      auto& row = message_.brokers.emplace_back();
      row.node_id = id;
      row.host = endpoint->host;
      row.port = endpoint->port;
      row.rack = b->rack;
    }
  }

  metadata_response::metadata_response_topic& add_error(error_code code) {
    auto& row = message_.topics.emplace_back();
    row.error_code = code;
    return row;
  }

  void add(const metadata::topic& topic) {
    auto& row = message_.topics.emplace_back();
    row.name = topic.name();
    row.topic_id = topic.id();
    row.is_internal = is_internal_topic(topic.name());
    if (asked_.include_topic_authorized_operations) row.topic_authorized_operations = all_topic_operations;
    row.partitions.reserve(static_cast<std::size_t>(topic.partition_count()));
    for (partition_id p{0}; p.value() < topic.partition_count(); p = partition_id{p.value() + 1}) {
      add_partition(row, p, topic.partition(p));
    }
  }

  void add_partition(metadata_response::metadata_response_topic& row, partition_id id,
                     const metadata::partition_state& state) {
    auto& p = row.partitions.emplace_back();
    p.partition_index = id;
    p.leader_id = state.leader;
    p.leader_epoch = state.leader_epoch;
    p.replica_nodes = to_vector(state.replicas);
    p.isr_nodes = to_vector(state.isr);
    p.offline_replicas = offline_replicas(*image_, state.replicas);
    const auto* leader = state.leader.value() < 0 ? nullptr : image_->find_broker(state.leader);
    if (leader == nullptr) {
      p.error_code = error_code::leader_not_available;
    } else if (endpoint_of(*leader, listener_) == nullptr) {
      p.error_code = version_ >= 6 ? error_code::listener_not_found : error_code::leader_not_available;
      p.leader_id = broker_id{};
    }
  }

  metadata::image_ptr image_;
  const metadata_request& asked_;
  std::string_view listener_;
  std::int16_t version_;
  metadata_response message_;
};

void answer(request& r, const metadata_request& asked) {
  const auto* c = r.home().find_connection(r.connection());
  if (c == nullptr) return;
  metadata_answer a(r.home(), asked, c->info.listener, r.version());
  // Version 0 has no null: an empty list is all topics there, and none later.
  const bool all = !asked.topics || (r.version() == 0 && asked.topics->empty());
  all ? a.add_all() : a.add_asked();
  r.respond(a.message());
}

// A topic needs a name or an id. Versions 10 and 11 have ids in the answer only.
bool is_answerable(const request& r, const metadata_request& asked) {
  if (!asked.topics) return true;
  if (has_ids(asked)) return r.version() >= 12;
  return std::all_of(asked.topics->begin(), asked.topics->end(), [](const auto& t) { return t.name.has_value(); });
}

void refuse(request& r, const metadata_request& asked) {
  metadata_response message;
  message.error_code = error_code::invalid_request;
  for (const auto& t : *asked.topics) {
    auto& row = message.topics.emplace_back();
    row.error_code = error_code::invalid_request;
    row.name = t.name.value_or("");
    row.topic_id = t.topic_id;
  }
  r.respond(message);
}

// Topics asked for by a name that nobody has, and clients may give.
std::vector<std::string> missing_topics(const metadata::image& image, const metadata_request& asked) {
  std::vector<std::string> missing;
  if (!asked.topics || has_ids(asked)) return missing;
  for (const auto& t : *asked.topics) {
    const auto name = t.name.value_or("");
    if (is_legal_topic_name(name) && !is_internal_topic(name) && image.find_topic(name) == nullptr)
      missing.emplace_back(name);
  }
  return missing;
}

}  // namespace

void handle_metadata(request_ptr r) {
  metadata_request asked;
  if (!r->decode(asked)) return;
  if (!is_answerable(*r, asked)) return refuse(*r, asked);
  auto& home = r->home();
  std::vector<std::string> missing;
  if (home.config().auto_create_topics_enable && asked.allow_auto_topic_creation) {
    missing = missing_topics(*home.image, asked);
  }
  // They come to be behind this answer, as in Kafka: who deleted a topic and looks whether it is gone isn't told that
  // it is there.
  answer(*r, asked);
  if (!missing.empty()) auto_create_topics(home, std::move(missing));
}

}  // namespace jackdaw::broker
