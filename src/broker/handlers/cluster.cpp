// DescribeCluster, DescribeTopicPartitions: the cluster as an administrator sees it.
#include <algorithm>

#include "activity.hpp"
#include "cluster_view.hpp"
#include "handlers.hpp"
#include "jackdaw/protocol/messages/describe_cluster.hpp"
#include "jackdaw/protocol/messages/describe_topic_partitions.hpp"

namespace jackdaw::broker {

using protocol::error_code;

namespace {

void add_activity(request& r, protocol::describe_cluster_response& answer, const activity_report& report) {
  const auto message = to_message(report);
  const auto kept = r.keep(std::string(message.encoded_size(0), '\0'));
  const std::span<std::byte> into(reinterpret_cast<std::byte*>(const_cast<char*>(kept.data())), kept.size());
  protocol::writer out(into);
  message.encode(out, 0);
  answer.unknown_tags.add({activity_tag, into});
}

bool asks_for_activity(const protocol::describe_cluster_request& asked) {
  const auto tags = asked.unknown_tags.all();
  return std::any_of(tags.begin(), tags.end(), [](const auto& t) { return t.tag == activity_tag; });
}

}  // namespace

void handle_describe_cluster(request_ptr r) {
  protocol::describe_cluster_request asked;
  if (!r->decode(asked)) return;
  const auto* c = r->home().find_connection(r->connection());
  if (c == nullptr) return;
  protocol::describe_cluster_response answer;
  answer.endpoint_type = asked.endpoint_type;
  constexpr std::int8_t brokers = 1;
  constexpr std::int8_t controllers = 2;
  if (asked.endpoint_type != brokers) {
    answer.error_code = asked.endpoint_type == controllers ? error_code::mismatched_endpoint_type
                                                           : error_code::unsupported_endpoint_type;
    answer.error_message =
        asked.endpoint_type == controllers
            ? "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
            : "Unsupported endpoint type";
    r->respond(answer);
    return;
  }
  const auto image = r->home().image;
  answer.cluster_id = r->home().options.server->cluster_id;
  answer.controller_id = r->home().node_id();
  if (asked.include_cluster_authorized_operations) answer.cluster_authorized_operations = all_cluster_operations;
  for (const auto& [id, b] : image->brokers()) {
    const auto* endpoint = endpoint_of(*b, c->info.listener);
    if (endpoint == nullptr || (b->fenced && !asked.include_fenced_brokers)) continue;
    auto& row = answer.brokers.emplace_back();
    row.broker_id = id;
    row.host = endpoint->host;
    row.port = endpoint->port;
    row.rack = b->rack;
    row.is_fenced = b->fenced;
  }
  if (!asks_for_activity(asked)) return r->respond(answer);
  // The answer's views: the frame, which the request keeps, and the image.
  auto& home = r->home();
  gather_activity(home, [r = std::move(r), answer, image](const activity_report& report) mutable {
    add_activity(*r, answer, report);
    r->respond(answer);
  });
}

namespace {

// Fills one answer of DescribeTopicPartitions (KIP-966) up to a number of partitions; the cursor says where to go on.
class topic_partitions_page {
 public:
  topic_partitions_page(metadata::image_ptr image, const protocol::describe_topic_partitions_request& asked,
                        std::int32_t limit)
      : image_(std::move(image)), cursor_(asked.cursor), left_(limit) {}

  // False when the page is full.
  bool add(std::string_view name) {
    if (cursor_ && name < cursor_->topic_name) return true;
    const auto* topic = image_->find_topic(name);
    if (topic == nullptr) {
      auto& row = message.topics.emplace_back();
      row.name = name;
      row.error_code =
          is_legal_topic_name(name) ? error_code::unknown_topic_or_partition : error_code::invalid_topic_exception;
      return true;
    }
    const std::int32_t first = cursor_ && name == cursor_->topic_name ? cursor_->partition_index.value() : 0;
    if (left_ == 0) return stop_at(name, first);
    auto& row = message.topics.emplace_back();
    row.name = topic->name();
    row.topic_id = topic->id();
    row.is_internal = is_internal_topic(name);
    row.topic_authorized_operations = all_topic_operations;
    for (std::int32_t p = first; p < topic->partition_count(); ++p) {
      if (left_ == 0) return stop_at(name, p);
      add_partition(row, partition_id{p}, topic->partition(partition_id{p}));
      --left_;
    }
    return true;
  }

  protocol::describe_topic_partitions_response message;

 private:
  bool stop_at(std::string_view name, std::int32_t partition) {
    auto& next = message.next_cursor.emplace(protocol::describe_topic_partitions_response::cursor{});
    next.topic_name = name;
    next.partition_index = partition_id{partition};
    return false;
  }

  template <class Row>
  void add_partition(Row& row, partition_id id, const metadata::partition_state& state) {
    auto& p = row.partitions.emplace_back();
    p.partition_index = id;
    p.leader_id = state.leader;
    p.leader_epoch = state.leader_epoch;
    p.replica_nodes = to_vector(state.replicas);
    p.isr_nodes = to_vector(state.isr);
    p.eligible_leader_replicas = to_vector(state.elr);
    p.last_known_elr = to_vector(state.last_known_elr);
    p.offline_replicas = offline_replicas(*image_, state.replicas);
    if (state.leader.value() < 0) p.error_code = error_code::leader_not_available;
  }

  metadata::image_ptr image_;
  const decltype(protocol::describe_topic_partitions_request::cursor)& cursor_;
  std::int32_t left_;
};

// Whether a page can begin there: at a partition, and at a topic that is asked for.
bool is_possible_cursor(const protocol::describe_topic_partitions_request& asked) {
  if (!asked.cursor) return true;
  if (asked.cursor->partition_index.value() < 0) return false;
  return asked.topics.empty() || std::any_of(asked.topics.begin(), asked.topics.end(),
                                             [&asked](const auto& t) { return t.name == asked.cursor->topic_name; });
}

void refuse_page(request& r, const protocol::describe_topic_partitions_request& asked) {
  protocol::describe_topic_partitions_response message;
  for (const auto& t : asked.topics) {
    auto& row = message.topics.emplace_back();
    row.name = t.name;
    row.error_code = error_code::invalid_request;
  }
  r.respond(message);
}

}  // namespace

void handle_describe_topic_partitions(request_ptr r) {
  protocol::describe_topic_partitions_request asked;
  if (!r->decode(asked)) return;
  if (!is_possible_cursor(asked)) return refuse_page(*r, asked);
  const auto image = r->home().image;
  const auto limit = std::min(r->home().config().max_request_partition_size_limit, asked.response_partition_limit);
  topic_partitions_page page(image, asked, std::max(limit, 1));
  if (asked.topics.empty()) {
    for (auto at = image->names().lower_bound(asked.cursor ? std::string(asked.cursor->topic_name) : std::string());
         at != image->names().end() && page.add(at.key()); ++at) {
    }
  } else {
    std::vector<std::string_view> names;
    for (const auto& t : asked.topics) names.push_back(t.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const auto name : names) {
      if (!page.add(name)) break;
    }
  }
  r->respond(page.message);
}

}  // namespace jackdaw::broker
