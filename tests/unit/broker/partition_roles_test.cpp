// What a broker is to a partition follows the cluster's state: leaders that come and go, replicas that catch up or
// don't.
#include <functional>

#include "broker_fixture.hpp"
#include "handlers/metadata_submit.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/protocol/messages/list_offsets.hpp"
#include "jackdaw/protocol/messages/offset_for_leader_epoch.hpp"

namespace jackdaw::testing {
namespace {

using values = std::vector<std::string>;
using metadata::broker_list;

constexpr broker_id self{1}, other{2}, third{3};

class partition_roles : public broker_test {
 protected:
  using answer_ptr = std::shared_ptr<test_broker::answer>;

  // What the controller would decide for t-0.
  void decide(test_broker& b, std::function<void(metadata::partition_state&)> change) {
    bool is_decided = false;
    broker::submit_metadata(
        b.state(0),
        [change](const metadata::image& image, random_source&) {
          const auto* topic = image.find_topic("t");
          auto state = topic->partition(partition_id{0});
          change(state);
          ++state.partition_epoch;
          return std::vector<metadata::record>{metadata::partition_changed{topic->id(), partition_id{0}, state}};
        },
        [&is_decided](result<void> outcome) { is_decided = bool(outcome); });
    b.run();
    EXPECT_TRUE(is_decided);
  }
  void make_replicated(test_broker& b, std::vector<std::pair<std::string_view, std::string_view>> configs = {}) {
    ASSERT_EQ(create_topic(b, "t", 1, std::move(configs)), error_code::none);
    decide(b, [](auto& s) { s.replicas = s.isr = broker_list{self, other}; });
  }
  void elect(test_broker& b, broker_id leader) {
    decide(b, [leader](auto& s) {
      s.leader = leader;
      ++s.leader_epoch;
    });
  }

  answer_ptr send(test_broker& b, std::string_view value, std::int16_t acks = -1, const producer& p = {}) {
    return send_produce(b, b.connection(), "t", 0, batch(b, {std::string(value)}, p), acks);
  }
  produced row_of(test_broker& b, const answer_ptr& answer) {
    const auto decoded = b.decode<protocol::produce_response>(answer, produce_version);
    if (decoded.responses.size() == 1) return decoded.responses[0].partition_responses.at(0);
    return {};
  }
  // As the replica on another broker does, up to which it has everything.
  protocol::fetch_response fetch_as(test_broker& b, broker_id replica, std::int64_t from) {
    auto asked = fetch_request("t", 0, from);
    asked.replica_id = replica;
    return b.call<protocol::fetch_response>(fetch_version, asked);
  }
  error_code fetch_error(const protocol::fetch_response& answer) {
    return answer.responses.at(0).partitions.at(0).error_code;
  }
  std::int64_t latest(test_broker& b) {
    protocol::list_offsets_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = "t";
    t.partitions.emplace_back().timestamp = -1;
    return b.call<protocol::list_offsets_response>(7, asked).topics.at(0).partitions.at(0).offset.value();
  }
};

TEST_F(partition_roles, acks_all_waits_for_the_high_watermark_and_acks_one_does_not) {
  test_broker b(1);
  make_replicated(b);
  const auto all = send(b, "a");
  const auto one = send(b, "b", 1);
  EXPECT_FALSE(all->arrived);
  EXPECT_TRUE(one->arrived);
  EXPECT_EQ(read_all(b, "t", 0), values{}) << "nothing is committed";
  EXPECT_EQ(values_of(fetch_as(b, other, 0)), (values{"0:a", "1:b"})) << "replicas read beyond the high watermark";
  EXPECT_FALSE(all->arrived) << "it has asked from 0: it has nothing yet";
  fetch_as(b, other, 1);
  EXPECT_EQ(row_of(b, all).error_code, error_code::none);
  EXPECT_EQ(read_all(b, "t", 0), values{"0:a"});
  fetch_as(b, other, 2);
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:a", "1:b"}));
}

TEST_F(partition_roles, fetches_that_wait_hear_of_the_high_watermark_and_those_of_replicas_of_the_logs_end) {
  test_broker b(1);
  make_replicated(b);
  const auto consumer = b.send(b.connect(0), fetch_version, fetch_request("t", 0, 0, 5000));
  auto asked = fetch_request("t", 0, 0, 5000);
  asked.replica_id = other;
  const auto replica = b.send(b.connect(0), fetch_version, asked);
  const auto sent = send(b, "a");
  EXPECT_TRUE(replica->arrived);
  EXPECT_FALSE(consumer->arrived);
  fetch_as(b, other, 1);
  EXPECT_TRUE(consumer->arrived);
  EXPECT_TRUE(sent->arrived);
}

TEST_F(partition_roles, acks_all_is_too_late_after_the_requests_timeout_and_the_records_stay) {
  test_broker b(1);
  make_replicated(b);
  const auto late = send(b, "a");
  b.advance(999);
  EXPECT_FALSE(late->arrived);
  b.advance(1);
  EXPECT_EQ(row_of(b, late).error_code, error_code::request_timed_out);
  fetch_as(b, other, 1);
  EXPECT_EQ(read_all(b, "t", 0), values{"0:a"});
}

TEST_F(partition_roles, a_duplicate_waits_for_the_replicas_that_its_original_waits_for) {
  test_broker b(1);
  make_replicated(b);
  const producer p{producer_id{7}, producer_epoch{0}, 0};
  const auto original = send(b, "a", -1, p);
  const auto behind = send(b, "b");
  const auto duplicate = send(b, "a", -1, p);
  EXPECT_FALSE(duplicate->arrived);
  fetch_as(b, other, 1);
  EXPECT_EQ(row_of(b, original).error_code, error_code::none);
  EXPECT_EQ(row_of(b, duplicate).error_code, error_code::none);
  EXPECT_FALSE(behind->arrived);
  fetch_as(b, other, 2);
  EXPECT_EQ(row_of(b, behind).error_code, error_code::none);
}

TEST_F(partition_roles, a_smaller_isr_commits_what_it_has_and_refuses_what_would_be_too_few) {
  test_broker b(1);
  make_replicated(b, {{"min.insync.replicas", "2"}});
  const auto waits = send(b, "a");
  decide(b, [](auto& s) { s.isr = broker_list{self}; });
  EXPECT_FALSE(waits->arrived) << "nothing is committed while the ISR is smaller than asked for";
  EXPECT_EQ(row_of(b, send(b, "b")).error_code, error_code::not_enough_replicas);
  ASSERT_EQ(alter(b, topic_type, "t", "min.insync.replicas", "1"), error_code::none);
  EXPECT_EQ(row_of(b, waits).error_code, error_code::none);
  EXPECT_EQ(row_of(b, send(b, "b")).error_code, error_code::none);
}

TEST_F(partition_roles, losing_leadership_sends_everybody_away_and_getting_it_back_goes_on_where_the_log_ends) {
  test_broker b(1);
  make_replicated(b);
  EXPECT_TRUE(send(b, "a", 1)->arrived);
  fetch_as(b, other, 1);
  const auto waits = send(b, "b");
  const auto reader = b.send(b.connect(0), fetch_version, fetch_request("t", 0, 1, 5000));
  EXPECT_FALSE(waits->arrived || reader->arrived);
  elect(b, other);
  EXPECT_EQ(row_of(b, waits).error_code, error_code::not_leader_or_follower);
  EXPECT_EQ(fetch_error(b.decode<protocol::fetch_response>(reader, fetch_version)), error_code::not_leader_or_follower);
  EXPECT_EQ(row_of(b, send(b, "c")).error_code, error_code::not_leader_or_follower);
  EXPECT_EQ(fetch_error(fetch_as(b, other, 1)), error_code::not_leader_or_follower);
  elect(b, broker_id{-1});
  EXPECT_EQ(row_of(b, send(b, "c")).error_code, error_code::not_leader_or_follower) << "nobody leads";
  elect(b, self);
  EXPECT_EQ(read_all(b, "t", 0), values{"0:a"}) << "the other replica may not have the rest";
  const auto next = send(b, "d");
  fetch_as(b, other, 3);
  EXPECT_EQ(row_of(b, next).base_offset, offset{2});
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:a", "1:b", "2:d"}));
}

TEST_F(partition_roles, another_epoch_of_the_same_leader_keeps_who_waits_and_is_in_the_log) {
  test_broker b(1);
  make_replicated(b);
  const auto waits = send(b, "a");
  elect(b, self);
  EXPECT_FALSE(waits->arrived);
  EXPECT_TRUE(send(b, "b", 1)->arrived);
  fetch_as(b, other, 2);
  EXPECT_EQ(row_of(b, waits).error_code, error_code::none);
  auto fenced = fetch_request("t", 0, 0);
  fenced.topics[0].partitions[0].current_leader_epoch = leader_epoch{0};
  EXPECT_EQ(fetch_error(b.call<protocol::fetch_response>(fetch_version, fenced)), error_code::fenced_leader_epoch);
  protocol::offset_for_leader_epoch_request asked;
  auto& t = asked.topics.emplace_back();
  t.topic = "t";
  t.partitions.emplace_back().leader_epoch = leader_epoch{0};
  const auto row = b.call<protocol::offset_for_leader_epoch_response>(4, asked).topics.at(0).partitions.at(0);
  EXPECT_EQ(row.end_offset, offset{1}) << "where the next epoch began";
}

TEST_F(partition_roles, the_high_watermark_survives_a_kill_by_its_checkpoint_unless_this_is_the_only_replica) {
  test_broker b(1);
  make_replicated(b);
  for (const auto* v : {"a", "b", "c"}) send(b, v, 1);
  fetch_as(b, other, 2);
  b.advance(30'000);  // the first round waits as long as others do
  b.advance(5'000);
  const auto file = b.disk->content("/data/replication-offset-checkpoint");
  EXPECT_EQ(std::string(as_text(file)), "0\n1\nt 0 2\n");
  b.crash(crash_kind::process);
  b.start();
  EXPECT_EQ(latest(b), 2);
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:a", "1:b"}));
  decide(b, [](auto& s) { s.replicas = s.isr = broker_list{self}; });
  EXPECT_EQ(latest(b), 3);
  b.crash(crash_kind::process);
  b.start();
  EXPECT_EQ(latest(b), 3) << "alone it has committed what it has";
}

TEST_F(partition_roles, the_high_watermark_is_written_down_at_a_clean_stop) {
  test_broker b(1);
  make_replicated(b);
  for (const auto* v : {"a", "b", "c"}) send(b, v, 1);
  fetch_as(b, other, 1);
  b.stop();
  b.start();
  EXPECT_EQ(latest(b), 1);
  fetch_as(b, other, 3);
  EXPECT_EQ(latest(b), 3);
}

TEST_F(partition_roles, a_replica_that_is_none_and_one_of_an_earlier_life_are_sent_away) {
  test_broker b(1);
  make_replicated(b);
  send(b, "a", 1);
  EXPECT_EQ(fetch_error(fetch_as(b, third, 1)), error_code::not_leader_or_follower);
  auto asked = fetch_request("t", 0, 1);
  asked.replica_id = third;
  asked.topics[0].partitions[0].current_leader_epoch = leader_epoch{0};
  EXPECT_EQ(fetch_error(b.call<protocol::fetch_response>(fetch_version, asked)), error_code::unknown_leader_epoch);
  EXPECT_EQ(latest(b), 0);
}

TEST_F(partition_roles, a_replica_whose_log_parts_from_the_leaders_has_not_what_it_says) {
  test_broker b(1);
  make_replicated(b);
  send(b, "a", 1);
  elect(b, self);
  send(b, "b", 1);
  auto asked = fetch_request("t", 0, 2);
  asked.replica_id = other;
  asked.topics[0].partitions[0].last_fetched_epoch = leader_epoch{0};
  const auto answer = b.call<protocol::fetch_response>(fetch_version, asked);
  EXPECT_EQ(answer.responses.at(0).partitions.at(0).diverging_epoch.end_offset, offset{1});
  EXPECT_EQ(latest(b), 0);
}

TEST_F(partition_roles, a_partition_that_is_taken_away_goes_with_its_files_and_begins_anew_when_it_comes_back) {
  test_broker b(1);
  make_replicated(b);
  send(b, "a", 1);
  ASSERT_TRUE(b.disk->exists("/data/t-0"));
  decide(b, [](auto& s) {
    s.replicas = s.isr = broker_list{other};
    s.leader = other;
    ++s.leader_epoch;
  });
  EXPECT_FALSE(b.disk->exists("/data/t-0"));
  EXPECT_EQ(row_of(b, send(b, "b")).error_code, error_code::not_leader_or_follower);
  decide(b, [](auto& s) { s.replicas = broker_list{other, self}; });
  EXPECT_TRUE(b.disk->exists("/data/t-0")) << "a follower holds its log";
  EXPECT_EQ(row_of(b, send(b, "b")).error_code, error_code::not_leader_or_follower);
  decide(b, [](auto& s) {
    s.replicas = s.isr = broker_list{self};
    s.leader = self;
    ++s.leader_epoch;
  });
  EXPECT_EQ(row_of(b, send(b, "c")).base_offset, offset{0});
}

TEST_F(partition_roles, a_follower_that_stays_away_is_proposed_out_of_the_isr_and_one_that_caught_up_back_in) {
  test_broker b(1, {"replica.lag.time.max.ms=20000"});
  make_replicated(b);
  std::vector<std::vector<broker_id>> wanted;
  b.state(0).partitions.set_isr_proposer(
      [&](const broker::partition_key&, leader_epoch, const replica::isr_proposal& p) { wanted.push_back(p.isr); });
  fetch_as(b, other, 0);
  send(b, "a", 1);
  fetch_as(b, other, 0);
  b.advance(19'000);
  EXPECT_TRUE(wanted.empty());
  b.advance(2'000);
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0], std::vector<broker_id>{self});
  decide(b, [](auto& s) { s.isr = broker_list{self}; });
  EXPECT_EQ(latest(b), 1);
  fetch_as(b, other, 1);
  ASSERT_EQ(wanted.size(), 2U);
  EXPECT_EQ(wanted[1], (std::vector<broker_id>{self, other}));
}

}  // namespace
}  // namespace jackdaw::testing
