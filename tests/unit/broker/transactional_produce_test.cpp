// Nothing coordinates transactions yet: their batches would stop readers of committed records for ever.
#include "broker_fixture.hpp"
#include "support/test_batch.hpp"

namespace jackdaw::testing {
namespace {

class transactional_produce : public broker_test {
 protected:
  // One batch for each partition from 0 on.
  std::vector<error_code> send_batches(test_broker& b, const std::vector<std::vector<std::byte>>& batches,
                                       std::optional<std::string_view> transactional_id) {
    protocol::produce_request asked;
    asked.acks = -1;
    asked.timeout_ms = 1000;
    asked.transactional_id = transactional_id;
    auto& topic = asked.topic_data.emplace_back();
    topic.name = "t";
    for (std::size_t p = 0; p < batches.size(); ++p) {
      auto& part = topic.partition_data.emplace_back();
      part.index = partition_id{static_cast<std::int32_t>(p)};
      part.records = protocol::records_view::of(batches[p]);
    }
    const auto answer =
        b.decode<protocol::produce_response>(b.send(b.connection(), produce_version, asked), produce_version);
    std::vector<error_code> codes;
    for (const auto& row : answer.responses.at(0).partition_responses) codes.push_back(row.error_code);
    return codes;
  }
  std::vector<std::byte> plain() { return make_batch(1); }
  std::vector<std::byte> transactional() { return make_batch(1, "v", 1000, from_producer(7, 0, 0, true)); }
};

using codes = std::vector<error_code>;

TEST_F(transactional_produce, without_an_id_the_whole_request_is_refused) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  EXPECT_EQ(send_batches(b, {plain(), transactional()}, std::nullopt),
            codes(2, error_code::transactional_id_authorization_failed));
  EXPECT_TRUE(read_all(b, "t", 0).empty());
  EXPECT_TRUE(read_all(b, "t", 1).empty());
}

TEST_F(transactional_produce, with_an_id_there_is_no_transaction_that_it_belongs_to) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  EXPECT_EQ(send_batches(b, {plain(), transactional()}, "tx"),
            (codes{error_code::none, error_code::invalid_txn_state}));
  EXPECT_EQ(read_all(b, "t", 0).size(), 1U);
  EXPECT_TRUE(read_all(b, "t", 1).empty());
  EXPECT_EQ(send_batches(b, {plain(), plain()}, std::nullopt), codes(2, error_code::none));
  EXPECT_EQ(read_all(b, "t", 1).size(), 1U);
}

}  // namespace
}  // namespace jackdaw::testing
