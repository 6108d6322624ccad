#include "fuzz_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jackdaw;
  return fuzz::check_message(fuzz::input_of(data, size),
                             [](std::int16_t key) { return golden::message_type{.key = key, .is_request = true}; });
}
