#include <zlib.h>

#include <algorithm>
#include <limits>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::protocol {

namespace {

constexpr int gzip_window_bits = 15 + 16;  // + 16: gzip's wrapper instead of zlib's

Bytef* input(bytes_view in) { return reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data())); }

uInt bounded(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class gzip_packer final : public packer {
 public:
  ~gzip_packer() override {
    if (started_) deflateEnd(&stream_);
  }

  result<void> append(int level, bytes_view in, std::vector<std::byte>& out) override {
    start(level);
    const std::size_t before = out.size();
    out.resize(before + deflateBound(&stream_, in.size()));
    JD_ASSERT(bounded(in.size()) == in.size(), in.size());  // or its end would be left out
    stream_.next_in = input(in);
    stream_.avail_in = bounded(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = bounded(out.size() - before);
    const int status = deflate(&stream_, Z_FINISH);
    JD_ASSERT(status == Z_STREAM_END && stream_.avail_in == 0, status, in.size(), stream_.avail_in);
    out.resize(out.size() - stream_.avail_out);
    return {};
  }

 private:
  void start(int level) {
    if (started_ && level == level_) {
      deflateReset(&stream_);
      return;
    }
    if (started_) deflateEnd(&stream_);
    stream_ = {};
    const int status = deflateInit2(&stream_, level, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY);
    JD_ASSERT(status == Z_OK, status, level);
    started_ = true;
    level_ = level;
  }

  z_stream stream_{};
  bool started_ = false;
  int level_ = 0;
};

class gzip_unpacker final : public unpacker {
 public:
  gzip_unpacker() {
    const int status = inflateInit2(&stream_, gzip_window_bits);
    JD_ASSERT(status == Z_OK, status);
  }
  ~gzip_unpacker() override { inflateEnd(&stream_); }

  result<void> open(bytes_view in) override {
    inflateReset(&stream_);
    stream_.next_in = input(in);
    stream_.avail_in = bounded(in.size());
    ended_ = false;
    return {};
  }

  result<std::size_t> read(mutable_bytes out) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = bounded(out.size());
    const uInt room = stream_.avail_out;
    while (!ended_ && stream_.avail_out != 0) {
      const uInt in_before = stream_.avail_in;
      const uInt out_before = stream_.avail_out;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        if (auto more = next_member(); !more) return more.error();
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return fail(errc::corrupt, std::string("gzip data is damaged: ") + (stream_.msg ? stream_.msg : "bad stream"));
      } else if (in_before == stream_.avail_in && out_before == stream_.avail_out) {
        return fail(errc::corrupt, "gzip data is cut off before its end");
      }
    }
    return room - stream_.avail_out;
  }

 private:
  // Several gzip members in a row read as one. Java's clients ignore other bytes after a member, others fail there.
  result<void> next_member() {
    ended_ = stream_.avail_in == 0;
    if (ended_) return {};
    if (stream_.avail_in < 2 || stream_.next_in[0] != 0x1f || stream_.next_in[1] != 0x8b) {
      return fail(errc::corrupt, "bytes follow the gzip data");
    }
    inflateReset(&stream_);
    return {};
  }

  z_stream stream_{};
  bool ended_ = true;
};

}  // namespace

std::unique_ptr<packer> make_gzip_packer() { return std::make_unique<gzip_packer>(); }
std::unique_ptr<unpacker> make_gzip_unpacker() { return std::make_unique<gzip_unpacker>(); }

}  // namespace jackdaw::protocol
