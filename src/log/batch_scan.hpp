// Walking over the batches of a segment file: headers only, or whole batches.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "jackdaw/log/disk.hpp"
#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::log {

// Whether a shard asks (it must not wait for the disk) or a worker.
enum class wait_mode { no_wait, may_wait };

enum class scan_step {
  found,
  end,          // nothing is left
  incomplete,   // the last batch reaches past the end
  damaged,      // what comes can't be a batch of magic 2
  would_block,  // no_wait: the bytes aren't in memory; try again with may_wait
};

// Batch headers one after the other, in reads of a page: small batches share one.
class header_scanner {
 public:
  header_scanner(file& f, std::uint64_t position, std::uint64_t end, wait_mode wait) noexcept
      : file_(f), next_(position), end_(end), wait_(wait) {}

  result<scan_step> next();
  // Of what next() found. The view has the header only: no payload.
  const protocol::batch_view& header() const noexcept { return header_; }
  std::uint64_t position() const noexcept { return position_; }
  std::uint32_t size_bytes() const noexcept { return size_; }
  // Where the next batch starts; after `incomplete` or `damaged`, where that begins.
  std::uint64_t next_position() const noexcept { return next_; }

 private:
  result<scan_step> fill();

  file& file_;
  std::uint64_t position_ = 0;
  std::uint64_t next_;
  std::uint64_t end_;
  std::uint32_t size_ = 0;
  wait_mode wait_;
  protocol::batch_view header_;
  std::uint64_t buffer_position_ = 0;
  std::size_t buffer_size_ = 0;
  std::array<std::byte, 4096> buffer_;
};

// Whole batches, in large reads. For workers and recovery: it waits for the disk. Checks sizes, no checksums.
class batch_stream {
 public:
  batch_stream(file& f, std::uint64_t position, std::uint64_t end) noexcept : file_(f), next_(position), end_(end) {}

  // Never would_block.
  result<scan_step> next();
  // Lasts until the next call.
  const protocol::batch_view& batch() const noexcept { return batch_; }
  std::uint64_t position() const noexcept { return next_ - batch_.size_bytes(); }
  std::uint64_t next_position() const noexcept { return next_; }

 private:
  result<void> fill(std::uint64_t need_bytes);

  file& file_;
  std::uint64_t next_;
  std::uint64_t end_;
  protocol::batch_view batch_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_position_ = 0;
  std::size_t buffer_size_ = 0;
};

}  // namespace jackdaw::log
