#include <zstd.h>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::protocol {

namespace {

constexpr int window_log_max = 27;  // 128 MiB: what Kafka's clients can read
// A context that served a large window is given back instead of kept.
constexpr std::size_t context_kept_bytes = 8 * 1024 * 1024;

class zstd_packer final : public packer {
 public:
  zstd_packer() : context_(ZSTD_createCCtx()) { JD_ASSERT(context_ != nullptr); }
  ~zstd_packer() override { ZSTD_freeCCtx(context_); }
  zstd_packer(const zstd_packer&) = delete;
  zstd_packer& operator=(const zstd_packer&) = delete;

  result<void> append(int level, bytes_view in, std::vector<std::byte>& out) override {
    const std::size_t before = out.size();
    out.resize(before + ZSTD_compressBound(in.size()));
    const std::size_t size =
        ZSTD_compressCCtx(context_, out.data() + before, out.size() - before, in.data(), in.size(), level);
    if (ZSTD_isError(size)) return fail(errc::busy, std::string("zstd: ") + ZSTD_getErrorName(size));
    out.resize(before + size);
    return {};
  }

 private:
  ZSTD_CCtx* context_;
};

class zstd_unpacker final : public unpacker {
 public:
  zstd_unpacker() { create(); }
  ~zstd_unpacker() override { ZSTD_freeDCtx(context_); }
  zstd_unpacker(const zstd_unpacker&) = delete;
  zstd_unpacker& operator=(const zstd_unpacker&) = delete;

  result<void> open(bytes_view in) override {
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    in_ = {in.data(), in.size(), 0};
    frame_open_ = true;  // no bytes at all are no stream
    return {};
  }

  result<std::size_t> read(mutable_bytes out) override {
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    while (to.pos < to.size) {
      if (in_.pos == in_.size && !frame_open_) break;
      const std::size_t in_before = in_.pos;
      const std::size_t out_before = to.pos;
      const std::size_t status = ZSTD_decompressStream(context_, &to, &in_);
      if (ZSTD_isError(status)) {
        return fail(errc::corrupt, std::string("zstd data is damaged: ") + ZSTD_getErrorName(status));
      }
      frame_open_ = status != 0;
      if (frame_open_ && in_before == in_.pos && out_before == to.pos) {
        return fail(errc::corrupt, "zstd data is cut off before its end");
      }
    }
    return to.pos;
  }

  void close() override {
    if (ZSTD_sizeof_DCtx(context_) <= context_kept_bytes) return;
    ZSTD_freeDCtx(context_);
    create();
  }

 private:
  void create() {
    context_ = ZSTD_createDCtx();
    JD_ASSERT(context_ != nullptr);
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log_max);
  }

  ZSTD_DCtx* context_ = nullptr;
  ZSTD_inBuffer in_{};
  bool frame_open_ = false;
};

}  // namespace

std::unique_ptr<packer> make_zstd_packer() { return std::make_unique<zstd_packer>(); }
std::unique_ptr<unpacker> make_zstd_unpacker() { return std::make_unique<zstd_unpacker>(); }

}  // namespace jackdaw::protocol
