#include "jackdaw/cli/record_format.hpp"

#include <gtest/gtest.h>

#include "jackdaw/protocol/record_builder.hpp"

namespace jackdaw::cli {
namespace {

using namespace protocol;

// One record at offset 7, built and read back.
class sample_record {
 public:
  sample_record(std::optional<bytes_view> key, std::optional<bytes_view> value) {
    batch_options o;
    o.base_offset = jackdaw::offset{7};
    builder_.reset(o);
    const record_header headers[] = {{"a", as_bytes("1")}, {"b", std::nullopt}};
    builder_.add({{1714558830123}, key, value, headers});
    batch_ = builder_.finish().value();
    EXPECT_TRUE(reader_.open(batch_).has_value());
    EXPECT_TRUE(reader_.next(record).value());
  }
  record_view record;

 private:
  batch_builder builder_;
  batch_view batch_;
  record_reader reader_;
};

std::string formatted(std::string_view format, const record_view& record) {
  std::string out;
  record_format::parse(format, "NULL").value().append(out, "topic", partition_id{3}, record);
  return out;
}

TEST(record_format, every_placeholder) {
  const sample_record s(as_bytes("key"), as_bytes("value"));
  EXPECT_EQ(formatted("%t/%p@%o %k=%v|%s %T %D %K %S [%h] 100%%\\n", s.record),
            "topic/3@7 key=value|value 1714558830123 2024-05-01T10:20:30.123Z 3 5 [a=1,b=NULL] 100%\n");
}

TEST(record_format, nulls_are_what_was_asked_for) {
  const sample_record s(std::nullopt, std::nullopt);
  EXPECT_EQ(formatted("%k %v %K %S", s.record), "NULL NULL -1 -1");
}

TEST(record_format, unknown_placeholders_and_escapes_are_refused) {
  for (const auto* text : {"%x", "%", "abc%", "\\q"}) {
    EXPECT_EQ(record_format::parse(text, "").error().code, errc::invalid_argument) << text;
  }
}

TEST(record_json, text_is_text_and_other_bytes_are_base64) {
  const sample_record s(std::nullopt, as_bytes("\xff\xfe"));
  std::string out;
  append_json(out, "t", partition_id{0}, s.record);
  EXPECT_EQ(out, R"({"topic":"t","partition":0,"offset":7,"timestamp":1714558830123,"key":null,"value_base64":"//4=",)"
                 R"("headers":[{"key":"a","value":"1"},{"key":"b","value":null}]})");
}

TEST(utf8, is_told_from_other_bytes) {
  for (const auto* text : {"", "plain", "gr\xc3\xb6\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x90\xa6"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const auto* text : {"\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80", "a\xffz"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

}  // namespace
}  // namespace jackdaw::cli
