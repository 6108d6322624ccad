#include <snappy.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/endian.hpp"

namespace jackdaw::protocol {

namespace {

// The framing of the Java library: this, two int32 (version 1, compatible with 1), then blocks of int32 length and
// raw snappy. Other clients send one raw block instead.
constexpr std::array<unsigned char, 8> frame_magic{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0x00};
constexpr std::size_t frame_header_bytes = 16;
constexpr std::size_t frame_block_bytes = 32 * 1024;
// A copy of 64 bytes takes 3, so a block can't hold more than this many times its size.
constexpr std::size_t expansion_max = 22;

constexpr std::int32_t frame_version_min = 1;

bool starts_frame(bytes_view in) {
  return in.size() >= frame_header_bytes && std::memcmp(in.data(), frame_magic.data(), frame_magic.size()) == 0;
}

const char* chars(const std::byte* at) { return reinterpret_cast<const char*>(at); }

class snappy_packer final : public packer {
 public:
  result<void> append(int, bytes_view in, std::vector<std::byte>& out) override {
    std::size_t end = out.size();
    const std::size_t blocks = in.size() / frame_block_bytes + 1;
    out.resize(end + frame_header_bytes + blocks * (4 + snappy::MaxCompressedLength(frame_block_bytes)));
    std::memcpy(out.data() + end, frame_magic.data(), frame_magic.size());
    store_be<std::int32_t>(out.data() + end + 8, 1);
    store_be<std::int32_t>(out.data() + end + 12, 1);
    end += frame_header_bytes;
    while (!in.empty()) {
      const std::size_t size = std::min(in.size(), frame_block_bytes);
      std::size_t packed = 0;
      snappy::RawCompress(chars(in.data()), size, reinterpret_cast<char*>(out.data() + end + 4), &packed);
      store_be(out.data() + end, static_cast<std::int32_t>(packed));
      end += 4 + packed;
      JD_ASSERT(packed != 0 && end <= out.size(), packed, end, out.size());
      in = in.subspan(size);
    }
    out.resize(end);
    return {};
  }
};

class snappy_unpacker final : public unpacker {
 public:
  explicit snappy_unpacker(std::size_t block_limit_bytes) : block_limit_bytes_(block_limit_bytes) {}

  result<void> open(bytes_view in) override {
    if (in.empty()) return fail(errc::corrupt, "snappy data is empty");
    framed_ = starts_frame(in);
    in_ = in;
    block_left_ = {};
    return framed_ ? skip_frame_header() : result<void>{};
  }

  void close() override {
    block_left_ = {};
    if (block_capacity_ <= block_kept_bytes) return;
    block_.reset();
    block_capacity_ = 0;
  }

  result<std::size_t> read(mutable_bytes out) override {
    while (block_left_.empty()) {
      if (in_.empty()) return std::size_t{0};
      if (framed_ && starts_frame(in_)) {  // streams may follow each other
        if (auto skipped = skip_frame_header(); !skipped) return skipped.error();
        continue;
      }
      auto direct = next_block(out);
      if (!direct) return direct.error();
      if (*direct != 0) return *direct;
    }
    const std::size_t size = std::min(out.size(), block_left_.size());
    std::memcpy(out.data(), block_left_.data(), size);
    block_left_ = block_left_.subspan(size);
    return size;
  }

 private:
  static constexpr std::size_t block_kept_bytes = 1024 * 1024;

  // The next block goes into `out` if it fits (returns its size), else into block_ (returns 0).
  result<std::size_t> next_block(mutable_bytes out) {
    auto cut = cut_block();
    if (!cut) return cut.error();
    const bytes_view packed = *cut;
    // Java's library can't read it, and whoever consumes with it stays before it for ever.
    if (packed.empty()) return fail(errc::corrupt, "snappy block of no bytes");
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(chars(packed.data()), packed.size(), &size) ||
        size > packed.size() * expansion_max) {
      return fail(errc::corrupt, "snappy block claims a size that it can't have");
    }
    if (size > block_limit_bytes_) {
      return fail(errc::too_large, "snappy block of " + std::to_string(size) + " bytes, at most " +
                                       std::to_string(block_limit_bytes_) + " are read");
    }
    const bool direct = size <= out.size();
    if (!direct && size > block_capacity_) {
      block_ = std::make_unique_for_overwrite<std::byte[]>(size);
      block_capacity_ = size;
    }
    std::byte* to = direct ? out.data() : block_.get();
    if (!snappy::RawUncompress(chars(packed.data()), packed.size(), reinterpret_cast<char*>(to))) {
      return fail(errc::corrupt, "snappy block is damaged");
    }
    if (direct) return size;
    block_left_ = {block_.get(), size};
    return std::size_t{0};
  }

  result<void> skip_frame_header() {
    const auto version = load_be<std::int32_t>(in_.data() + frame_magic.size());
    if (version < frame_version_min) {
      return fail(errc::corrupt, "snappy framing of the unknown version " + std::to_string(version));
    }
    in_ = in_.subspan(frame_header_bytes);
    return {};
  }

  result<bytes_view> cut_block() {
    if (!framed_) return std::exchange(in_, {});
    if (in_.size() < 4) return fail(errc::corrupt, "snappy data is cut off in a block length");
    const auto size = load_be<std::int32_t>(in_.data());
    if (size < 0 || static_cast<std::size_t>(size) > in_.size() - 4) {
      return fail(errc::corrupt, "snappy block length " + std::to_string(size) + " reaches past the data");
    }
    const bytes_view block = in_.subspan(4, static_cast<std::size_t>(size));
    in_ = in_.subspan(4 + block.size());
    return block;
  }

  std::size_t block_limit_bytes_;
  bytes_view in_;
  bool framed_ = false;
  std::unique_ptr<std::byte[]> block_;
  std::size_t block_capacity_ = 0;
  bytes_view block_left_;
};

}  // namespace

std::unique_ptr<packer> make_snappy_packer() { return std::make_unique<snappy_packer>(); }
std::unique_ptr<unpacker> make_snappy_unpacker(std::size_t block_limit_bytes) {
  return std::make_unique<snappy_unpacker>(block_limit_bytes);
}

}  // namespace jackdaw::protocol
