#include "client.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <cstdlib>

namespace jackdaw::bench {
namespace {

constexpr int poll_ms = 50;

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "bench_rebalance: {}\n", what);
  std::exit(1);
}

// As librdkafka would without it, but that a cooperative member which closes then leaves the group: some of its
// versions forget to when nobody is called back.
void on_rebalance(rd_kafka_t* c, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions, void*) {
  const bool gains = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (std::string_view(rd_kafka_rebalance_protocol(c)) == "COOPERATIVE") {
    rd_kafka_error_destroy(gains ? rd_kafka_incremental_assign(c, partitions)
                                 : rd_kafka_incremental_unassign(c, partitions));
  } else {
    rd_kafka_assign(c, gains ? partitions : nullptr);
  }
}

client make(rd_kafka_type_t type, const std::vector<setting>& settings) {
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  if (type == RD_KAFKA_CONSUMER) rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
  for (const auto& [key, value] : settings) {
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) give_up(why);
  }
  rd_kafka_t* made = rd_kafka_new(type, conf, why, sizeof why);
  if (made == nullptr) give_up(why);
  return client(made);
}

}  // namespace

void close_client::operator()(rd_kafka_s* c) const noexcept { rd_kafka_destroy(c); }

member::member(std::vector<setting> settings, std::string topic, deliveries& to)
    : settings_(std::move(settings)), topic_(std::move(topic)), deliveries_(to), thread_([this] { run(); }) {}

member::~member() {
  stop();
  thread_.join();
}

client member::open() const {
  client opened = make(RD_KAFKA_CONSUMER, settings_);
  rd_kafka_poll_set_consumer(opened.get());
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic_.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(opened.get(), topics)) give_up(rd_kafka_err2str(error));
  rd_kafka_topic_partition_list_destroy(topics);
  return opened;
}

void member::run() {
  client at = open();
  while (!stopping_) {
    if (rd_kafka_message_t* m = rd_kafka_consumer_poll(at.get(), poll_ms)) {
      if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) deliveries_.delivered(static_cast<std::size_t>(m->partition));
      rd_kafka_message_destroy(m);
    }
    if (has_restarted()) continue;
    rd_kafka_consumer_close(at.get());
    at.reset();
    at = open();
    restarts_done_.fetch_add(1);
  }
  rd_kafka_consumer_close(at.get());
}

writer::writer(const std::vector<setting>& settings, std::string topic, std::int32_t partitions, double records_per_s)
    : client_(make(RD_KAFKA_PRODUCER, settings)),
      topic_(std::move(topic)),
      partitions_(partitions),
      records_per_s_(records_per_s),
      thread_([this] { run(); }) {}

writer::~writer() {
  stopping_ = true;
  thread_.join();
  rd_kafka_flush(client_.get(), 10'000);
}

void writer::run() {
  const std::string value(100, 'x');
  const auto interval = std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / records_per_s_));
  auto due = clock::now();
  for (std::int32_t turn = 0; !stopping_; turn = (turn + 1) % partitions_) {
    due += interval;
    while (clock::now() < due) rd_kafka_poll(client_.get(), 1);
    const auto error =
        rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(turn),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
    if (error) give_up(rd_kafka_err2str(error));
    count_.fetch_add(1);
  }
}

}  // namespace jackdaw::bench
