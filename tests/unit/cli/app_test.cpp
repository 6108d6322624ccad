// The command line as scripts see it: what it prints and the status that it ends with, as far as that needs no broker.
#include "jackdaw/cli/app.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/cli/failure.hpp"
#include "jackdaw/protocol/record_builder.hpp"

namespace jackdaw::cli {
namespace {

namespace fs = std::filesystem;

struct outcome_seen {
  int status = 0;
  std::string out;
  std::string err;
};

outcome_seen jackdaw(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "jackdaw");
  std::vector<char*> argv;
  for (auto& a : arguments) argv.push_back(a.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  outcome_seen seen;
  seen.status = run(static_cast<int>(argv.size()), argv.data(), "1.2.3");
  seen.out = ::testing::internal::GetCapturedStdout();
  seen.err = ::testing::internal::GetCapturedStderr();
  return seen;
}

TEST(app, tells_its_version) {
  const auto seen = jackdaw({"--version"});
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.out, "jackdaw 1.2.3\n");
}

TEST(app, misuse_is_status_2_and_one_line_that_says_where_to_read_on) {
  const auto line = [](const outcome_seen& seen) {
    EXPECT_EQ(seen.status, static_cast<int>(exit_status::usage));
    EXPECT_EQ(std::count(seen.err.begin(), seen.err.end(), '\n'), 1) << seen.err;
    EXPECT_TRUE(seen.out.empty());
    return seen.err;
  };
  EXPECT_EQ(line(jackdaw({})), "jackdaw: 'jackdaw' needs to know what to do; see: jackdaw --help\n");
  EXPECT_EQ(line(jackdaw({"fly"})), "jackdaw: there is no 'jackdaw fly'; see: jackdaw --help\n");
  EXPECT_EQ(line(jackdaw({"topic", "fly"})), "jackdaw: there is no 'jackdaw topic fly'; see: jackdaw topic --help\n");
  EXPECT_NE(line(jackdaw({"topic", "create"})).find("see: jackdaw topic create --help"), std::string::npos);
  EXPECT_NE(line(jackdaw({"topic", "create", "t", "-p", "0"})).find("see: jackdaw topic create --help"),
            std::string::npos);
  EXPECT_NE(line(jackdaw({"-o", "xml", "topic", "list"})).find("--output"), std::string::npos);
  EXPECT_NE(line(jackdaw({"-b", "host:99999", "topic", "list"})).find("1 to 65535"), std::string::npos);
  EXPECT_NE(line(jackdaw({"config", "set", "topic", "t", "novalue"})).find("key=value"), std::string::npos);
  EXPECT_NE(line(jackdaw({"consume", "t", "--from", "sideways"})).find("a position"), std::string::npos);
  EXPECT_NE(line(jackdaw({"produce", "t", "-k", ":", "--key", "k"})).find("one of --key"), std::string::npos);
}

TEST(app, a_reset_needs_one_target) {
  const auto said = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"group", "reset", "g"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto seen = jackdaw(arguments);
    EXPECT_EQ(seen.status, static_cast<int>(exit_status::usage)) << seen.err;
    return seen.err;
  };
  EXPECT_NE(said({}).find("say once where to: --to-earliest"), std::string::npos);
  EXPECT_NE(said({"--to-earliest", "--shift-by", "-3"}).find("say once where to"), std::string::npos);
  EXPECT_NE(said({"--to-datetime", "someday"}).find("a time"), std::string::npos);
  EXPECT_NE(said({"--by-duration", "long"}).find("a duration"), std::string::npos);
  EXPECT_NE(said({"--to-offset", "-3"}).find("--to-offset"), std::string::npos);
  EXPECT_NE(said({"--to-earliest", "-t", "a:x"}).find("a list of partitions"), std::string::npos);
  EXPECT_NE(said({"--to-earliest", "-t", ":1"}).find("names no topic"), std::string::npos);
  EXPECT_EQ(jackdaw({"group", "reset", "g", "--from-file", "/nowhere"}).status,
            static_cast<int>(exit_status::not_found));
}

TEST(app, a_group_s_member_takes_all_partitions_it_gets) {
  EXPECT_NE(jackdaw({"consume", "t", "-g", "g", "-p", "0"}).err.find("can't be used with --group"), std::string::npos);
  EXPECT_NE(jackdaw({"consume", "t", "-g", "g", "--until", "end"}).err.find("--until"), std::string::npos);
  EXPECT_NE(jackdaw({"consume", "t", "-g", "g", "--commit-interval", "soon"}).err.find("a duration"),
            std::string::npos);
}

TEST(app, a_quota_is_for_somebody_and_a_number) {
  const auto said = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"quota", "set"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto seen = jackdaw(arguments);
    EXPECT_EQ(seen.status, static_cast<int>(exit_status::usage)) << seen.err;
    return seen.err;
  };
  EXPECT_NE(said({"producer_byte_rate=1"}).find("name whom the quota is for"), std::string::npos);
  EXPECT_NE(said({"--user", "u", "--user-default", "producer_byte_rate=1"}).find("not both"), std::string::npos);
  EXPECT_NE(said({"--ip", "1.2.3.4", "--user", "u", "connection_creation_rate=1"}).find("an ip"), std::string::npos);
  EXPECT_NE(said({"--user", "u", "producer_byte_rate=fast"}).find("a size"), std::string::npos);
  EXPECT_NE(said({"--user", "u", "request_percentage=10k"}).find("no number"), std::string::npos);
  EXPECT_NE(said({"--user", "u", "request_percentage"}).find("key=value"), std::string::npos);
}

// The words that a shell is offered.
std::vector<std::string> offered(std::vector<std::string> words) {
  words.insert(words.begin(), "__complete");
  const auto seen = jackdaw(words);
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.err, "");
  std::vector<std::string> out;
  for (std::size_t at = 0; at < seen.out.size();) {
    const auto end = seen.out.find('\n', at);
    out.push_back(seen.out.substr(at, std::min(seen.out.find('\t', at), end) - at));
    at = end + 1;
  }
  return out;
}

using word_list = std::vector<std::string>;

TEST(completion, offers_nouns_verbs_and_options) {
  EXPECT_EQ(offered({"conf"}), word_list{"config"});
  EXPECT_EQ(offered({"group", "de"}), (word_list{"describe", "delete"}));
  EXPECT_EQ(offered({"-o", "json", "--timeout", "5s", "group", "of"}), word_list{"offsets"});
  EXPECT_EQ(offered({"consume", "t", "--from-"}), word_list{"--from-beginning"});
  EXPECT_EQ(offered({"consume", "--boot"}), word_list{"--bootstrap"}) << "options for every verb";
  EXPECT_TRUE(offered({"fly", "aw"}).empty());
  EXPECT_TRUE(offered({}).empty());
}

TEST(completion, offers_values_where_they_are_known) {
  EXPECT_EQ(offered({"-o", "j"}), word_list{"json"});
  EXPECT_EQ(offered({"group", "list", "--type", "c"}), (word_list{"classic", "consumer"}));
  EXPECT_EQ(offered({"config", "set", "broker-"}), word_list{"broker-logger"});
  EXPECT_EQ(offered({"produce", "t", "-z", "z"}), word_list{"zstd"});
  EXPECT_EQ(offered({"log", "dump", "x"}), word_list{":files"});
  EXPECT_EQ(offered({"group", "reset", "g", "--from-file", ""}), word_list{":files"});
}

TEST(completion, is_silent_without_a_cluster) {
  EXPECT_TRUE(offered({"-b", "127.0.0.1:1", "topic", "describe", ""}).empty());
  EXPECT_TRUE(offered({"-b", "127.0.0.1:1", "consume", "-g", ""}).empty());
  EXPECT_TRUE(offered({"-b", "no address:", "group", "delete", ""}).empty());
}

TEST(completion, prints_a_script_for_each_shell) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto seen = jackdaw({"completion", shell});
    EXPECT_EQ(seen.status, 0);
    EXPECT_NE(seen.out.find("__complete"), std::string::npos);
  }
  EXPECT_EQ(jackdaw({"completion", "csh"}).status, static_cast<int>(exit_status::usage));
}

TEST(app, a_cluster_that_does_not_answer_is_status_3) {
  const auto seen = jackdaw({"-b", "127.0.0.1:1", "topic", "list"});
  EXPECT_EQ(seen.status, static_cast<int>(exit_status::unreachable));
  EXPECT_NE(seen.err.find("127.0.0.1:1: Connection refused; check the address"), std::string::npos) << seen.err;
}

class log_dump : public ::testing::Test {
 protected:
  log_dump()
      : dir_(fs::temp_directory_path() /
             ("jackdaw_log_dump_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  ~log_dump() override { fs::remove_all(dir_); }

  std::string write(const std::string& name, bytes_view bytes) {
    const fs::path path = dir_ / name;
    std::ofstream(path, std::ios::binary).write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }

  static std::vector<std::byte> segment() {
    std::vector<std::byte> out;
    for (int i = 0; i < 3; ++i) {
      protocol::batch_options o;
      o.base_offset = offset{10 + i * 2};
      o.compression.type = i == 1 ? protocol::codec::zstd : protocol::codec::none;
      protocol::batch_builder builder(o);
      builder.add({{1714558830123}, as_bytes("key"), as_bytes("value"), {}});
      builder.add({{1714558830123}, std::nullopt, std::nullopt, {}});
      const bytes_view batch = builder.finish().value().bytes();
      out.insert(out.end(), batch.begin(), batch.end());
    }
    return out;
  }

  fs::path dir_;
};

TEST_F(log_dump, prints_batches_and_records) {
  const auto path = write("00000000000000000010.log", segment());
  const auto seen = jackdaw({"log", "dump", "--deep", "--print", path});
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_NE(seen.out.find("offsets 12-13  records 2  position "), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("codec zstd"), std::string::npos);
  EXPECT_NE(seen.out.find("  offset 14  2024-05-01T10:20:30.123Z  key \"key\"  value \"value\"\n"), std::string::npos);
  EXPECT_NE(seen.out.find("  offset 15  2024-05-01T10:20:30.123Z  key null  value null\n"), std::string::npos);
}

TEST_F(log_dump, can_be_cut_to_a_range_and_reads_a_directory) {
  write("00000000000000000010.log", segment());
  const auto seen = jackdaw({"-o", "json", "log", "dump", dir_.string(), "--from", "12", "--until", "14"});
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(std::count(seen.out.begin(), seen.out.end(), '\n'), 1) << seen.out;
  EXPECT_NE(seen.out.find(R"("base_offset":12,"last_offset":13,"records_count":2)"), std::string::npos) << seen.out;
}

TEST_F(log_dump, damage_and_torn_ends_are_named_and_fail) {
  auto bytes = segment();
  bytes.resize(bytes.size() - 5);
  auto seen = jackdaw({"log", "dump", write("00000000000000000010.log", bytes)});
  EXPECT_EQ(seen.status, 1);
  EXPECT_NE(seen.out.find("offsets 12-13"), std::string::npos);
  EXPECT_NE(seen.err.find("incomplete batch at position"), std::string::npos) << seen.err;
  bytes = segment();
  bytes[70] ^= std::byte{1};
  seen = jackdaw({"log", "dump", write("00000000000000000010.log", bytes)});
  EXPECT_EQ(seen.status, 1);
  EXPECT_NE(seen.out.find("WRONG CHECKSUM"), std::string::npos);
  EXPECT_NE(seen.out.find("offsets 14-15"), std::string::npos) << "what follows the damage is shown, too";
}

TEST_F(log_dump, indexes_end_where_their_zeros_begin) {
  std::vector<std::byte> bytes(64);
  store_be<std::int32_t>(bytes.data(), 5);
  store_be<std::int32_t>(bytes.data() + 4, 4200);
  store_be<std::int32_t>(bytes.data() + 8, 9);
  store_be<std::int32_t>(bytes.data() + 12, 8400);
  const auto seen = jackdaw({"-o", "json", "log", "dump", write("00000000000000000100.index", bytes)});
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.out, R"([{"offset":105,"position":4200},{"offset":109,"position":8400}])"
                      "\n");
  bytes.assign(24, std::byte{0});
  store_be<std::int64_t>(bytes.data(), 1714558830123);
  store_be<std::int32_t>(bytes.data() + 8, 7);
  const auto times = jackdaw({"-o", "json", "log", "dump", write("00000000000000000100.timeindex", bytes)});
  EXPECT_EQ(times.out, R"([{"timestamp":1714558830123,"time":"2024-05-01T10:20:30.123Z","offset":107}])"
                       "\n");
}

TEST_F(log_dump, producer_snapshots_are_checked) {
  std::vector<std::byte> bytes(2 + 4 + 4 + 46);
  store_be<std::int16_t>(bytes.data(), 1);
  store_be<std::int32_t>(bytes.data() + 6, 1);
  store_be<std::int64_t>(bytes.data() + 10, 77);
  store_be<std::int32_t>(bytes.data() + 2, static_cast<std::int32_t>(crc32c(bytes_view(bytes).subspan(6))));
  const auto path = write("00000000000000000100.snapshot", bytes);
  const auto seen = jackdaw({"-o", "json", "log", "dump", path});
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_NE(seen.out.find(R"("producer":77)"), std::string::npos);
  bytes[20] ^= std::byte{1};
  EXPECT_EQ(jackdaw({"log", "dump", write("00000000000000000100.snapshot", bytes)}).status, 1);
}

}  // namespace
}  // namespace jackdaw::cli
