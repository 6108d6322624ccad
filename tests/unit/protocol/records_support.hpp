// What the tests of record batches share: batches to take apart, and records that own their bytes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::protocol::testing {

using buffer = std::vector<std::byte>;

inline constexpr codec all_codecs[] = {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd};

struct owned_record {
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool operator==(const owned_record&) const = default;
};

inline std::optional<bytes_view> view_of(const std::optional<std::string>& text) {
  return text ? std::optional<bytes_view>(as_bytes(*text)) : std::nullopt;
}
inline std::optional<std::string> copy_of(const std::optional<bytes_view>& bytes) {
  return bytes ? std::optional<std::string>(as_text(*bytes)) : std::nullopt;
}

inline owned_record copy_of(const record_view& record) {
  owned_record out{record.timestamp.value, copy_of(record.key), copy_of(record.value), {}};
  for (const record_header& h : record.headers) out.headers.emplace_back(h.key, copy_of(h.value));
  return out;
}

inline void add(batch_builder& builder, const owned_record& record) {
  std::vector<record_header> headers;
  for (const auto& h : record.headers) headers.push_back({h.first, view_of(h.second)});
  builder.add({{record.timestamp_ms}, view_of(record.key), view_of(record.value), headers});
}

inline buffer build(const std::vector<owned_record>& records, batch_options options = {}) {
  batch_builder builder(std::move(options));
  for (const auto& record : records) add(builder, record);
  const bytes_view built = builder.finish().value().bytes();
  return {built.begin(), built.end()};
}

inline result<std::vector<owned_record>> read_all(const batch_view& batch, record_reader& reader) {
  std::vector<owned_record> out;
  if (auto opened = reader.open(batch); !opened) return opened.error();
  record_view record;
  while (true) {
    auto more = reader.next(record);
    if (!more) return more.error();
    if (!*more) return out;
    out.push_back(copy_of(record));
  }
}

inline std::string random_text(random_source& random, std::size_t size_max) {
  std::string text(random.below(size_max + 1), '\0');
  for (char& c : text) c = static_cast<char>('a' + random.below(8));
  return text;
}

inline std::vector<owned_record> random_records(random_source& random, std::size_t count) {
  std::vector<owned_record> out(count);
  for (auto& r : out) {
    r.timestamp_ms = 1'700'000'000'000 + static_cast<std::int64_t>(random.below(10'000));
    if (!random.one_in(4)) r.key = random_text(random, 20);
    if (!random.one_in(8)) r.value = random_text(random, 300);
    for (std::uint64_t i = random.one_in(3) ? random.below(4) : 0; i > 0; --i) {
      r.headers.emplace_back(random_text(random, 8), std::nullopt);
      if (!random.one_in(3)) r.headers.back().second = random_text(random, 12);
    }
  }
  return out;
}

// Makes the checksum right after bytes were changed.
inline void reseal(buffer& batch) { store_be(batch.data() + batch_field::crc, batch_view{batch}.computed_crc()); }

template <std::integral T>
void poke(buffer& batch, std::size_t at, T value) {
  store_be(batch.data() + at, value);
  reseal(batch);
}

}  // namespace jackdaw::protocol::testing
