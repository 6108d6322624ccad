#include "jackdaw/cli/table.hpp"

#include <gtest/gtest.h>

namespace jackdaw::cli {
namespace {

table sample_table() {
  table rows({{"topic"}, {"partitions"}, {"in_sync"}, {"is_internal"}, {"note"}});
  rows.add({std::string("orders"), std::int64_t{12}, std::vector<std::int64_t>{1, 2}, false, {}});
  rows.add({std::string("größe"), std::int64_t{3}, std::vector<std::int64_t>{}, true, std::string("a \"b\"")});
  return rows;
}

TEST(table, numbers_stand_right_and_nothing_is_padded_at_the_end) {
  EXPECT_EQ(sample_table().text(0),
            "TOPIC   PARTITIONS  IN SYNC  IS INTERNAL  NOTE\n"
            "orders          12  1,2      no           -\n"
            "größe            3  -        yes          a \"b\"\n");
}

TEST(table, json_keeps_types_and_nulls) {
  protocol::json_printer json;
  sample_table().print(json);
  EXPECT_EQ(json.text(), R"([{"topic":"orders","partitions":12,"in_sync":[1,2],"is_internal":false,"note":null},)"
                         R"({"topic":"größe","partitions":3,"in_sync":[],"is_internal":true,"note":"a \"b\""}])");
}

TEST(table, no_line_is_wider_than_the_terminal) {
  table rows({{"name"}, {"value"}});
  rows.add({std::string(50, 'n'), std::string(70, 'v')});
  rows.add({std::string("short"), std::string("ü")});
  for (std::size_t width = 12; width < 130; ++width) {
    const std::string text = rows.text(width);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      EXPECT_LE(display_width(std::string_view(text).substr(at, end - at)), width);
      at = end + 1;
    }
  }
  EXPECT_NE(rows.text(40).find("…"), std::string::npos);
  EXPECT_EQ(rows.text(200).find("…"), std::string::npos);
}

TEST(table, the_widest_columns_give_way) {
  EXPECT_EQ(fit_columns({10, 30, 5}, 34), (std::vector<std::size_t>{10, 15, 5}));
  EXPECT_EQ(fit_columns({10, 10}, 100), (std::vector<std::size_t>{10, 10}));
  EXPECT_EQ(fit_columns({10, 10}, 3), (std::vector<std::size_t>{4, 4})) << "cut no further";
}

}  // namespace
}  // namespace jackdaw::cli
