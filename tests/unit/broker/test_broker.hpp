// A whole broker in one thread: real shards over the simulated disk, messages between them delivered by hand, time
// moved by hand. Requests go in as structs and come back as structs, through the wire format.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/broker/node.hpp"
#include "jackdaw/protocol/frames.hpp"
#include "support/sim_disk.hpp"

namespace jackdaw::testing {

class test_broker final : broker::node_host {
 public:
  explicit test_broker(std::uint32_t shards = 2, std::vector<std::string> settings = {}, std::uint64_t seed = 1);
  ~test_broker();

  // From the disk, as a process would.
  void start();

  // Restarts with somebody whose loggers can be controlled.
  void set_loggers(std::shared_ptr<broker::logger_control> loggers);

  // Between these two nothing is delivered: requests pile up, as when they come in one packet.
  void hold() { held_ = true; }
  void release() {
    held_ = false;
    run();
  }

  // What the workers of this shard are given waits until they are released.
  void hold_workers(std::uint32_t shard);
  void release_workers();
  std::size_t waiting_jobs(std::uint32_t shard) const;
  // What is done now is done by a worker, not by a shard.
  bool is_worker() const noexcept { return is_working_; }
  // What was said since the last call.
  static std::vector<std::string> take_log();

  // What the shell was told of changed settings since the last call.
  std::vector<dynamic_config> take_settings() { return std::exchange(settings_told_, {}); }

  // The same of quotas on new connections.
  std::vector<broker::connection_rates> take_connection_rates() { return std::exchange(rates_told_, {}); }

  // Clean: the next start trusts the files. Workers that are held begin once it has been asked for.
  void stop();
  // One shard of a process that is about to end; crash() must follow.
  void stop_shard(std::uint32_t shard);
  // As after SIGKILL, or a power cut.
  void crash(crash_kind kind) {
    disk->crash(kind);
    forget();
  }

  broker::connection_id connect(std::uint32_t shard);
  void disconnect(broker::connection_id id);

  // What came back for one request.
  struct answer {
    std::vector<std::byte> frame;  // without the size
    bool arrived = false;
    bool skipped = false;
    std::int64_t muted_ms = 0;  // how long the connection isn't read from
    std::string closed;         // why the connection was to be closed
  };
  template <class Request>
  std::shared_ptr<answer> send(broker::connection_id connection, std::int16_t version, const Request& request) {
    return send_frame(connection, protocol::encode_request_frame(next_header(version), request));
  }
  std::shared_ptr<answer> send_bytes(broker::connection_id connection, std::shared_ptr<buffer> bytes);
  // Sends and waits for the answer, which must come without time passing. Its views live as long as this object.
  template <class Response, class Request>
  Response call(std::int16_t version, const Request& request) {
    auto a = send(connection_, version, request);
    return decode<Response>(a, version);
  }
  template <class Response>
  Response decode(const std::shared_ptr<answer>& a, std::int16_t version) {
    if (!keep(a)) return {};
    auto decoded = protocol::decode_response<Response>(a->frame, version);
    EXPECT_TRUE(decoded) << to_string(decoded.error());
    return decoded ? decoded->body : Response{};
  }

  // Delivers messages and workers' results until nothing is left to do at this time.
  void run();
  void advance(std::int64_t ms);
  now_t now() const;

  broker::connection_id connection() const { return connection_; }
  broker::shard_state& state(std::uint32_t shard);
  const broker::server_info& server() const;

  std::unique_ptr<sim_disk> disk;
  std::size_t open_files_max = 1000;     // counts from the next start
  broker::network_use network;           // what each shard's connections moved and hold
  duration clock_step{};                 // what passes between two looks at the clock within a batch
  std::int64_t wall_clock_error_ms = 0;  // somebody sets the wall clock; time passes as before

 private:
  struct test_environment;

  bool run_shard(std::size_t i);
  protocol::request_header next_header(std::int16_t version);
  std::shared_ptr<answer> send_frame(broker::connection_id connection, const result<std::vector<std::byte>>& frame);
  bool keep(const std::shared_ptr<answer>& a);  // whether it arrived; a failure otherwise
  static void take(answer& a, broker::reply r);
  broker::environment& environment_of(shard_id id) override;
  void run_at(shard_id id, unique_function<void()> task) override;
  void forget();
  broker::shard& shard_of(broker::connection_id id);

  std::uint32_t shard_count_;
  std::vector<std::string> settings_;
  std::vector<std::unique_ptr<test_environment>> environments_;
  std::unique_ptr<broker::node> node_;
  std::vector<std::shared_ptr<answer>> kept_;
  std::shared_ptr<broker::logger_control> loggers_;
  std::vector<dynamic_config> settings_told_;
  std::vector<broker::connection_rates> rates_told_;
  bool held_ = false;
  bool is_working_ = false;
  std::int64_t looks_at_clock_ = 0;
  broker::connection_id connection_;
  std::uint64_t last_connection_ = 0;
  std::int32_t last_correlation_ = 0;
  std::int64_t time_ms_ = 0;
};

}  // namespace jackdaw::testing
