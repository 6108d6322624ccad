// frames-*: whole frames as a connection carries them.
#include <boost/json/parse.hpp>

#include "any_message.hpp"
#include "golden.hpp"
#include "hostile.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace jackdaw::golden {
namespace {

using namespace jackdaw::protocol;
namespace json = boost::json;

struct frame_vector {
  const json::object& vector;
  message_type type;
  bytes_view frame;  // without its size
  std::int16_t version;
  std::int32_t correlation;
};

// Decodes the body to the vector's JSON; nothing when it can't be.
std::optional<any_message> read_body(const frame_vector& f, reader& in, verdict& v) {
  auto body = any_message::make(f.type);
  if (!v.expect(body.has_value(), "no such api")) return std::nullopt;
  body->decode(in, f.version);
  in.expect_end();
  if (!v.expect(in.ok(), std::string("decoding: ") + name_of(in.status()))) return std::nullopt;
  v.expect_same(json::parse(body->json(f.version)), f.vector.at("json"), "decoded");
  return body;
}

void test_request(const frame_vector& f, verdict& v) {
  reader in(f.frame);
  const auto header = decode_request_header(in);
  if (!v.expect(header.has_value(), header ? "" : header.error().detail)) return;
  v.expect_equal(header->api_key, f.type.key, "the key");
  v.expect_equal(header->api_version, f.version, "the version");
  v.expect_equal(header->correlation_id.value(), f.correlation, "the correlation id");
  const json::value client = header->client_id ? json::value(*header->client_id) : json::value();
  v.expect_same(client, f.vector.at("clientId"), "the client id");
  const api_description& api = *find_api(header->api_key);
  v.expect_equal(request_header_version(api, f.version), int_member(f.vector, "headerVersion"), "the header's version");
  if (!knows_version(api, f.version)) {
    v.expect(!f.vector.contains("json"), "an unknown version");
    return;
  }
  const auto body = read_body(f, in, v);
  if (!body) return;
  const auto encoded = encode_request_frame(*header, body->ref());
  if (!v.expect(encoded.has_value(), encoded ? "" : encoded.error().detail)) return;
  v.expect_same(*encoded, hex_member(f.vector), "encoded");
}

void test_response(const frame_vector& f, verdict& v) {
  const api_description* api = find_api(f.type.key);
  if (!v.expect(api != nullptr, "no such api")) return;
  v.expect_equal(response_header_version(*api, f.version), int_member(f.vector, "headerVersion"),
                 "the header's version");
  reader in(f.frame);
  const auto id = decode_response_header(in, *api, f.version);
  if (!v.expect(id.has_value(), id ? "" : id.error().detail)) return;
  v.expect_equal(id->value(), f.correlation, "the correlation id");
  const auto body = read_body(f, in, v);
  if (!body) return;
  const auto encoded = encode_response_frame(*id, body->ref(), f.version);
  v.expect_same(encoded.bytes, hex_member(f.vector), "encoded");
  v.expect(encoded.externals.empty(), "external records from nowhere");
}

bool is_request_accepted(bytes_view frame) {
  reader in(frame);
  const auto header = decode_request_header(in);
  if (!header || !knows_version(*find_api(header->api_key), header->api_version)) return false;
  auto body = any_message::make({.key = header->api_key, .is_request = true, .data_name = {}});
  body->decode(in, header->api_version);
  return in.ok();
}

bool is_response_accepted(const frame_vector& f, bytes_view frame) {
  reader in(frame);
  if (!decode_response_header(in, *find_api(f.type.key), f.version)) return false;
  auto body = any_message::make(f.type);
  body->decode(in, f.version);
  return in.ok();
}

void test_frame(const json::object& vector, verdict& v) {
  const buffer bytes = hex_member(vector);
  const bytes_view frame = bytes_view(bytes).subspan(4);
  v.expect_equal(load_be<std::int32_t>(bytes.data()), static_cast<std::int64_t>(frame.size()), "the size");
  const message_type type{.key = static_cast<std::int16_t>(int_member(vector, "key")),
                          .is_request = text_member(vector, "kind") == "request",
                          .data_name = {}};
  const frame_vector f{vector, type, frame, static_cast<std::int16_t>(int_member(vector, "version")),
                       static_cast<std::int32_t>(int_member(vector, "correlationId"))};
  if (type.is_request) {
    test_request(f, v);
    expect_prefixes_refused(frame, is_request_accepted, v);
    expect_mutations_survived(
        frame,
        [](bytes_view b) {
          is_request_accepted(b);
          return std::string();
        },
        v);
  } else {
    test_response(f, v);
    if (!v.complaints().empty()) return;
    expect_prefixes_refused(
        frame, [&](bytes_view b) { return is_response_accepted(f, b); }, v);
  }
}

const family frames("frames-", test_frame);

}  // namespace
}  // namespace jackdaw::golden
