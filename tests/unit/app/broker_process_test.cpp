// A whole broker in this process, on a port that the system picks.
#include "broker_process.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "jackdaw/net/outlets.hpp"

namespace jackdaw::app {
namespace {

class broker_process_test : public ::testing::Test {
 protected:
  void SetUp() override {
    spdlog::set_level(spdlog::level::off);
    std::string pattern = (std::filesystem::temp_directory_path() / "jackdaw-process-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  broker_config config(std::vector<std::string> overrides = {}) const {
    overrides.insert(overrides.begin(), {"listeners=PLAINTEXT://127.0.0.1:0", "log.dirs=" + directory_ + "/data"});
    auto loaded = load_broker_config({"", "", {}, overrides});
    EXPECT_TRUE(loaded) << loaded.error().detail;
    return loaded->config;
  }
  static result<std::unique_ptr<broker_process>> start(broker_config c) {
    return broker_process::start(std::move(c), "test", nullptr, net::system_now().steady);
  }
  std::string meta_properties() const {
    std::ifstream in(directory_ + "/data/meta.properties");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  std::string directory_;
};

TEST_F(broker_process_test, formats_an_empty_directory_and_keeps_its_cluster) {
  auto first = start(config());
  ASSERT_TRUE(first) << first.error().detail;
  (*first)->stop();
  first->reset();
  const std::string meta = meta_properties();
  EXPECT_NE(meta.find("cluster.id="), std::string::npos);
  EXPECT_NE(meta.find("node.id=1"), std::string::npos);
  auto second = start(config());
  ASSERT_TRUE(second) << second.error().detail;
  (*second)->stop();
  EXPECT_EQ(meta_properties(), meta);
}

TEST_F(broker_process_test, refuses_a_directory_in_use_or_of_another_cluster_or_node) {
  auto first = start(config({"jackdaw.cluster.id=5L6g3nShT-eMCtK--X86sw"}));
  ASSERT_TRUE(first) << first.error().detail;
  const auto held = start(config());
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, errc::busy) << held.error().detail;
  (*first)->stop();
  first->reset();
  const auto other_cluster = start(config({"jackdaw.cluster.id=4L6g3nShT-eMCtK--X86sw"}));
  ASSERT_FALSE(other_cluster);
  EXPECT_NE(other_cluster.error().detail.find("4L6g3nShT-eMCtK--X86sw"), std::string::npos)
      << other_cluster.error().detail;
  const auto other_node = start(config({"node.id=7"}));
  ASSERT_FALSE(other_node);
  EXPECT_NE(other_node.error().detail.find(directory_), std::string::npos) << other_node.error().detail;
  auto again = start(config());
  ASSERT_TRUE(again) << again.error().detail;
  (*again)->stop();
}

TEST_F(broker_process_test, what_this_version_cannot_do_is_refused_before_anything_starts) {
  auto c = config();
  EXPECT_TRUE(check_supported(c));
  c.listeners[0].security = security_protocol::sasl_ssl;
  EXPECT_NE(check_supported(c).error().detail.find("SASL_SSL"), std::string::npos);
  c = config();
  c.is_broker = false;
  EXPECT_NE(check_supported(c).error().detail.find("process.roles"), std::string::npos);
  c = config();
  c.controller_quorum_voters.resize(3);
  EXPECT_NE(check_supported(c).error().detail.find("controller.quorum.voters"), std::string::npos);
}

}  // namespace
}  // namespace jackdaw::app
