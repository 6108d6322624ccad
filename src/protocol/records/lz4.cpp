#include <lz4frame.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/endian.hpp"

namespace jackdaw::protocol {

namespace {

constexpr int fast_level = 9;  // see protocol::compression
constexpr std::uint32_t frame_magic_be = 0x04224d18;
constexpr std::size_t frame_header_bytes = 7;  // 15 with a content size

namespace flag {
constexpr unsigned version_mask = 0xc0;
constexpr unsigned version_1 = 0x40;
constexpr unsigned independent_blocks = 0x20;
constexpr unsigned block_checksum = 0x10;
constexpr unsigned content_size = 0x08;
constexpr unsigned content_checksum = 0x04;
constexpr unsigned dictionary = 0x01;
}  // namespace flag

LZ4F_preferences_t preferences_for(int level) {
  LZ4F_preferences_t p{};
  p.frameInfo.blockSizeID = LZ4F_max64KB;
  p.frameInfo.blockMode = LZ4F_blockIndependent;  // Java clients read no other
  p.compressionLevel = level == fast_level ? 0 : level;
  p.autoFlush = 1;
  return p;
}

class lz4_packer final : public packer {
 public:
  lz4_packer() {
    const auto status = LZ4F_createCompressionContext(&context_, LZ4F_VERSION);
    JD_ASSERT(!LZ4F_isError(status), LZ4F_getErrorName(status));
  }
  ~lz4_packer() override { LZ4F_freeCompressionContext(context_); }
  lz4_packer(const lz4_packer&) = delete;
  lz4_packer& operator=(const lz4_packer&) = delete;

  result<void> append(int level, bytes_view in, std::vector<std::byte>& out) override {
    const LZ4F_preferences_t preferences = preferences_for(level);
    std::size_t end = out.size();
    out.resize(end + LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(in.size(), &preferences));
    const auto take = [&](std::size_t written) {
      JD_ASSERT(!LZ4F_isError(written), LZ4F_getErrorName(written));
      end += written;
      JD_ASSERT(end <= out.size(), end, out.size());
    };
    take(LZ4F_compressBegin(context_, out.data() + end, out.size() - end, &preferences));
    take(LZ4F_compressUpdate(context_, out.data() + end, out.size() - end, in.data(), in.size(), nullptr));
    take(LZ4F_compressEnd(context_, out.data() + end, out.size() - end, nullptr));
    out.resize(end);
    return {};
  }

 private:
  LZ4F_cctx* context_ = nullptr;
};

class lz4_unpacker final : public unpacker {
 public:
  explicit lz4_unpacker(bool ignore_header_checksum) : ignore_header_checksum_(ignore_header_checksum) {
    const auto status = LZ4F_createDecompressionContext(&context_, LZ4F_VERSION);
    JD_ASSERT(!LZ4F_isError(status), LZ4F_getErrorName(status));
  }
  ~lz4_unpacker() override { LZ4F_freeDecompressionContext(context_); }
  lz4_unpacker(const lz4_unpacker&) = delete;
  lz4_unpacker& operator=(const lz4_unpacker&) = delete;

  result<void> open(bytes_view in) override {
    LZ4F_resetDecompressionContext(context_);
    ended_ = false;
    if (in.size() < frame_header_bytes || load_be<std::uint32_t>(in.data()) != frame_magic_be) {
      return fail(errc::corrupt, "lz4 data doesn't start with a frame");
    }
    const auto flags = std::to_integer<unsigned>(in[4]);
    if ((flags & flag::version_mask) != flag::version_1 || (flags & flag::dictionary)) {
      return fail(errc::corrupt, "lz4 frame of an unknown version or with a dictionary");
    }
    if (!(flags & flag::independent_blocks)) {
      return fail(errc::corrupt, "lz4 frame with linked blocks, which Kafka's clients can't read");
    }
    in_ = in;
    if (ignore_header_checksum_) return replace_header(flags);
    return find_empty_block(flags) ? fail(errc::corrupt, "lz4 block of no bytes, which Kafka's clients can't read")
                                   : result<void>{};
  }

  result<std::size_t> read(mutable_bytes out) override {
    std::size_t written = 0;
    while (!ended_ && written < out.size()) {
      std::size_t produced = out.size() - written;
      std::size_t consumed = in_.size();
      const std::size_t status =
          LZ4F_decompress(context_, out.data() + written, &produced, in_.data(), &consumed, nullptr);
      if (LZ4F_isError(status)) {
        return fail(errc::corrupt, std::string("lz4 data is damaged: ") + LZ4F_getErrorName(status));
      }
      in_ = in_.subspan(consumed);
      written += produced;
      if (status == 0) {
        ended_ = true;
        // Some clients read what follows a frame, some ignore it, some fail. Old messages are as they are.
        if (!in_.empty() && !ignore_header_checksum_) return fail(errc::corrupt, "bytes follow the lz4 frame");
      } else if (consumed == 0 && produced == 0) {
        return fail(errc::corrupt, "lz4 data is cut off before its end");
      }
    }
    return written;
  }

 private:
  // Java's clients take a block without content for the end of all. What else may be wrong is found when it is read.
  bool find_empty_block(unsigned flags) const {
    constexpr std::uint32_t is_plain = 0x80000000;
    std::size_t at = frame_header_bytes + (flags & flag::content_size ? 8 : 0);
    while (in_.size() >= at + 4) {
      const auto field = load_le_u32(in_.data() + at);
      if (field == 0) return false;  // the end mark
      const std::size_t size = field & ~is_plain;
      at += 4;
      const bool holds_nothing = field == 1 && at < in_.size() && in_[at] == std::byte{0};
      if (size == 0 || holds_nothing) return true;
      at += size + (flags & flag::block_checksum ? 4 : 0);
    }
    return false;
  }
  static std::uint32_t load_le_u32(const std::byte* at) { return __builtin_bswap32(load_be<std::uint32_t>(at)); }

  // Feeds a header with the same flags and the right checksum in place of the one that is there.
  result<void> replace_header(unsigned flags) {
    const std::size_t size = frame_header_bytes + (flags & flag::content_size ? 8 : 0);
    const auto block_size = (std::to_integer<unsigned>(in_[5]) >> 4) & 7;
    if (in_.size() < size || block_size < LZ4F_max64KB) return fail(errc::corrupt, "lz4 frame header is damaged");
    LZ4F_preferences_t p{};
    p.frameInfo.blockSizeID = static_cast<LZ4F_blockSizeID_t>(block_size);
    p.frameInfo.blockMode = LZ4F_blockIndependent;
    p.frameInfo.contentChecksumFlag =
        flags & flag::content_checksum ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
    p.frameInfo.blockChecksumFlag = flags & flag::block_checksum ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
    std::array<std::byte, LZ4F_HEADER_SIZE_MAX> header;
    LZ4F_cctx* writer = nullptr;
    JD_ASSERT(!LZ4F_isError(LZ4F_createCompressionContext(&writer, LZ4F_VERSION)));
    const std::size_t written = LZ4F_compressBegin(writer, header.data(), header.size(), &p);
    LZ4F_freeCompressionContext(writer);
    JD_ASSERT(!LZ4F_isError(written), LZ4F_getErrorName(written));
    std::size_t produced = 0;
    std::size_t consumed = written;
    const std::size_t status = LZ4F_decompress(context_, nullptr, &produced, header.data(), &consumed, nullptr);
    JD_ASSERT(!LZ4F_isError(status) && consumed == written, consumed, written);
    in_ = in_.subspan(size);
    return {};
  }

  LZ4F_dctx* context_ = nullptr;
  bool ignore_header_checksum_;
  bool ended_ = true;
  bytes_view in_;
};

}  // namespace

std::unique_ptr<packer> make_lz4_packer() { return std::make_unique<lz4_packer>(); }
std::unique_ptr<unpacker> make_lz4_unpacker(bool ignore_header_checksum) {
  return std::make_unique<lz4_unpacker>(ignore_header_checksum);
}

}  // namespace jackdaw::protocol
