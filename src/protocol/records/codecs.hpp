// What the five codecs look like to compressor and decompressor: one file each behind these two interfaces.
#pragma once

#include <memory>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/compression.hpp"

namespace jackdaw::protocol {

class packer {
 public:
  virtual ~packer() = default;
  // Appends one stream. `level` is in the codec's range.
  virtual result<void> append(int level, bytes_view in, std::vector<std::byte>& out) = 0;
};

class unpacker {
 public:
  virtual ~unpacker() = default;
  virtual result<void> open(bytes_view in) = 0;
  // At least one byte; 0 at the end.
  virtual result<std::size_t> read(mutable_bytes out) = 0;
  // The stream is read no further: memory that only a large one needs goes back.
  virtual void close() {}
};

std::unique_ptr<packer> make_gzip_packer();
std::unique_ptr<packer> make_snappy_packer();
std::unique_ptr<packer> make_lz4_packer();
std::unique_ptr<packer> make_zstd_packer();

std::unique_ptr<unpacker> make_gzip_unpacker();
std::unique_ptr<unpacker> make_snappy_unpacker(std::size_t block_limit_bytes);
std::unique_ptr<unpacker> make_lz4_unpacker(bool ignore_header_checksum);
std::unique_ptr<unpacker> make_zstd_unpacker();

// All of an opened stream, appended to `out`; errc::too_large beyond `limit_bytes`.
result<void> read_all(decompressor& from, std::size_t limit_bytes, std::vector<std::byte>& out);

}  // namespace jackdaw::protocol
