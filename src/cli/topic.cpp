// jackdaw topic create|alter|delete|add-partitions
#include "topic.hpp"

#include "configs.hpp"
#include "jackdaw/base/counted.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/create_partitions.hpp"
#include "jackdaw/protocol/messages/create_topics.hpp"
#include "jackdaw/protocol/messages/delete_topics.hpp"
#include "offsets.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr std::int16_t delete_by_name_max = 5;  // DeleteTopics: from 6 on topics are structs

std::int32_t timeout_of(const net::client& client) {
  return static_cast<std::int32_t>(client.options().request_timeout.count());
}

std::string topic_named(std::string_view name) { return "topic '" + std::string(name) + "'"; }

struct create_options {
  std::vector<std::string> names;
  std::int32_t partitions = -1;
  std::int16_t replicas = -1;
  std::vector<std::string> configs;
  bool if_not_exists = false;
  bool validate_only = false;
};

outcome<void> report_created(context& ctx, const create_options& o, const protocol::create_topics_response& response) {
  std::optional<failure> failed;
  table rows({{"topic"}, {"id"}, {"partitions"}, {"replicas"}});
  for (const auto& t : response.topics) {
    if (t.error_code == error_code::topic_already_exists && o.if_not_exists) {
      ctx.note(topic_named(t.name) + " exists already");
    } else if (t.error_code != error_code::none) {
      failed = refused(topic_named(t.name), t.error_code, t.error_message);
    } else {
      ctx.note(topic_named(t.name) + (o.validate_only ? " could be created" : " created") + ", partitions " +
               std::to_string(t.num_partitions) + ", replicas " + std::to_string(t.replication_factor));
      rows.add({std::string(t.name), to_string(t.topic_id), std::int64_t{t.num_partitions},
                std::int64_t{t.replication_factor}});
    }
  }
  if (ctx.is_json()) ctx.print(rows);
  if (failed) return *failed;
  return boost::system::in_place_value;
}

outcome<void> create(context& ctx, const create_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  std::vector<std::pair<std::string, std::string>> configs;
  for (const auto& text : o.configs) {
    auto pair = parse_pair(text);
    if (!pair) return failure(pair.error());
    configs.push_back(std::move(*pair));
  }
  protocol::create_topics_request request;
  request.timeout_ms = timeout_of(**client);
  request.validate_only = o.validate_only;
  for (const auto& name : o.names) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = o.partitions;
    topic.replication_factor = o.replicas;
    for (const auto& [key, value] : configs) {
      auto& config = topic.configs.emplace_back();
      config.name = key;
      config.value = value;
    }
  }
  auto answered = (*client)->call<protocol::create_topics_response>(request);
  if (!answered) return failure(answered.error());
  return report_created(ctx, o, answered->body);
}

struct delete_options {
  std::vector<std::string> names;
  bool if_exists = false;
};

outcome<void> remove(context& ctx, const delete_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  protocol::delete_topics_request request;
  request.timeout_ms = timeout_of(**client);
  for (const auto& name : o.names) request.topic_names.emplace_back(name);
  auto answered =
      (*client)->call<protocol::delete_topics_response>(request, net::client::any_broker, delete_by_name_max);
  if (!answered) return failure(answered.error());
  std::optional<failure> failed;
  for (const auto& t : answered->body.responses) {
    const std::string_view name = t.name.value_or("");
    if (t.error_code == error_code::none) {
      ctx.note(topic_named(name) + " deleted");
    } else if (t.error_code == error_code::unknown_topic_or_partition && o.if_exists) {
      ctx.note(topic_named(name) + " doesn't exist");
    } else {
      failed = refused(topic_named(name), t.error_code, t.error_message);
    }
  }
  if (failed) return *failed;
  return boost::system::in_place_value;
}

struct partitions_options {
  std::string name;
  std::int32_t total = 0;
  std::int32_t more = 0;
  bool validate_only = false;
};

outcome<void> add_partitions(context& ctx, const partitions_options& o) {
  if ((o.total == 0) == (o.more == 0)) return usage("give one of --total and --add");
  auto client = ctx.client();
  if (!client) return client.error();
  std::int32_t total = o.total;
  if (total == 0) {
    auto topic = find_topic(**client, o.name);
    if (!topic) return topic.error();
    total = static_cast<std::int32_t>((*topic)->partitions.size()) + o.more;
  }
  protocol::create_partitions_request request;
  request.timeout_ms = timeout_of(**client);
  request.validate_only = o.validate_only;
  auto& changed = request.topics.emplace_back();
  changed.name = o.name;
  changed.count = total;
  changed.assignments.reset();
  auto answered = (*client)->call<protocol::create_partitions_response>(request);
  if (!answered) return failure(answered.error());
  for (const auto& r : answered->body.results) {
    if (r.error_code != error_code::none) return refused(topic_named(r.name), r.error_code, r.error_message);
  }
  ctx.note(topic_named(o.name) + (o.validate_only ? " could have " : " has ") +
           counted(static_cast<std::uint64_t>(total), "partition"));
  return boost::system::in_place_value;
}

struct alter_options {
  std::string name;
  std::vector<std::string> set;
  std::vector<std::string> unset;
  bool validate_only = false;
};

outcome<void> alter(context& ctx, const alter_options& o) {
  auto changes = parse_changes(o.set, o.unset);
  if (!changes) return changes.error();
  auto done = change_configs(ctx, {resource_type::topic, o.name}, *changes, o.validate_only);
  if (done) ctx.note(topic_named(o.name) + (o.validate_only ? " could be changed" : " changed"));
  return done;
}

void declare_create(command verb, create_options& o) {
  verb.add_option("names", o.names, "Names of the new topics").required();
  verb.add_option("-p,--partitions", o.partitions, "How many partitions; else as the broker is configured").positive();
  verb.add_option("-r,--replicas", o.replicas, "How many brokers hold each; else as configured").positive();
  verb.add_option("-c,--config", o.configs, "key=value, may be given again").repeatable();
  verb.add_flag("--if-not-exists", o.if_not_exists, "Fine when it is there already");
  verb.add_flag("--dry-run", o.validate_only, "Only ask whether it could be done");
}

}  // namespace

void add_topic(command app, context& ctx) {
  const command noun = add_noun(app, "topic", "Topics and their partitions");
  add_verb<create_options>(noun, ctx, "create", "Creates topics", declare_create, create);
  add_topic_list(noun, ctx);
  add_topic_describe(noun, ctx);
  add_verb<alter_options>(
      noun, ctx, "alter", "Changes a topic's settings",
      [](command verb, alter_options& o) {
        verb.add_option("name", o.name, "The topic").required();
        verb.add_option("-s,--set", o.set, "key=value; key+=item and key-=item for lists").repeatable();
        verb.add_option("-u,--unset", o.unset, "A key that goes back to its default").repeatable();
        verb.add_flag("--dry-run", o.validate_only, "Only ask whether it could be done");
      },
      alter);
  add_verb<delete_options>(
      noun, ctx, "delete", "Deletes topics and all their records",
      [](command verb, delete_options& o) {
        verb.add_option("names", o.names, "The topics").required();
        verb.add_flag("--if-exists", o.if_exists, "Fine when there is none of that name");
      },
      remove);
  add_verb<partitions_options>(
      noun, ctx, "add-partitions", "Gives a topic more partitions (keys then go elsewhere)",
      [](command verb, partitions_options& o) {
        verb.add_option("name", o.name, "The topic").required();
        verb.add_option("-t,--total", o.total, "How many there shall be").positive();
        verb.add_option("--add", o.more, "How many more").positive();
        verb.add_flag("--dry-run", o.validate_only, "Only ask whether it could be done");
      },
      add_partitions);
}

}  // namespace jackdaw::cli
