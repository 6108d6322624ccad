// headers-*: request and response headers, alone and as they belong to an api version.
#include <boost/json/parse.hpp>

#include "any_message.hpp"
#include "golden.hpp"
#include "hostile.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace jackdaw::golden {
namespace {

using namespace jackdaw::protocol;

const api_description* api_by_name(std::string_view name) {
  for (const api_description& api : all_apis()) {
    if (api.name == name) return &api;
  }
  return nullptr;
}

// The header version that we choose for the api version is the vector's, and the functions for headers choose it.
void test_choice(const boost::json::object& vector, bool is_request, bytes_view bytes, verdict& v) {
  const api_description* api = api_by_name(text_member(vector, "api"));
  if (!v.expect(api != nullptr, "no such api")) return;
  const auto api_version = static_cast<std::int16_t>(int_member(vector, "apiVersion"));
  const auto header_version = int_member(vector, "version");
  reader in(bytes);
  if (is_request) {
    v.expect_equal(request_header_version(*api, api_version), header_version, "request_header_version");
    const auto header = decode_request_header(in);
    if (!v.expect(header.has_value(), header ? "" : header.error().detail)) return;
    v.expect_equal(header->api_key, static_cast<std::int16_t>(api->key), "the key");
    v.expect_equal(header->api_version, api_version, "the version");
  } else {
    v.expect_equal(response_header_version(*api, api_version), header_version, "response_header_version");
    const auto id = decode_response_header(in, *api, api_version);
    if (!v.expect(id.has_value(), id ? "" : id.error().detail)) return;
    v.expect_equal(id->value(), int_member(vector.at("json").as_object(), "correlationId"), "the correlation id");
  }
  v.expect(in.remaining() == 0, "bytes of the header are left");
}

void test_header(const boost::json::object& vector, verdict& v) {
  const std::string name = text_member(vector, "header");
  const auto version = static_cast<std::int16_t>(int_member(vector, "version"));
  const message_type type{.data_name = name};
  const buffer bytes = hex_member(vector);
  const decoded header = decode_any(type, version, bytes);
  if (!v.expect(header.error.empty(), "decoding: " + header.error)) return;
  v.expect_same(boost::json::parse(header.json), vector.at("json"), "decoded");
  v.expect_equal(static_cast<std::int64_t>(header.encoded_size), static_cast<std::int64_t>(bytes.size()),
                 "encoded_size");
  v.expect_same(header.encoded, bytes, "encoded");
  if (vector.contains("api")) test_choice(vector, name == "RequestHeader", bytes, v);

  expect_prefixes_refused(
      bytes, [&](bytes_view b) { return decode_any(type, version, b).error.empty(); }, v);
  expect_mutations_survived(
      bytes, [&](bytes_view b) { return check_hostile(type, version, b); }, v);
}

const family headers("headers-", test_header);

}  // namespace
}  // namespace jackdaw::golden
