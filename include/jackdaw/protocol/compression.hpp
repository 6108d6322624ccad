// The codecs of record batches. Compressing and decompressing objects keep their tables between uses, so keep the
// objects: one per thread that does such work.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw::protocol {

// Numbers are those of a batch's attributes.
enum class codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

// "none", "gzip", ...: as in compression.type.
const char* name_of(codec c) noexcept;
// Nothing for any other text; "uncompressed" is none, too.
std::optional<codec> parse_codec(std::string_view name) noexcept;

struct compression {
  codec type = codec::none;
  // Nothing is the codec's default. gzip 1 to 9, lz4 1 to 17, zstd -131072 to 22; snappy has none. lz4's 9 is the
  // default of Kafka's compression.lz4.level and stands for the fast compressor, as it does there (KIP-390).
  std::optional<int> level = std::nullopt;

  bool operator==(const compression&) const = default;
};

struct level_range {
  int least = 0;
  int most = 0;
  int usual = 0;
};
// Nothing for codecs without levels.
std::optional<level_range> levels_of(codec c) noexcept;

class compressor {
 public:
  compressor() noexcept;
  compressor(compressor&&) noexcept;
  compressor& operator=(compressor&&) noexcept;
  ~compressor();

  // Appends the compressed form of `in` to `out`, as one stream in the framing that Kafka's own clients write.
  // Fails with invalid_argument for a level out of range.
  result<void> append(const compression& how, bytes_view in, std::vector<std::byte>& out);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// Decompresses a stream piece by piece, so that a bomb costs what its reader keeps and not what it expands to.
class decompressor {
 public:
  // How far it looks for what it must hold at once: a snappy block. (zstd windows end at 128 MiB, as Kafka's do.)
  static constexpr std::size_t block_limit_bytes_default = 64 * 1024 * 1024;

  explicit decompressor(std::size_t block_limit_bytes = block_limit_bytes_default) noexcept;
  decompressor(decompressor&&) noexcept;
  decompressor& operator=(decompressor&&) noexcept;
  ~decompressor();

  // Starts a new stream. `in` must outlive the last read. Fails when its first bytes can't be that codec's.
  result<void> open(codec type, bytes_view in);
  // lz4 frames in old messages of magic 0 have a header checksum over the wrong bytes; this one accepts it.
  result<void> open_magic_0(codec type, bytes_view in);
  // Fills up to out.size() bytes, at least 1; 0 at the end of the stream. errc::corrupt for damaged or cut bytes,
  // errc::too_large for a block beyond the limit.
  result<std::size_t> read(mutable_bytes out);
  // Ends the stream before its end, or after it: what only a large one needs is given back, not kept for the next.
  void close();

 private:
  struct state;
  std::unique_ptr<state> state_;
  std::size_t block_limit_bytes_;
};

// The whole stream, appended to `out`; errc::too_large beyond `limit_bytes`.
result<void> decompress(decompressor& with, codec type, bytes_view in, std::size_t limit_bytes,
                        std::vector<std::byte>& out);

}  // namespace jackdaw::protocol
