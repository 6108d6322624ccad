// How the fuzz targets read their inputs. golden_test --seeds writes seeds in the same layouts:
//   requests, responses   int16 api key, int16 version, body
//   data                  int16 place in data_names, int16 version, message
//   frames                a request frame without its size
//   records               a record set
//   compression           one byte codec, then a compressed stream
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "any_message.hpp"
#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/endian.hpp"

namespace jackdaw::fuzz {

inline bytes_view input_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

// Stops the target, so that libFuzzer keeps the input.
inline void expect(bool holds, const std::string& complaint) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", complaint.c_str());
  std::abort();
}

// A target's answer to libFuzzer: an input of unknown type or version teaches nothing and isn't kept.
inline constexpr int kept = 0;
inline constexpr int rejected = -1;

// Two int16, then a message of the type that `type_of(first)` says, in the version that the second says.
template <class TypeOf>
int check_message(bytes_view input, const TypeOf& type_of) {
  if (input.size() < 4) return rejected;
  const golden::message_type type = type_of(load_be<std::int16_t>(input.data()));
  const auto version = load_be<std::int16_t>(input.data() + 2);
  const auto message = golden::any_message::make(type);
  if (!message || version < message->versions().min || version > message->versions().max) return rejected;
  const std::string complaint = golden::check_hostile(type, version, input.subspan(4));
  expect(complaint.empty(), complaint);
  return kept;
}

}  // namespace jackdaw::fuzz
