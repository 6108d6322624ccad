// CreateTopics, DeleteTopics, CreatePartitions, and topics that come to be by being asked for.
#include "jackdaw/controller/topics.hpp"
#include "auto_create.hpp"
#include "decisions.hpp"
#include "partitions/topic_settings.hpp"

namespace jackdaw::broker {
namespace {

using create_change = mutating_change<protocol::create_topics_request, std::vector<controller::created_topic>, 6>;
using delete_change = mutating_change<protocol::delete_topics_request, std::vector<controller::deleted_topic>, 5>;
using grow_change = mutating_change<protocol::create_partitions_request, std::vector<controller::grown_topic>, 3>;

// All settings that the topic now has, as DescribeConfigs would say (KIP-525).
void add_configs(request& r, const controller::created_topic& topic,
                 protocol::create_topics_response::creatable_topic_result& row) {
  auto layers = layers_for_broker(*r.home().image, r.home().config());
  layers.resource = &topic.configs;
  auto& configs = row.configs.emplace();
  for (const auto* key : keys_of(config_scope::topic)) {
    const auto value = describe(config_scope::topic, *key, layers);
    if (key->internal && value.source == config_source::default_config) continue;
    auto& c = configs.emplace_back();
    c.name = key->name;
    c.value = value.text && !key->is_sensitive() ? std::optional<std::string_view>(r.keep(*value.text)) : std::nullopt;
    c.config_source = static_cast<std::int8_t>(value.source);
    c.is_sensitive = key->is_sensitive();
  }
}

void answer_created(create_change& c) {
  protocol::create_topics_response message;
  for (const auto& topic : c.reply) {
    auto& row = message.topics.emplace_back();
    row.name = topic.name;
    row.error_code = topic.outcome.code;
    row.error_message = sentence_of(*c.r, topic.outcome);
    row.configs.reset();
    if (!topic.outcome.ok()) continue;
    row.topic_id = topic.id;
    row.num_partitions = topic.partition_count;
    row.replication_factor = topic.replication_factor;
    add_configs(*c.r, topic, row);
    for (const auto& note : topic.notes) c.r->home().log(log_level::warning, "topic " + topic.name + ": " + note);
  }
  c.r->respond(message);
}

void answer_deleted(delete_change& c) {
  protocol::delete_topics_response message;
  for (const auto& topic : c.reply) {
    auto& row = message.responses.emplace_back();
    row.name = topic.name;
    if (!topic.name && c.r->version() < 6) row.name = "";
    row.topic_id = topic.id;
    row.error_code = topic.outcome.code;
    row.error_message = sentence_of(*c.r, topic.outcome);
  }
  c.r->respond(message);
}

void answer_grown(grow_change& c) {
  protocol::create_partitions_response message;
  for (const auto& topic : c.reply) {
    auto& row = message.results.emplace_back();
    row.name = topic.name;
    row.error_code = topic.outcome.code;
    row.error_message = sentence_of(*c.r, topic.outcome);
  }
  c.r->respond(message);
}

}  // namespace

void handle_create_topics(request_ptr r) {
  auto c = std::make_unique<create_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](create_change& it, const metadata::image& image, random_source& random) {
        return controller::create_topics(image, it.asked, it.config(), random, it.quota());
      },
      answer_created);
}

void handle_delete_topics(request_ptr r) {
  auto c = std::make_unique<delete_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](delete_change& it, const metadata::image& image, random_source&) {
        return controller::delete_topics(image, it.asked, it.config(), it.quota());
      },
      answer_deleted);
}

void handle_create_partitions(request_ptr r) {
  auto c = std::make_unique<grow_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](grow_change& it, const metadata::image& image, random_source& random) {
        return controller::create_partitions(image, it.asked, random, it.quota());
      },
      answer_grown);
}

void auto_create_topics(shard_state& home, std::vector<std::string> names) {
  submit_metadata(
      home,
      [names = std::move(names), server = home.options.server](const metadata::image& image, random_source& random) {
        protocol::create_topics_request asked;
        for (const auto& name : names) {
          auto& t = asked.topics.emplace_back();
          t.name = name;
          t.num_partitions = -1;
          t.replication_factor = -1;
        }
        return controller::create_topics(image, asked, server->config, random).records;
      },
      [](result<void>) {});
}

}  // namespace jackdaw::broker
