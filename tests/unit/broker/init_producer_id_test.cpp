// InitProducerId: an id that nobody had before.
#include <set>

#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/init_producer_id.hpp"

namespace jackdaw::testing {
namespace {

class init_producer_id : public broker_test {
 protected:
  static protocol::init_producer_id_request idempotent() {
    protocol::init_producer_id_request asked;
    asked.transactional_id.reset();
    return asked;
  }
  static std::int64_t next_id(test_broker& b, broker::connection_id connection, std::int16_t version = 5) {
    const auto a = b.send(connection, version, idempotent());
    const auto got = b.decode<protocol::init_producer_id_response>(a, version);
    EXPECT_EQ(got.error_code, error_code::none);
    EXPECT_EQ(got.producer_epoch, producer_epoch{0});
    return got.producer_id.value();
  }
};

TEST_F(init_producer_id, ids_are_unique_over_shards_versions_restarts_and_power_cuts) {
  test_broker b(3);
  std::set<std::int64_t> ids;
  std::size_t count = 0;
  for (int life = 0; life < 4; ++life) {
    for (std::uint32_t s = 0; s < 3; ++s) {
      const auto c = b.connect(s);
      for (std::int16_t v = 0; v <= 5; ++v) {
        ids.insert(next_id(b, c, v));
        ++count;
      }
    }
    life % 2 == 0 ? b.crash(crash_kind::worst) : b.stop();
    b.start();
  }
  EXPECT_EQ(ids.size(), count);
}

TEST_F(init_producer_id, a_shard_that_has_used_up_its_block_gets_another) {
  test_broker b(1);
  std::set<std::int64_t> ids;
  for (int i = 0; i < 1500; ++i) ids.insert(next_id(b, b.connection()));
  EXPECT_EQ(ids.size(), 1500U);
}

TEST_F(init_producer_id, requests_that_wait_for_a_block_are_all_answered) {
  test_broker b(2);
  const auto c = b.connect(1);
  b.hold();
  std::vector<std::shared_ptr<test_broker::answer>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(b.send(c, 5, idempotent()));
  b.release();
  std::set<std::int64_t> ids;
  for (const auto& a : answers) ids.insert(b.decode<protocol::init_producer_id_response>(a, 5).producer_id.value());
  EXPECT_EQ(ids.size(), 20U);
}

TEST_F(init_producer_id, a_transactional_id_is_refused) {
  test_broker b;
  auto asked = idempotent();
  asked.transactional_id = "tx";
  EXPECT_EQ(b.call<protocol::init_producer_id_response>(5, asked).error_code, error_code::coordinator_not_available);
  asked.transactional_id = "";
  EXPECT_EQ(b.call<protocol::init_producer_id_response>(5, asked).error_code, error_code::invalid_request);
}

}  // namespace
}  // namespace jackdaw::testing
