#include "jackdaw/protocol/compression.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::protocol {

const char* name_of(codec c) noexcept {
  switch (c) {
    case codec::none: return "none";
    case codec::gzip: return "gzip";
    case codec::snappy: return "snappy";
    case codec::lz4: return "lz4";
    case codec::zstd: return "zstd";
  }
  return "unknown";
}

std::optional<codec> parse_codec(std::string_view name) noexcept {
  for (const codec c : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    if (name == name_of(c)) return c;
  }
  if (name == "uncompressed") return codec::none;
  return std::nullopt;
}

std::optional<level_range> levels_of(codec c) noexcept {
  switch (c) {
    case codec::gzip: return level_range{1, 9, -1};
    case codec::lz4: return level_range{1, 17, 9};
    case codec::zstd: return level_range{-131072, 22, 3};
    case codec::none:
    case codec::snappy: break;
  }
  return std::nullopt;
}

namespace {

// gzip's -1 is its own name for the usual level.
result<int> checked_level(const compression& how) {
  const auto range = levels_of(how.type);
  if (!range) return 0;
  const int level = how.level.value_or(range->usual);
  if (level != range->usual && (level < range->least || level > range->most)) {
    return fail(errc::invalid_argument, std::string(name_of(how.type)) + " level " + std::to_string(level) +
                                            ": must be from " + std::to_string(range->least) + " to " +
                                            std::to_string(range->most));
  }
  return level;
}

constexpr std::size_t packers_count = 5;  // by codec

std::size_t index_of(codec c) { return static_cast<std::size_t>(c); }

std::unique_ptr<packer> make_packer(codec c) {
  switch (c) {
    case codec::gzip: return make_gzip_packer();
    case codec::snappy: return make_snappy_packer();
    case codec::lz4: return make_lz4_packer();
    case codec::zstd: return make_zstd_packer();
    case codec::none: break;
  }
  return nullptr;
}

class plain_unpacker final : public unpacker {
 public:
  result<void> open(bytes_view in) override {
    in_ = in;
    return {};
  }
  result<std::size_t> read(mutable_bytes out) override {
    const std::size_t size = std::min(in_.size(), out.size());
    if (size != 0) std::memcpy(out.data(), in_.data(), size);
    in_ = in_.subspan(size);
    return size;
  }

 private:
  bytes_view in_;
};

}  // namespace

struct compressor::state {
  std::array<std::unique_ptr<packer>, packers_count> packers;
};

compressor::compressor() noexcept = default;
compressor::compressor(compressor&&) noexcept = default;
compressor& compressor::operator=(compressor&&) noexcept = default;
compressor::~compressor() = default;

result<void> compressor::append(const compression& how, bytes_view in, std::vector<std::byte>& out) {
  if (how.type == codec::none) {
    out.insert(out.end(), in.begin(), in.end());
    return {};
  }
  JD_ASSERT(index_of(how.type) < packers_count, index_of(how.type));
  auto level = checked_level(how);
  if (!level) return level.error();
  if (!state_) state_ = std::make_unique<state>();
  auto& made = state_->packers[index_of(how.type)];
  if (!made) made = make_packer(how.type);
  return made->append(*level, in, out);
}

struct decompressor::state {
  std::array<std::unique_ptr<unpacker>, packers_count> unpackers;
  std::unique_ptr<unpacker> magic_0_lz4;
  unpacker* current = nullptr;
};

decompressor::decompressor(std::size_t block_limit_bytes) noexcept : block_limit_bytes_(block_limit_bytes) {}
decompressor::decompressor(decompressor&&) noexcept = default;
decompressor& decompressor::operator=(decompressor&&) noexcept = default;
decompressor::~decompressor() = default;

namespace {

std::unique_ptr<unpacker> make_unpacker(codec c, std::size_t block_limit_bytes) {
  switch (c) {
    case codec::gzip: return make_gzip_unpacker();
    case codec::snappy: return make_snappy_unpacker(block_limit_bytes);
    case codec::lz4: return make_lz4_unpacker(false);
    case codec::zstd: return make_zstd_unpacker();
    case codec::none: break;
  }
  return std::make_unique<plain_unpacker>();
}

}  // namespace

result<void> decompressor::open(codec type, bytes_view in) {
  JD_ASSERT(index_of(type) < packers_count, index_of(type));
  if (!state_) state_ = std::make_unique<state>();
  auto& made = state_->unpackers[index_of(type)];
  if (!made) made = make_unpacker(type, block_limit_bytes_);
  state_->current = made.get();
  return made->open(in);
}

result<void> decompressor::open_magic_0(codec type, bytes_view in) {
  if (type != codec::lz4) return open(type, in);
  if (!state_) state_ = std::make_unique<state>();
  if (!state_->magic_0_lz4) state_->magic_0_lz4 = make_lz4_unpacker(true);
  state_->current = state_->magic_0_lz4.get();
  return state_->current->open(in);
}

result<std::size_t> decompressor::read(mutable_bytes out) {
  JD_ASSERT(state_ && state_->current && !out.empty());
  auto got = state_->current->read(out);
  JD_ASSERT(!got || *got <= out.size(), *got, out.size());
  return got;
}

void decompressor::close() {
  if (state_ && state_->current) state_->current->close();
}

result<void> read_all(decompressor& from, std::size_t limit_bytes, std::vector<std::byte>& out) {
  constexpr std::size_t first_step_bytes = 16 * 1024;
  constexpr std::size_t step_bytes_max = 1024 * 1024;
  const std::size_t before = out.size();
  std::size_t end = before;
  for (std::size_t step = first_step_bytes;; step = std::min(step * 2, step_bytes_max)) {
    out.resize(end + step);
    auto got = from.read(mutable_bytes(out).subspan(end));
    end += got ? *got : 0;
    const bool over = end - before > limit_bytes;
    if (!got || *got == 0 || over) {
      out.resize(end);
      if (!got) return got.error();
      if (over) {
        return fail(errc::too_large, "data expands to more than the " + std::to_string(limit_bytes) + " bytes allowed");
      }
      return {};
    }
  }
}

result<void> decompress(decompressor& with, codec type, bytes_view in, std::size_t limit_bytes,
                        std::vector<std::byte>& out) {
  if (auto opened = with.open(type, in); !opened) return opened;
  return read_all(with, limit_bytes, out);
}

}  // namespace jackdaw::protocol
