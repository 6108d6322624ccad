// Compressed streams alone, without a batch around them.
#include <vector>

#include "fuzz_input.hpp"
#include "jackdaw/protocol/compression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jackdaw;
  using namespace jackdaw::protocol;
  constexpr std::size_t limit_bytes = 4 * 1024 * 1024;
  const bytes_view input = fuzz::input_of(data, size);
  if (input.empty() || std::to_integer<int>(input[0]) > static_cast<int>(codec::zstd)) return fuzz::rejected;
  const auto type = static_cast<codec>(input[0]);
  decompressor unpack(limit_bytes);
  std::vector<std::byte> plain;
  if (!decompress(unpack, type, input.subspan(1), limit_bytes, plain)) return fuzz::kept;
  fuzz::expect(plain.size() <= limit_bytes, "more than the limit");
  compressor pack;
  std::vector<std::byte> packed;
  fuzz::expect(pack.append({type}, plain, packed).has_value(), "what was unpacked can't be packed");
  std::vector<std::byte> again;
  fuzz::expect(decompress(unpack, type, packed, limit_bytes, again).has_value(), "what was packed can't be unpacked");
  fuzz::expect(again == plain, "packing changed the bytes");
  return fuzz::kept;
}
