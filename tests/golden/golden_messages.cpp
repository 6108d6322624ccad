// golden-*: bodies of requests and responses; data-*: messages that aren't an api.
#include <boost/json/parse.hpp>

#include "any_message.hpp"
#include "golden.hpp"
#include "hostile.hpp"

namespace jackdaw::golden {
namespace {

void test_message(const message_type& type, const boost::json::object& vector, verdict& v) {
  const auto message_of_type = any_message::make(type);
  if (!v.expect(message_of_type.has_value(), "no description for it")) return;
  const version_span versions = message_of_type->versions();
  const auto version = static_cast<std::int16_t>(int_member(vector, "version"));
  if (!v.expect(version >= versions.min && version <= versions.max, "the description lacks the version")) return;

  const buffer bytes = hex_member(vector);
  const decoded message = decode_any(type, version, bytes);
  if (!v.expect(message.error.empty(), "decoding: " + message.error)) return;
  v.expect_same(boost::json::parse(message.json), vector.at("json"), "decoded");
  v.expect_equal(static_cast<std::int64_t>(message.encoded_size), static_cast<std::int64_t>(bytes.size()),
                 "encoded_size");
  v.expect_same(message.encoded, bytes, "encoded");
  v.expect(message.unsupported_field == nullptr, "it holds what its own version can't say");

  expect_prefixes_refused(
      bytes, [&](bytes_view b) { return decode_any(type, version, b).error.empty(); }, v);
  expect_mutations_survived(
      bytes, [&](bytes_view b) { return check_hostile(type, version, b); }, v);
}

void test_api(const boost::json::object& vector, verdict& v) {
  message_type type;
  type.key = static_cast<std::int16_t>(int_member(vector, "key"));
  type.is_request = text_member(vector, "kind") == "request";
  test_message(type, vector, v);
}

void test_data(const boost::json::object& vector, verdict& v) {
  message_type type;
  type.data_name = text_member(vector, "data");
  test_message(type, vector, v);
}

const family apis("golden-", test_api);
const family data("data-", test_data);

}  // namespace
}  // namespace jackdaw::golden
