#include "jackdaw/base/config_docs.hpp"

#include "jackdaw/base/config.hpp"

namespace jackdaw {
namespace {

constexpr const char* introduction =
    R"(<!-- Made from the tables in src/base/config by the test unit_base; JACKDAW_WRITE_DOCS=1 writes it anew. -->
# Configuration

`jackdawd` reads Apache Kafka's `server.properties`, the variables of Kafka's container images, and `--override`:

    jackdawd [server.properties] [--override key=value]...

Later ones win: defaults, the file, variables, overrides. With none of them a single node listens on
`localhost:9092` and keeps its data in `./data`.

## The file

Java's `.properties` syntax: `key=value` (or `:` or a blank between them), comments with `#` or `!`, lines continued by
a `\` at their end, escapes such as `\t` and `\u00e9`. A key that is written twice has its last value, with a warning.

- A key of the tables below has its effect, or a warning says why it has none.
- A key that belongs elsewhere (to clients, Kafka Connect, older versions of Kafka, other distributions) is named in
  one warning and otherwise ignored.
- Any other key gives a warning with the nearest key that there is, as files carry keys of plug-ins and of other
  distributions. Given by `--override`, or with `jackdaw.config.strict=true` (in any place), it ends the start.
- A value that isn't allowed ends the start with a line that names file, line, key and what is allowed.
- Where a number or a boolean is expected, a blank, `#` and what follows is a comment (`168  # 7 days`), with a
  warning: Kafka would refuse it.

## Variables

A variable whose name starts with `KAFKA_` sets the key that remains when the prefix is dropped, letters are made
lower case, `_` becomes `.`, `__` becomes `_`, and `___` becomes `-`: `KAFKA_LOG_DIRS` is `log.dirs`. `KAFKA_CFG_`
works in the same way without the last two rules. Variables for start scripts and the JVM (`KAFKA_OPTS`,
`KAFKA_HEAP_OPTS`, `KAFKA_JMX_PORT`, `KAFKA_LOG4J_OPTS` and their like) are left alone. `CLUSTER_ID` gives the cluster
id. When only `KAFKA_ADVERTISED_LISTENERS` is set, the server listens on those ports on all interfaces.

## While the server runs

The column *change* tells what the admin tools may alter: `restart` is only the file, `broker` is one broker at a time,
`cluster` is one broker or all of them at once. Of the sources that set a key the first in this order counts: the topic
(group, subscription) itself, the broker, all brokers, the file with variables and overrides, the default.
)";

const char* words(config_update update) {
  switch (update) {
    case config_update::read_only: return "restart";
    case config_update::per_broker: return "broker";
    case config_update::cluster_wide: return "cluster";
  }
  return "";
}

const char* words(config_effect effect) {
  switch (effect) {
    case config_effect::honoured: return "yes";
    case config_effect::mapped: return "as ";
    case config_effect::ignored: return "no: ";
  }
  return "";
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string default_cell(const config_key& key) {
  if (!key.fallback) return "none";
  if (key.fallback->empty()) return "empty";
  return '`' + cell(*key.fallback) + '`';
}

std::string effect_cell(const config_key& key) {
  std::string out = words(key.effect);
  if (key.effect == config_effect::honoured && !key.note.empty()) out += "; ";
  return out + cell(key.note);
}

void add_table(std::string& page, config_scope scope, bool with_change) {
  page += with_change ? "| key | default | allowed | change | effect | what it does |\n|---|---|---|---|---|---|\n"
                      : "| key | default | allowed | effect | what it does |\n|---|---|---|---|---|\n";
  for (const config_key* key : keys_of(scope)) {
    if (key->internal) continue;
    page.append("| `").append(key->name).append("` | ").append(default_cell(*key)).append(" | ");
    page.append(cell(allowed_values(*key))).append(" | ");
    if (with_change) page.append(words(key->update)).append(" | ");
    page.append(effect_cell(*key)).append(" | ").append(cell(key->help)).append(" |\n");
  }
}

}  // namespace

std::string configuration_page() {
  std::string page = introduction;
  page += "\n## Keys of the server\n\n";
  add_table(page, config_scope::broker, true);
  page += "\n## Keys of topics\n\nA topic that doesn't set a key has the broker's value.\n\n";
  add_table(page, config_scope::topic, false);
  page += "\n## Keys of groups\n\n";
  add_table(page, config_scope::group, false);
  page += "\n## Keys of client-metrics subscriptions\n\n";
  add_table(page, config_scope::client_metrics, false);
  page += "\n## Quotas of users and client ids\n\n";
  add_table(page, config_scope::client_quota, false);
  page += "\n## Quotas of addresses\n\n";
  add_table(page, config_scope::ip_quota, false);
  return page;
}

}  // namespace jackdaw
