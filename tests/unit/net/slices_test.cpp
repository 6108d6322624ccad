// Answers with slices of files between their bytes.
#include <stdlib.h>

#include <filesystem>

#include "file_in_memory.hpp"
#include "jackdaw/base/random.hpp"
#include "jackdaw/disk/posix_disk.hpp"
#include "support.hpp"

namespace jackdaw::net {
namespace {

using namespace testing;

std::string random_text(std::size_t size, std::uint64_t seed) {
  random_source random(seed);
  std::string out(size, '\0');
  for (auto& c : out) c = static_cast<char>(random.next());
  return out;
}

class slices : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "jackdaw-slices-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    content_ = random_text(12'000'000, 1);
    auto opened = disk_.open(directory_ + "/segment", log::open_mode::create);
    ASSERT_TRUE(opened) << opened.error().detail;
    real_ = *opened;
    const bytes_view part = as_bytes(content_);
    ASSERT_TRUE(real_->write_at({&part, 1}, 0));
    simulated_ = std::make_shared<file_in_memory>(content_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  struct piece {
    std::string memory;  // before the slice
    std::shared_ptr<log::file> file;
    std::uint64_t position = 0;
    std::uint32_t size = 0;
  };
  // The answer, and the body that a client has to see.
  broker::reply build(const std::vector<piece>& pieces, std::string& body) const {
    std::string memory(4, '\0');
    broker::reply r;
    body.clear();
    for (const auto& p : pieces) {
      memory += p.memory;
      body += p.memory;
      if (!p.file) continue;
      r.slices.push_back({memory.size(), {p.file, p.position, p.size}});
      body += content_.substr(p.position, p.size);
    }
    store_be(reinterpret_cast<std::byte*>(memory.data()), static_cast<std::int32_t>(body.size()));
    r.bytes = buffer(memory.size());
    std::memcpy(r.bytes.data(), memory.data(), memory.size());
    return r;
  }

  disk::posix_disk disk_;
  std::string directory_;
  std::string content_;
  std::shared_ptr<log::file> real_;
  std::shared_ptr<log::file> simulated_;
};

TEST_F(slices, small_large_and_simulated_ones_arrive_byte_for_byte) {
  const std::vector<std::vector<piece>> answers{
      {{"header", real_, 100, 700}, {"tail", nullptr, 0, 0}},
      {{"h", real_, 3, 5'000'000},
       {"between", real_, 77, 16 * 1024},
       {"", real_, 5'000'000, 6'999'999},
       {"end", nullptr, 0, 0}},
      {{"only memory", nullptr, 0, 0}},
      {{"a", real_, 1, 1}, {"", real_, 2, 16 * 1024 - 1}, {"b", simulated_, 9, 2'000'000}, {"", real_, 8, 100'000}},
      {{"empty slice", real_, 5, 0}, {"!", nullptr, 0, 0}},
  };
  std::vector<std::string> bodies(answers.size());
  fake_handler handler([&](const std::string& body) {
    const auto i = static_cast<std::size_t>(body[0] - '0');
    return std::optional(build(answers[i], bodies[i]));
  });
  running_server server({&handler});
  client c(server.port(), 8192);
  for (int round = 0; round < 2; ++round) {
    std::string requests;
    for (std::size_t i = 0; i < answers.size(); ++i) requests += framed(std::to_string(i));
    ASSERT_TRUE(c.send(requests));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto got = c.receive_frame();
      ASSERT_TRUE(got.has_value());
      EXPECT_TRUE(*got == bodies[i]) << "answer " << i << " has " << got->size() << " bytes of " << bodies[i].size();
    }
  }
}

TEST_F(slices, many_answers_with_slices_for_a_slow_reader) {
  random_source random(20260302);
  std::vector<std::string> bodies(40);
  fake_handler handler([&](const std::string& body) {
    std::vector<piece> pieces;
    const auto count = 1 + random.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto size = random.one_in(2) ? random.below(20'000) : random.below(400'000);
      pieces.push_back(
          {random_text(random.below(300), i), real_, random.below(11'000'000), static_cast<std::uint32_t>(size)});
    }
    return std::optional(build(pieces, bodies[std::stoul(body)]));
  });
  running_server server({&handler});
  client c(server.port(), 4096);
  std::string requests;
  for (std::size_t i = 0; i < bodies.size(); ++i) requests += framed(std::to_string(i));
  ASSERT_TRUE(c.send(requests));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const auto got = c.receive_frame();
    ASSERT_TRUE(got.has_value());
    ASSERT_TRUE(*got == bodies[i]) << "answer " << i;
  }
}

TEST_F(slices, a_file_shorter_than_its_slice_closes_instead_of_sending_something_else) {
  for (const std::uint32_t size : {1000u, 3'000'000u}) {
    std::string body;
    fake_handler handler([&](const std::string& request) {
      if (request == "good") return std::optional(reply_of("good"));
      return std::optional(build({{"header", real_, content_.size() - 10, size}}, body));
    });
    running_server server({&handler});
    client c(server.port());
    ASSERT_TRUE(c.send(framed("good") + framed("short")));
    EXPECT_EQ(c.receive_frame(), "good");
    ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
  }
}

}  // namespace
}  // namespace jackdaw::net
