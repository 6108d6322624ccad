// What a broker does with a frame before a handler sees it, and the client's way of making one.
#include "fuzz_input.hpp"
#include "jackdaw/protocol/all_messages.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace {

using namespace jackdaw;
using namespace jackdaw::protocol;

struct check_frame {
  reader& in;
  const request_header& header;

  template <class Request>
  void operator()() const {
    const auto request = decode_message<Request>(in, header.api_version);
    if (!request) return;
    const auto frame = encode_request_frame(header, *request);
    fuzz::expect(frame.has_value(), "a decoded request can't be encoded");
    reader again(bytes_view(*frame).subspan(4), reader::trusted_allowance_bytes(frame->size()));
    const auto same_header = decode_request_header(again);
    fuzz::expect(same_header && *same_header == header, "the header changed");
    const auto same_request = decode_message<Request>(again, header.api_version);
    fuzz::expect(same_request.has_value(), "an encoded request can't be decoded");
    const auto same_frame = encode_request_frame(*same_header, *same_request);
    fuzz::expect(same_frame && *same_frame == *frame, "the request changed");
  }
  void unknown() const { fuzz::expect(false, "a header of an unknown api"); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reader in(fuzz::input_of(data, size));
  const auto header = decode_request_header(in);
  if (!header) return header.error().code == errc::unsupported ? fuzz::rejected : fuzz::kept;
  if (!knows_version(*find_api(header->api_key), header->api_version)) return fuzz::kept;
  with_message_type(header->api_key, true, check_frame{in, *header});
  return fuzz::kept;
}
