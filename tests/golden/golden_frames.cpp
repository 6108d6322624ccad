// frames-*: whole frames as a connection carries them.
#include <boost/json/parse.hpp>

#include "golden.hpp"
#include "hostile.hpp"
#include "jackdaw/protocol/all_messages.hpp"
#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/json_printer.hpp"

namespace jackdaw::golden {
namespace {

using namespace jackdaw::protocol;
namespace json = boost::json;

struct frame_vector {
  const json::object& vector;
  bytes_view frame;  // without its size
  std::int16_t version;
  std::int32_t correlation;
};

// A request: header and body to the vector's JSON and back to the vector's bytes.
struct request_test {
  const frame_vector& f;
  verdict& v;

  template <class Request>
  void operator()() const {
    reader in(f.frame);
    const auto header = decode_request_header(in);
    if (!v.expect(header.has_value(), header ? "" : header.error().detail)) return;
    v.expect_equal(header->api_version, f.version, "the version");
    v.expect_equal(header->correlation_id.value(), f.correlation, "the correlation id");
    const json::value& client = f.vector.at("clientId");
    v.expect_same(header->client_id ? json::value(*header->client_id) : json::value(), client, "the client id");
    const api_description& api = *find_api(header->api_key);
    v.expect_equal(request_header_version(api, f.version), int_member(f.vector, "headerVersion"),
                   "the header's version");
    if (!knows_version(api, f.version)) {
      v.expect(!f.vector.contains("json"), "an unknown version");
      return;
    }
    const auto body = decode_message<Request>(in, f.version);
    if (!v.expect(body.has_value(), body ? "" : body.error().detail)) return;
    v.expect_same(json::parse(to_json(*body, f.version)), f.vector.at("json"), "decoded");
    const auto encoded = encode_request_frame(*header, *body);
    if (!v.expect(encoded.has_value(), encoded ? "" : encoded.error().detail)) return;
    v.expect_same(*encoded, hex_member(f.vector), "encoded");
  }
  void unknown() const { v.expect(false, "no such api"); }
};

struct response_test {
  const frame_vector& f;
  verdict& v;

  template <class Response>
  void operator()() const {
    const api_description& api = *find_api(Response::api_key);
    v.expect_equal(response_header_version(api, f.version), int_member(f.vector, "headerVersion"),
                   "the header's version");
    const auto response = decode_response<Response>(f.frame, f.version);
    if (!v.expect(response.has_value(), response ? "" : response.error().detail)) return;
    v.expect_equal(response->id.value(), f.correlation, "the correlation id");
    v.expect_same(json::parse(to_json(response->body, f.version)), f.vector.at("json"), "decoded");
    const auto encoded = encode_response_frame(response->id, response->body, f.version);
    v.expect_same(encoded.bytes, hex_member(f.vector), "encoded");
    v.expect(encoded.externals.empty(), "external records from nowhere");
    expect_prefixes_refused(
        f.frame, [&](bytes_view b) { return decode_response<Response>(b, f.version).has_value(); }, v);
  }
  void unknown() const { v.expect(false, "no such api"); }
};

// What a broker does with a frame up to the handler; the answer doesn't matter, coming back does.
struct survives {
  reader& in;
  std::int16_t version;

  template <class Request>
  bool operator()() const {
    return decode_message<Request>(in, version).has_value();
  }
  bool unknown() const { return false; }
};

bool is_request_accepted(bytes_view frame) {
  reader in(frame);
  const auto header = decode_request_header(in);
  if (!header || !knows_version(*find_api(header->api_key), header->api_version)) return false;
  return with_message_type(header->api_key, true, survives{in, header->api_version});
}

void test_frame(const json::object& vector, verdict& v) {
  const buffer bytes = hex_member(vector);
  const bytes_view frame = bytes_view(bytes).subspan(4);
  v.expect_equal(load_be<std::int32_t>(bytes.data()), static_cast<std::int64_t>(frame.size()), "the size");
  const frame_vector f{vector, frame, static_cast<std::int16_t>(int_member(vector, "version")),
                       static_cast<std::int32_t>(int_member(vector, "correlationId"))};
  const auto key = static_cast<std::int16_t>(int_member(vector, "key"));
  if (text_member(vector, "kind") == "request") {
    with_message_type(key, true, request_test{f, v});
    expect_prefixes_refused(frame, is_request_accepted, v);
    expect_mutations_survived(
        frame, [](bytes_view b) { return is_request_accepted(b) ? "" : std::string(); }, v);
  } else {
    with_message_type(key, false, response_test{f, v});
  }
}

const family frames("frames-", test_frame);

}  // namespace
}  // namespace jackdaw::golden
