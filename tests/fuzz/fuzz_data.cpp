#include "fuzz_input.hpp"
#include "jackdaw/protocol/all_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jackdaw;
  return fuzz::check_message(fuzz::input_of(data, size), [](std::int16_t place) {
    const auto& names = protocol::data_names;
    const bool exists = place >= 0 && static_cast<std::size_t>(place) < std::size(names);
    return golden::message_type{.data_name = std::string(exists ? names[place] : "none")};
  });
}
