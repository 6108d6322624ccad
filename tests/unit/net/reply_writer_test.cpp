#include "reply_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "file_in_memory.hpp"

namespace jackdaw::net {
namespace {

// A stream that can't take files, as an encrypted one; it has room for so much until it is full.
class memory_stream final : public byte_stream {
 public:
  moved read(mutable_bytes) override { return {moved::state::full}; }
  moved write(std::span<const iovec> parts, bool) override {
    if (room == 0) return {moved::state::full};
    moved done;
    for (const iovec& part : parts) {
      const std::size_t n = std::min(part.iov_len, room);
      taken.append(static_cast<const char*>(part.iov_base), n);
      room -= n;
      done.bytes += n;
    }
    return done;
  }
  bool sends_files() const noexcept override { return false; }
  moved write_file(int, std::uint64_t, std::size_t) override {
    ADD_FAILURE() << "it said that it can't";
    return {moved::state::failed, EINVAL};
  }
  void wait(readiness, stream_watcher&) override { ADD_FAILURE() << "not the writer's business"; }

  std::string taken;
  std::size_t room = 0;
};

TEST(reply_writer, large_slices_pass_through_memory_where_the_stream_takes_no_files) {
  std::string content(300'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 23);
  const auto file = std::make_shared<testing::file_in_memory>(content, 0);
  reply_queue queue;
  auto& slot = queue[queue.reserve()];
  slot.answer.bytes = buffer(8);
  std::memcpy(slot.answer.bytes.data(), "headtail", 8);
  slot.answer.slices.push_back({4, {file, 1000, 200'000}});
  slot.cost = 77;
  slot.is_ready = true;

  memory_stream stream;
  reply_writer writer;
  buffer scratch(64 * 1024);
  std::size_t sent = 0;
  std::size_t freed = 0;
  // The stream takes 10,000 bytes at a time, each time until it is full.
  for (int i = 0; i < 100 && !queue.empty(); ++i) {
    stream.room = 10'000;
    const auto outcome = writer.send(stream, queue, scratch.span(), sent, freed);
    EXPECT_NE(outcome, reply_writer::status::closed) << writer.reason();
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(sent, 200'008u);
  EXPECT_EQ(freed, 77u);
  EXPECT_TRUE(stream.taken == "head" + content.substr(1000, 200'000) + "tail");
}

}  // namespace
}  // namespace jackdaw::net
