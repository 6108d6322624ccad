#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "jackdaw/base/config.hpp"
#include "jackdaw/base/config_docs.hpp"

namespace jackdaw {
namespace {

constexpr config_scope scopes[] = {config_scope::broker,         config_scope::topic,        config_scope::group,
                                   config_scope::client_metrics, config_scope::client_quota, config_scope::ip_quota};

TEST(config_table, names_are_unique_and_sorted) {
  for (const auto scope : scopes) {
    std::set<std::string_view> names;
    for (const config_key* key : keys_of(scope)) {
      EXPECT_TRUE(names.empty() || *names.rbegin() < key->name) << key->name;
      names.insert(key->name);
      EXPECT_EQ(find_key(scope, key->name), key);
    }
    EXPECT_FALSE(names.empty());
  }
}

TEST(config_table, defaults_are_allowed_values) {
  for (const auto scope : scopes) {
    for (const config_key* key : keys_of(scope)) {
      if (!key->fallback) {
        EXPECT_TRUE(default_value(*key).is_null()) << key->name;
        continue;
      }
      const auto value = parse(*key, *key->fallback);
      EXPECT_TRUE(value.has_value()) << key->name << ": " << (value ? "" : value.error().detail);
      EXPECT_EQ(canonical(*key, *key->fallback), *key->fallback) << key->name;
    }
  }
}

TEST(config_table, every_key_says_what_it_does_and_why_it_has_no_effect) {
  for (const auto scope : scopes) {
    for (const config_key* key : keys_of(scope)) {
      EXPECT_TRUE(key->help.ends_with('.')) << key->name;
      EXPECT_TRUE(key->effect == config_effect::honoured || !key->note.empty()) << key->name;
    }
  }
}

TEST(config_table, synonyms_are_broker_keys) {
  for (const auto scope : scopes) {
    for (const config_key* key : keys_of(scope)) {
      if (key->synonyms.empty()) continue;
      for (const auto& rule : synonyms_of(*key)) {
        EXPECT_NE(find_key(config_scope::broker, rule.name), nullptr) << key->name << " " << rule.name;
        EXPECT_GE(rule.times, 1) << key->name;
      }
    }
  }
}

TEST(config_table, knows_every_key_of_kafka) {
  EXPECT_EQ(keys_of(config_scope::topic).size(), 38u);
  EXPECT_EQ(keys_of(config_scope::group).size(), 27u);
  EXPECT_EQ(keys_of(config_scope::client_metrics).size(), 3u);
  const auto broker = keys_of(config_scope::broker);
  const auto own = std::count_if(broker.begin(), broker.end(),
                                 [](const config_key* key) { return key->name.starts_with("jackdaw."); });
  EXPECT_EQ(broker.size() - static_cast<std::size_t>(own), 382u);  // 379 and three dynamic ones
}

TEST(config_table, unknown_names_are_not_found) {
  EXPECT_EQ(find_key(config_scope::broker, "log.segment.byte"), nullptr);
  EXPECT_EQ(find_key(config_scope::broker, ""), nullptr);
  EXPECT_EQ(find_key(config_scope::topic, "log.segment.bytes"), nullptr);
}

TEST(config_table, a_misspelt_key_has_a_nearest_one) {
  EXPECT_EQ(nearest_key(config_scope::broker, "log.segmet.bytes"), "log.segment.bytes");
  EXPECT_EQ(nearest_key(config_scope::broker, "node_id"), "node.id");
  EXPECT_EQ(nearest_key(config_scope::topic, "retension.ms"), "retention.ms");
  EXPECT_EQ(nearest_key(config_scope::broker, "something.completely.different"), std::nullopt);
}

TEST(config_table, units_come_from_names) {
  EXPECT_EQ(unit_of(*find_key(config_scope::broker, "log.retention.hours")), "hours");
  EXPECT_EQ(unit_of(*find_key(config_scope::broker, "log.segment.bytes")), "bytes");
  EXPECT_EQ(unit_of(*find_key(config_scope::broker, "node.id")), "");
  EXPECT_EQ(unit_of(*find_key(config_scope::broker, "log.cleanup.policy")), "");
}

TEST(config_docs, the_page_is_made_from_the_table) {
  const std::string path = JACKDAW_SOURCE_DIR "/docs/configuration.md";
  const std::string page = configuration_page();
  if (std::getenv("JACKDAW_WRITE_DOCS") != nullptr) std::ofstream(path) << page;
  std::ostringstream file;
  file << std::ifstream(path).rdbuf();
  EXPECT_TRUE(file.str() == page) << "docs/configuration.md differs from the tables in src/base/config: run "
                                     "JACKDAW_WRITE_DOCS=1 build/release/bin/unit_base";
}

}  // namespace
}  // namespace jackdaw
