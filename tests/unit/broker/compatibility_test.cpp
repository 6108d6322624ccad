// docs/compatibility.md says what api_table.cpp does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "handlers/api_table.hpp"

namespace jackdaw::testing {
namespace {

constexpr std::string_view begin_mark = "<!-- the table: made by unit_broker -->\n";
constexpr std::string_view end_mark = "<!-- end of the table -->\n";

std::string versions(int first, int last) {
  return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

std::string made_table() {
  std::string text = "| key | API | versions in the protocol | answered |\n|---|---|---|---|\n";
  for (const auto& api : protocol::all_apis()) {
    const auto* row = broker::find_answered_api(static_cast<std::int16_t>(api.key));
    text += fmt::format("| {} | {} | {} | {} |\n", static_cast<int>(api.key), api.name,
                        versions(api.version_min, api.version_max),
                        row != nullptr ? versions(row->version_min, row->version_max) : "not yet");
  }
  return text;
}

TEST(compatibility, the_page_lists_what_the_api_table_answers) {
  const std::string path = std::string(JACKDAW_SOURCE_DIR) + "/docs/compatibility.md";
  std::ostringstream file;
  file << std::ifstream(path).rdbuf();
  std::string page = file.str();
  const auto first = page.find(begin_mark);
  const auto last = page.find(end_mark);
  ASSERT_TRUE(first != std::string::npos && last != std::string::npos) << path << " has lost the marks of its table";
  const auto at = first + begin_mark.size();
  const auto table = made_table();
  const bool same = page.substr(at, last - at) == table;
  if (!same && std::getenv("JACKDAW_WRITE_DOCS") != nullptr) {
    page.replace(at, last - at, table);
    std::ofstream(path) << page;
    return;
  }
  EXPECT_TRUE(same) << "docs/compatibility.md differs from src/broker/api_table.cpp: run "
                       "JACKDAW_WRITE_DOCS=1 build/release/bin/unit_broker --gtest_filter='compatibility.*'";
}

// An answered version must be one that the protocol's descriptions have, or decoding it means nothing.
TEST(compatibility, every_answered_version_is_described) {
  for (const auto& row : broker::answered_apis()) {
    const auto* api = protocol::find_api(static_cast<std::int16_t>(row.key));
    ASSERT_NE(api, nullptr);
    EXPECT_GE(row.version_min, api->version_min) << api->name;
    EXPECT_LE(row.version_max, api->version_max) << api->name;
    EXPECT_LE(row.advertised_min, row.version_min) << api->name;
  }
}

}  // namespace
}  // namespace jackdaw::testing
