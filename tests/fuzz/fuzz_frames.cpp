// What a broker does with a frame before a handler sees it, and the client's way of making one.
#include "fuzz_input.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace {

using namespace jackdaw;
using namespace jackdaw::protocol;

golden::any_message request_of(const request_header& header) {
  auto message = golden::any_message::make({.key = header.api_key, .is_request = true, .data_name = {}});
  fuzz::expect(message.has_value(), "a header of an unknown api");
  return std::move(*message);
}

void check_request(reader& in, const request_header& header) {
  auto request = request_of(header);
  request.decode(in, header.api_version);
  if (!in.ok()) return;
  const auto frame = encode_request_frame(header, request.ref());
  fuzz::expect(frame.has_value(), "a decoded request can't be encoded");
  reader again(bytes_view(*frame).subspan(4), reader::trusted_allowance_bytes(frame->size()));
  const auto same_header = decode_request_header(again);
  fuzz::expect(same_header && *same_header == header, "the header changed");
  auto same_request = request_of(*same_header);
  same_request.decode(again, header.api_version);
  again.expect_end();
  fuzz::expect(again.ok(), "an encoded request can't be decoded");
  const auto same_frame = encode_request_frame(*same_header, same_request.ref());
  fuzz::expect(same_frame && *same_frame == *frame, "the request changed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reader in(fuzz::input_of(data, size));
  const auto header = decode_request_header(in);
  if (!header) return header.error().code == errc::unsupported ? fuzz::rejected : fuzz::kept;
  if (knows_version(*find_api(header->api_key), header->api_version)) check_request(in, *header);
  return fuzz::kept;
}
