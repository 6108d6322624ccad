#include "jackdaw/protocol/json_printer.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "jackdaw/protocol/messages/metadata.hpp"

namespace jackdaw::protocol {
namespace {

std::string printed(auto value) {
  json_printer out;
  out.value(value);
  return out.text();
}

TEST(json_printer, prints_the_fields_of_the_version_only) {
  metadata_request request;
  request.topics.emplace().resize(1);
  (*request.topics)[0].name = "orders";
  EXPECT_EQ(to_json(request, 0), R"({"topics":[{"name":"orders"}]})");
  EXPECT_EQ(to_json(request, 4), R"({"topics":[{"name":"orders"}],"allowAutoTopicCreation":true})");
  request.topics.reset();
  EXPECT_EQ(to_json(request, 1), R"({"topics":null})");
}

TEST(json_printer, escapes_what_json_does_not_allow) {
  EXPECT_EQ(printed(std::string_view("a\"b\\c\n\x01")), R"("a\"b\\c\u000a\u0001")");
  EXPECT_EQ(printed(std::string_view("\xd1\x82\xe2\x98\x95\xf0\x9f\x9a\x80")),
            "\"\xd1\x82\xe2\x98\x95\xf0\x9f\x9a\x80\"");
}

TEST(json_printer, bytes_that_are_no_text_become_replacement_characters) {
  EXPECT_EQ(printed(std::string_view("a\xffz")), "\"a\xef\xbf\xbdz\"");
  EXPECT_EQ(printed(std::string_view("\xe2\x98")), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(printed(std::string_view("\xc0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // not the shortest form
  EXPECT_EQ(printed(std::string_view("\xed\xa0\x80")).size(), 2u + 3 * 3);           // a surrogate
  EXPECT_EQ(printed(std::string_view("\xf4\x90\x80\x80")).size(), 2u + 4 * 3);       // beyond U+10FFFF
}

TEST(json_printer, numbers_keep_every_digit) {
  EXPECT_EQ(printed(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(printed(0.1), "0.1");
  EXPECT_EQ(printed(std::numeric_limits<double>::infinity()), "\"Infinity\"");
}

TEST(json_printer, bytes_are_base64) {
  EXPECT_EQ(printed(as_bytes("")), "\"\"");
  EXPECT_EQ(printed(as_bytes("a")), "\"YQ==\"");
  EXPECT_EQ(printed(as_bytes("ab")), "\"YWI=\"");
  EXPECT_EQ(printed(as_bytes("abc")), "\"YWJj\"");
}

}  // namespace
}  // namespace jackdaw::protocol
