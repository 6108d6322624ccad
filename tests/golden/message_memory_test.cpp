// A hostile message costs no more memory than the bytes that came in plus a constant, whatever it claims.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "any_message.hpp"
#include "jackdaw/protocol/all_arrays.hpp"

namespace {

// What operator new has given out; only this program's one test thread changes it.
struct memory_count {
  bool is_on = false;
  std::size_t live = 0;
  std::size_t peak = 0;
  std::size_t blocks = 0;
} counted;

// glibc keeps a size before each block.
std::size_t cost_of(void* block) { return malloc_usable_size(block) + sizeof(std::size_t); }

void* counted_new(std::size_t size) {
  void* block = std::malloc(size);
  if (!block) throw std::bad_alloc();
  if (counted.is_on) {
    ++counted.blocks;
    counted.live += cost_of(block);
    counted.peak = std::max(counted.peak, counted.live);
  }
  return block;
}

void counted_delete(void* block) noexcept {
  if (counted.is_on && block) counted.live -= std::min(counted.live, cost_of(block));
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return counted_new(size); }
void* operator new[](std::size_t size) { return counted_new(size); }
void operator delete(void* block) noexcept { counted_delete(block); }
void operator delete[](void* block) noexcept { counted_delete(block); }
void operator delete(void* block, std::size_t) noexcept { counted_delete(block); }
void operator delete[](void* block, std::size_t) noexcept { counted_delete(block); }

namespace jackdaw::protocol {
namespace {

struct cost {
  wire_error status = wire_error::none;
  std::size_t peak_bytes = 0;
  std::size_t blocks = 0;
};

cost cost_of_decoding(const golden::message_type& type, bytes_view bytes, std::int16_t version,
                      std::size_t allowance_bytes) {
  reader in(bytes, allowance_bytes);
  {
    auto message = golden::any_message::make(type);
    counted = {.is_on = true};
    message->decode(in, version);
    counted.is_on = false;
  }
  return {in.status(), counted.peak, counted.blocks};
}

template <class Request>
cost cost_of_request(bytes_view bytes, std::int16_t version, std::size_t allowance_bytes) {
  return cost_of_decoding({Request::api_key, true, {}}, bytes, version, allowance_bytes);
}

constexpr std::size_t frame_bytes = 128 * 1024;
constexpr std::size_t allowance = 16 * 1024;

// How many elements fill a frame, from what one more of them adds; 0 when they add nothing.
template <class Encode>
std::size_t elements_in_frame(const Encode& encode) {
  const std::size_t added = encode(65).size() - encode(1).size();
  return added == 0 ? 0 : frame_bytes * 64 / added;
}

// Decodes the whole message and its first half. Returns whether the whole was refused.
bool expect_bounded(const array_case& array, const std::vector<std::byte>& bytes, std::int16_t version) {
  const golden::message_type type{array.api_key, array.is_request, std::string(array.data_name)};
  const cost whole = cost_of_decoding(type, bytes, version, allowance);
  EXPECT_LE(whole.peak_bytes, bytes.size() + allowance) << array.path << " v" << version;
  if (whole.status != wire_error::none) {
    EXPECT_EQ(whole.status, wire_error::too_many) << array.path << " v" << version;
  }
  const bytes_view half = bytes_view(bytes).first(bytes.size() / 2);
  const cost cut = cost_of_decoding(type, half, version, allowance);
  EXPECT_NE(cut.status, wire_error::none) << array.path << " v" << version;
  EXPECT_LE(cut.peak_bytes, half.size() + allowance) << array.path << " v" << version;
  return whole.status != wire_error::none;
}

TEST(memory, every_array_of_every_message_costs_at_most_its_bytes_and_the_allowance) {
  std::size_t arrays = 0;
  std::size_t refused = 0;
  for_each_array([&](const array_case& array) {
    ++arrays;
    for (const std::int16_t version : {array.version_first, array.version_last}) {
      // All elements in one array; and many arrays of one element, for those that are inside another.
      const auto wide = [&](std::size_t n) { return array.encode(1, n, version); };
      const auto deep = [&](std::size_t n) { return array.encode(n, 1, version); };
      refused += expect_bounded(array, wide(elements_in_frame(wide)), version);
      if (const std::size_t n = elements_in_frame(deep)) refused += expect_bounded(array, deep(n), version);
    }
  });
  EXPECT_GT(arrays, 400u);
  // Small elements that take several times their bytes exist, so the limit was put to the test.
  EXPECT_GT(refused, 100u);
}

TEST(memory, ten_megabytes_of_empty_names_are_refused_within_the_default_allowance) {
  metadata_request request;
  request.topics.emplace().resize(5'000'000);
  const auto bytes = encode_message(request, 4);
  ASSERT_GT(bytes.size(), 10'000'000u);
  const cost c = cost_of_request<metadata_request>(bytes, 4, reader::memory_allowance_bytes);
  EXPECT_EQ(c.status, wire_error::too_many);
  EXPECT_LE(c.peak_bytes, bytes.size() + reader::memory_allowance_bytes);
}

TEST(memory, a_large_honest_request_fits_the_default_allowance) {
  fetch_request request;
  request.topics.resize(1);
  request.topics[0].partitions.resize(100'000);
  const auto bytes = encode_message(request, 18);
  EXPECT_TRUE(decode_message<fetch_request>(bytes, 18).has_value());
}

TEST(memory, a_count_beyond_the_bytes_left_reserves_nothing) {
  for (const std::int32_t count : {INT32_MAX, 0x01000000, 1000, 5}) {
    std::vector<std::byte> bytes(8);
    store_be(bytes.data(), count);
    const cost c = cost_of_request<metadata_request>(bytes, 0, reader::memory_allowance_bytes);
    EXPECT_EQ(c.status, wire_error::too_many) << count;
    EXPECT_EQ(c.blocks, 0u) << count;
  }
  const std::byte compact[] = {std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0x0f}};
  const cost c = cost_of_request<metadata_request>(compact, 9, reader::memory_allowance_bytes);
  EXPECT_EQ(c.status, wire_error::too_many);
  EXPECT_EQ(c.blocks, 0u);
}

TEST(memory, a_flood_of_unknown_tagged_fields_is_bounded) {
  for (const std::uint32_t count : {1u, 2u, 3u, 1000u, 100'000u}) {
    std::vector<std::byte> bytes(8 + std::size_t{count} * 6);
    writer out(bytes);
    out.uvarint(count);
    for (std::uint32_t tag = 0; tag < count; ++tag) {
      out.uvarint(tag);
      out.uvarint(0);
    }
    const bytes_view frame = bytes_view(bytes).first(out.written());
    const cost c = cost_of_request<list_groups_request>(frame, 3, allowance);
    EXPECT_LE(c.peak_bytes, frame.size() + allowance) << count;
    EXPECT_EQ(c.status, count < 1000 ? wire_error::none : wire_error::too_many) << count;
  }
}

TEST(memory, strings_and_records_cost_nothing_of_their_own) {
  produce_request request;
  const std::vector<std::byte> records(1'000'000, std::byte{7});
  request.topic_data.resize(1);
  request.topic_data[0].name = "orders";
  request.topic_data[0].partition_data.resize(1);
  request.topic_data[0].partition_data[0].records = records_view::of(records);
  const auto bytes = encode_message(request, 9);
  const cost c = cost_of_request<produce_request>(bytes, 9, allowance);
  EXPECT_EQ(c.status, wire_error::none);
  EXPECT_LT(c.peak_bytes, 1000u);
}

}  // namespace
}  // namespace jackdaw::protocol
