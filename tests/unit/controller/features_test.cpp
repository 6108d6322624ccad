// Changing feature levels.
#include "jackdaw/controller/features.hpp"

#include "support.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

class features : public ::testing::Test {
 protected:
  features() { c_.apply({metadata::feature_level_set{"metadata.version", 20}}); }

  verdict update(std::string_view name, std::int16_t level, std::int8_t type = 1, std::int16_t version = 2,
                 bool validate_only = false) {
    protocol::update_features_request asked;
    asked.validate_only = validate_only;
    auto& f = asked.feature_updates.emplace_back();
    f.feature = name;
    f.max_version_level = level;
    if (version == 0) {
      f.allow_downgrade = type != 1;
    } else {
      f.upgrade_type = type;
    }
    auto decided = update_features(c_.image(), asked, version);
    c_.apply(decided.records);
    return decided.reply.outcome;
  }
  int level() const { return c_.image().features().at("metadata.version"); }

  cluster c_;
};

TEST_F(features, a_level_rises_within_what_is_supported) {
  EXPECT_TRUE(update("metadata.version", 25).ok());
  EXPECT_EQ(level(), 25);
  EXPECT_EQ(update("metadata.version", 31).code, error_code::invalid_update_version);
  EXPECT_EQ(update("metadata.version", 6).code, error_code::invalid_update_version);
  EXPECT_TRUE(update("metadata.version", 30).ok());
  EXPECT_TRUE(update("metadata.version", 30).ok()) << "the level that it has";
  EXPECT_EQ(level(), 30);
}

TEST_F(features, validating_changes_nothing) {
  EXPECT_TRUE(update("metadata.version", 30, 1, 1, true).ok());
  EXPECT_EQ(level(), 20);
}

TEST_F(features, there_is_no_way_back) {
  for (const std::int8_t type : {1, 2, 3}) {
    for (const std::int16_t version : {0, 1, 2})
      EXPECT_EQ(update("metadata.version", 19, type, version).code, error_code::invalid_update_version);
  }
  EXPECT_EQ(level(), 20);
}

TEST_F(features, what_is_not_there_can_not_be_set) {
  EXPECT_EQ(update("group.version", 1).code, error_code::invalid_update_version);
  EXPECT_EQ(update("", 1).code, error_code::invalid_update_version);
  EXPECT_EQ(update("metadata.version", -1).code, error_code::invalid_update_version);
  EXPECT_EQ(update("metadata.version", 25, 7).code, error_code::invalid_update_version);
}

TEST_F(features, one_bad_feature_spoils_all) {
  protocol::update_features_request asked;
  asked.feature_updates.resize(2);
  asked.feature_updates[0].feature = "metadata.version";
  asked.feature_updates[0].max_version_level = 30;
  asked.feature_updates[1].feature = "none";
  const auto decided = update_features(c_.image(), asked, 2);
  EXPECT_FALSE(decided.reply.outcome.ok());
  EXPECT_TRUE(decided.records.empty());
}

}  // namespace
}  // namespace jackdaw::controller
