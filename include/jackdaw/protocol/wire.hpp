// The primitives of Kafka's wire format: bounds-checked reading, exact writing. Both work in memory of the caller's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/endian.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/tagged_fields.hpp"

namespace jackdaw::protocol {

// Record batches inside a message. Either bytes in memory, or a promise of `size` bytes that whoever sends the
// message puts there (a slice of a segment file): then `data` is null and the writer notes the place.
struct records_view {
  const std::byte* data = nullptr;
  std::size_t size = 0;

  static records_view of(bytes_view bytes) noexcept { return {bytes.data(), bytes.size()}; }
  static records_view external(std::size_t size) noexcept { return {nullptr, size}; }
  bool is_external() const noexcept { return data == nullptr && size != 0; }
  bytes_view bytes() const noexcept { return {data, data ? size : 0}; }
  bool operator==(const records_view& other) const noexcept {
    return size == other.size && is_external() == other.is_external() && same_bytes(bytes(), other.bytes());
  }
};

// bytes_view with equality, for generated structs.
struct bytes_field : bytes_view {
  using bytes_view::bytes_view;
  bytes_field(bytes_view b) noexcept : bytes_view(b) {}
  bool operator==(const bytes_field& other) const noexcept { return same_bytes(*this, other); }
};

// Kafka reads no longer string, not even where the length field could say more.
inline constexpr std::size_t string_bytes_max = 0x7fff;

enum class wire_error : std::uint8_t {
  none,
  truncated,   // a field reaches past the end
  bad_length,  // a negative length or count, null where null is not allowed, or a string that is too long
  bad_varint,  // more than 5 (10) bytes
  bad_tags,    // tagged fields out of order, or one whose size isn't that of its value
  too_many,    // a count that the bytes left can't hold, or more memory than the limit
  trailing_bytes,
};
const char* name_of(wire_error e) noexcept;

// Reads forward through one message. The first error sticks: every later read yields zero, so decoders check once
// at the end of a struct and at each array. Views that it returns point into `in`.
class reader {
 public:
  // What decoding may allocate beyond `in.size()` (of which as much counts) before it ends in wire_error::too_many:
  // with this a hostile message costs at most its own bytes plus a constant, and has some hundred thousand elements.
  static constexpr std::size_t memory_allowance_bytes = 4 * 1024 * 1024;
  // For messages from a peer that was chosen, such as the broker that a client talks to: many small structs may take
  // several times the bytes that they arrived in.
  static constexpr std::size_t trusted_allowance_bytes(std::size_t frame_bytes) noexcept {
    return memory_allowance_bytes + 16 * frame_bytes;
  }

  explicit reader(bytes_view in, std::size_t allowance_bytes = memory_allowance_bytes) noexcept
      : begin_(in.data()),
        cur_(in.data()),
        end_(in.data() + in.size()),
        memory_left_(std::min(in.size(), memory_allowance_bytes) + allowance_bytes) {}

  bool ok() const noexcept { return error_ == wire_error::none; }
  wire_error status() const noexcept { return error_; }
  // Bytes read so far; after an error, where it was noticed.
  std::size_t position() const noexcept { return error_ == wire_error::none ? consumed() : error_position_; }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cur_); }
  void fail(wire_error e) noexcept {
    if (error_ != wire_error::none) return;
    error_ = e;
    error_position_ = consumed();
    cur_ = end_;
  }
  // Call when the message must end here.
  void expect_end() noexcept {
    if (cur_ != end_) fail(wire_error::trailing_bytes);
  }

  template <std::integral T>
  T fixed() noexcept {
    if (remaining() < sizeof(T)) {
      fail(wire_error::truncated);
      return T{};
    }
    const T value = load_be<T>(cur_);
    cur_ += sizeof(T);
    return value;
  }
  bool boolean() noexcept { return fixed<std::int8_t>() != 0; }
  double float64() noexcept { return std::bit_cast<double>(fixed<std::uint64_t>()); }
  jackdaw::uuid uuid() noexcept {
    const auto high = fixed<std::uint64_t>();
    return {high, fixed<std::uint64_t>()};
  }
  std::uint32_t uvarint() noexcept {
    if (cur_ != end_ && (*cur_ & std::byte{0x80}) == std::byte{0}) return std::to_integer<std::uint32_t>(*cur_++);
    return long_uvarint();
  }
  std::int32_t varint() noexcept;   // zigzag
  std::int64_t varlong() noexcept;  // zigzag
  bytes_view take(std::size_t size) noexcept {
    if (remaining() < size) {
      fail(wire_error::truncated);
      return {};
    }
    const bytes_view taken{cur_, size};
    cur_ += size;
    return taken;
  }

  // `compact`: uvarint of length + 1 instead of a fixed-width length.
  std::string_view string(bool compact) noexcept;
  std::optional<std::string_view> nullable_string(bool compact) noexcept;
  bytes_field bytes(bool compact) noexcept;
  std::optional<bytes_field> nullable_bytes(bool compact) noexcept;
  records_view records(bool compact) noexcept { return records_view::of(bytes(compact)); }
  std::optional<records_view> nullable_records(bool compact) noexcept;
  // The element count of an array. `element_size_min` (at least 1) is the fewest bytes an element takes.
  std::size_t array_count(bool compact, std::size_t element_size_min) noexcept;
  std::optional<std::size_t> nullable_array_count(bool compact, std::size_t element_size_min) noexcept;
  // Makes room for `count` elements, unless that takes more memory than the message may cost.
  template <class T>
  bool reserve(std::vector<T>& out, std::size_t count) {
    if (!ok()) return false;
    if (count == 0) return true;
    if (!charge(count * std::max(sizeof(T), element_cost_min) + block_overhead_bytes)) return false;
    out.reserve(count);
    return true;
  }
  // Keeps a tagged field that the decoder doesn't know.
  void keep_tag(tagged_fields& out, std::uint32_t tag, std::size_t size) {
    const bytes_view value = take(size);
    // While a growing vector moves, it has room for three times its elements.
    const std::size_t cost = 3 * sizeof(raw_tag) + (out.empty() ? 4 * block_overhead_bytes : 0);
    if (ok() && charge(cost)) out.add({tag, value});
  }
  // A tagged field section's next field; `previous` is the tag before, -1 at the first.
  struct tag_header {
    std::uint32_t tag = 0;
    std::uint32_t size = 0;
  };
  tag_header next_tag(std::int64_t& previous) noexcept;
  // After a known tagged field: it must have ended where its size said.
  void expect_consumed(std::size_t start, std::size_t size) noexcept {
    if (ok() && consumed() - start != size) fail(wire_error::bad_tags);
  }

 private:
  std::size_t consumed() const noexcept { return static_cast<std::size_t>(cur_ - begin_); }
  // What an allocation costs beyond its bytes, at most: malloc's header, rounding, least size.
  static constexpr std::size_t block_overhead_bytes = 32;
  // Small elements cost more than they take: whoever answers them needs about as much for each as for large ones.
  static constexpr std::size_t element_cost_min = 24;

  bool charge(std::size_t cost) noexcept {
    if (cost > memory_left_) {
      fail(wire_error::too_many);
      return false;
    }
    memory_left_ -= cost;
    return true;
  }
  std::uint32_t long_uvarint() noexcept;
  std::int64_t length(bool compact, bool is_string) noexcept;
  std::int64_t count(bool compact, std::size_t element_size_min) noexcept;

  const std::byte* begin_;
  const std::byte* cur_;
  const std::byte* end_;
  std::size_t memory_left_;
  std::size_t error_position_ = 0;
  wire_error error_ = wire_error::none;
};

constexpr std::size_t uvarint_size(std::uint64_t value) noexcept {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}
constexpr std::uint32_t zigzag(std::int32_t value) noexcept {
  return (static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31);
}
constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

// The longest prefix of `text` that a string can hold and that doesn't end inside a UTF-8 character.
std::string_view cut_text(std::string_view text) noexcept;

// Writes forward into a buffer that the caller sized with encoded_size(); running over is a bug of ours.
class writer {
 public:
  // A place where `size` bytes from elsewhere belong: after the first `position` bytes that were written.
  struct external {
    std::size_t position = 0;
    std::size_t size = 0;
  };

  explicit writer(mutable_bytes out, std::vector<external>* externals = nullptr) noexcept
      : begin_(out.data()), cur_(out.data()), end_(out.data() + out.size()), externals_(externals) {}

  std::size_t written() const noexcept { return static_cast<std::size_t>(cur_ - begin_); }

  template <std::integral T>
  void fixed(T value) noexcept {
    JD_ASSERT(static_cast<std::size_t>(end_ - cur_) >= sizeof(T));
    store_be(cur_, value);
    cur_ += sizeof(T);
  }
  void boolean(bool value) noexcept { fixed<std::int8_t>(value ? 1 : 0); }
  void float64(double value) noexcept { fixed(std::bit_cast<std::uint64_t>(value)); }
  void uuid(const jackdaw::uuid& id) noexcept {
    fixed(id.high);
    fixed(id.low);
  }
  void uvarint(std::uint64_t value) noexcept {
    while (value >= 0x80) {
      fixed(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    fixed(static_cast<std::uint8_t>(value));
  }
  void varint(std::int32_t value) noexcept { uvarint(zigzag(value)); }
  void varlong(std::int64_t value) noexcept { uvarint(zigzag(value)); }
  void raw(bytes_view bytes) noexcept {
    JD_ASSERT(static_cast<std::size_t>(end_ - cur_) >= bytes.size());
    if (!bytes.empty()) std::memcpy(cur_, bytes.data(), bytes.size());
    cur_ += bytes.size();
  }

  // Text beyond string_bytes_max is cut: it can only be an explanation of ours, since no longer name can come in.
  void string(std::string_view text, bool compact) noexcept {
    if (text.size() > string_bytes_max) text = cut_text(text);
    if (compact) {
      uvarint(text.size() + 1);
    } else {
      fixed(static_cast<std::int16_t>(text.size()));
    }
    raw(as_bytes(text));
  }
  void nullable_string(const std::optional<std::string_view>& text, bool compact) noexcept {
    if (text) return string(*text, compact);
    if (compact) {
      uvarint(0);
    } else {
      fixed<std::int16_t>(-1);
    }
  }
  void array_count(std::size_t count, bool compact) noexcept {
    JD_ASSERT(count <= INT32_MAX, count);
    if (compact) {
      uvarint(count + 1);
    } else {
      fixed(static_cast<std::int32_t>(count));
    }
  }
  void null_array(bool compact) noexcept {
    if (compact) {
      uvarint(0);
    } else {
      fixed<std::int32_t>(-1);
    }
  }
  void bytes(bytes_view value, bool compact) noexcept {
    array_count(value.size(), compact);
    raw(value);
  }
  void nullable_bytes(const std::optional<bytes_field>& value, bool compact) noexcept {
    if (value) return bytes(*value, compact);
    null_array(compact);
  }
  void records(const records_view& value, bool compact) {
    array_count(value.size, compact);
    if (value.is_external()) {
      JD_ASSERT(externals_ != nullptr);
      externals_->push_back({written(), value.size});
    } else {
      raw(value.bytes());
    }
  }
  void nullable_records(const std::optional<records_view>& value, bool compact) {
    if (value) return records(*value, compact);
    null_array(compact);
  }
  // Writes those unknown tagged fields whose tag is at least `from` and below `to`.
  void kept_tags(const tagged_fields& tags, std::uint64_t from, std::uint64_t to) noexcept {
    for (const raw_tag& t : tags.all()) {
      if (t.tag < from || t.tag >= to) continue;
      uvarint(t.tag);
      uvarint(t.value.size());
      raw(t.value);
    }
  }

 private:
  std::byte* begin_;
  std::byte* cur_;
  std::byte* end_;
  std::vector<external>* externals_;
};

// What the writer's calls of the same names will write. External records count as 0: somebody else writes them.
inline std::size_t string_size(std::string_view text, bool compact) noexcept {
  if (text.size() > string_bytes_max) text = cut_text(text);
  return text.size() + (compact ? uvarint_size(text.size() + 1) : 2);
}
inline std::size_t string_size(const std::optional<std::string_view>& text, bool compact) noexcept {
  return text ? string_size(*text, compact) : (compact ? 1 : 2);
}
inline std::size_t array_count_size(std::size_t count, bool compact) noexcept {
  return compact ? uvarint_size(count + 1) : 4;
}
inline std::size_t null_array_size(bool compact) noexcept { return compact ? 1 : 4; }
inline std::size_t bytes_size(bytes_view value, bool compact) noexcept {
  return value.size() + array_count_size(value.size(), compact);
}
inline std::size_t bytes_size(const std::optional<bytes_field>& value, bool compact) noexcept {
  return value ? bytes_size(*value, compact) : null_array_size(compact);
}
inline std::size_t records_size(const records_view& value, bool compact) noexcept {
  return (value.is_external() ? 0 : value.size) + array_count_size(value.size, compact);
}
inline std::size_t records_size(const std::optional<records_view>& value, bool compact) noexcept {
  return value ? records_size(*value, compact) : null_array_size(compact);
}
inline std::size_t tag_size(std::uint32_t tag, std::size_t size) noexcept {
  return uvarint_size(tag) + uvarint_size(size) + size;
}
inline std::size_t kept_tags_size(const tagged_fields& tags) noexcept {
  std::size_t size = 0;
  for (const raw_tag& t : tags.all()) size += tag_size(t.tag, t.value.size());
  return size;
}

}  // namespace jackdaw::protocol
