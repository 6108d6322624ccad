#include "test_broker.hpp"

#include <cstring>

namespace jackdaw::testing {

namespace {

std::vector<std::string>& logged() {
  static std::vector<std::string> sentences;
  return sentences;
}

}  // namespace

struct test_broker::test_environment final : broker::environment {
  test_environment(test_broker& b, shard_id i) : owner(b), id(i) {}
  void post(shard_id to, unique_function<void(broker::shard&)> message) override {
    owner.environments_[to.value()]->inbox.push_back(std::move(message));
  }
  void run_on_worker(broker::work_class, unique_function<void()> work, unique_function<void()> done) override {
    jobs.emplace_back(std::move(work), std::move(done));
  }
  void wake_at(time_point when) override { wake = when; }
  // Every look at it takes this long: what is measured is the number of looks.
  time_point read_clock() const override { return owner.now().steady + (owner.looks_at_clock_++) * owner.clock_step; }
  broker::network_use network() const override { return owner.network; }
  void send_to_peer(broker_id, broker::peer_lane, std::vector<std::byte>) override { ADD_FAILURE() << "no peers"; }
  void log(broker::log_level, const std::string& sentence) const override { logged().push_back(sentence); }
  void fail(const error& why) override { ADD_FAILURE() << to_string(why); }

  test_broker& owner;
  shard_id id;
  std::deque<unique_function<void(broker::shard&)>> inbox;
  std::deque<std::pair<unique_function<void()>, unique_function<void()>>> jobs;
  bool workers_held = false;
  time_point wake = time_point::max();
};

test_broker::test_broker(std::uint32_t shards, std::vector<std::string> settings, std::uint64_t seed)
    : disk(std::make_unique<sim_disk>(seed)), shard_count_(shards), settings_(std::move(settings)) {
  start();
}

test_broker::~test_broker() {
  if (node_) stop();
}

void test_broker::start() {
  config_input input;
  input.overrides = {"log.dirs=/data", "jackdaw.shards=" + std::to_string(shard_count_)};
  input.overrides.insert(input.overrides.end(), settings_.begin(), settings_.end());
  auto loaded = load_broker_config(input);
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  broker::node_options options;
  options.config = loaded->config;
  options.version = "test";
  options.shard_count = shard_count_;
  options.random_seed = 7;
  options.open_files_max = open_files_max;
  options.loggers = loggers_;
  options.advertised_listeners = {{"PLAINTEXT", "localhost", 9092, security_protocol::plaintext}};
  options.settings_changed = [this](const dynamic_config& c) { settings_told_.push_back(c); };
  options.connection_rates_changed = [this](const broker::connection_rates& r) { rates_told_.push_back(r); };
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    environments_.push_back(std::make_unique<test_environment>(*this, shard_id{i}));
  }
  auto opened = broker::node::open(std::move(options), *disk, *this);
  ASSERT_TRUE(opened) << to_string(opened.error());
  node_ = std::move(*opened);
  bool ready = false;
  node_->start([&ready](result<void> outcome) {
    EXPECT_TRUE(outcome) << to_string(outcome.error());
    ready = true;
  });
  run();
  EXPECT_TRUE(ready) << "cluster state was not restored";
  connection_ = connect(0);
}

void test_broker::set_loggers(std::shared_ptr<broker::logger_control> loggers) {
  loggers_ = std::move(loggers);
  stop();
  start();
}

void test_broker::release_workers() {
  for (auto& e : environments_) e->workers_held = false;
  run();
}

void test_broker::stop() {
  bool stopped = false;
  node_->stop([&stopped] { stopped = true; });
  release_workers();
  EXPECT_TRUE(stopped) << "a shard did not stop";
  const auto closed = node_->close();
  EXPECT_TRUE(closed) << to_string(closed.error());
  forget();
}

void test_broker::stop_shard(std::uint32_t shard) {
  run_at(shard_id{shard}, [this, shard] { node_->at(shard_id{shard}).stop([] {}); });
  run();
}

broker::connection_id test_broker::connect(std::uint32_t shard) {
  const broker::connection_id id{++last_connection_ * 64 + shard};
  node_->at(shard_id{shard}).open_connection({id, "PLAINTEXT", "127.0.0.1:1"}, now());
  return id;
}

void test_broker::disconnect(broker::connection_id id) {
  shard_of(id).close_connection(id, now());
  run();
}

protocol::request_header test_broker::next_header(std::int16_t version) {
  protocol::request_header header;
  header.api_version = version;
  header.correlation_id = correlation_id{++last_correlation_};
  header.client_id = "test";
  return header;
}

std::shared_ptr<test_broker::answer> test_broker::send_frame(broker::connection_id connection,
                                                             const result<std::vector<std::byte>>& frame) {
  EXPECT_TRUE(frame) << to_string(frame.error());
  auto bytes = std::make_shared<buffer>(frame->size() - 4);
  std::memcpy(bytes->data(), frame->data() + 4, bytes->size());
  return send_bytes(connection, std::move(bytes));
}

bool test_broker::keep(const std::shared_ptr<answer>& a) {
  EXPECT_TRUE(a->arrived) << "no answer" << (a->closed.empty() ? "" : ", connection closed: ") << a->closed;
  kept_.push_back(a);
  return a->arrived;
}

std::shared_ptr<test_broker::answer> test_broker::send_bytes(broker::connection_id connection,
                                                             std::shared_ptr<buffer> bytes) {
  auto a = std::make_shared<answer>();
  shard_of(connection)
      .handle(
          connection, std::move(bytes), [a](broker::reply r) { take(*a, std::move(r)); }, now());
  run();
  return a;
}

void test_broker::run() {
  for (bool busy = !held_; busy;) {
    busy = false;
    for (std::size_t i = 0; i < environments_.size(); ++i) busy = run_shard(i) || busy;
  }
}

void test_broker::advance(std::int64_t ms) {
  time_ms_ += ms;
  for (std::size_t i = 0; i < environments_.size(); ++i) {
    if (environments_[i]->wake <= now().steady) {
      environments_[i]->wake = time_point::max();
      auto& s = node_->at(shard_id{static_cast<std::uint32_t>(i)});
      s.on_wake(now());
      s.end_of_batch(now());
    }
  }
  run();
}

now_t test_broker::now() const {
  return {time_point(std::chrono::milliseconds(time_ms_)),
          timestamp_ms{1'700'000'000'000 + time_ms_ + wall_clock_error_ms}};
}

bool test_broker::run_shard(std::size_t i) {
  auto& env = *environments_[i];
  auto& s = node_->at(shard_id{static_cast<std::uint32_t>(i)});
  const bool had_work = !env.inbox.empty() || (!env.jobs.empty() && !env.workers_held);
  s.set_now(now());
  for (auto messages = std::exchange(env.inbox, {}); !messages.empty(); messages.pop_front()) messages.front()(s);
  auto jobs = env.workers_held ? decltype(env.jobs)() : std::exchange(env.jobs, {});
  for (; !jobs.empty(); jobs.pop_front()) {
    is_working_ = true;
    jobs.front().first();
    is_working_ = false;
    jobs.front().second();
  }
  s.end_of_batch(now());
  return had_work || !env.inbox.empty() || (!env.jobs.empty() && !env.workers_held);
}

void test_broker::take(answer& a, broker::reply r) {
  a.muted_ms = std::chrono::duration_cast<std::chrono::milliseconds>(r.mute_for).count();
  a.skipped = r.what == broker::reply::action::skip;
  if (r.what == broker::reply::action::close) a.closed = r.reason;
  if (r.what != broker::reply::action::send) return;
  a.arrived = true;
  std::size_t at = 0;
  const auto copy = [&](std::size_t to) {
    a.frame.insert(a.frame.end(), r.bytes.data() + at, r.bytes.data() + to);
    at = to;
  };
  for (const auto& s : r.slices) {
    copy(s.at);
    std::vector<std::byte> bytes(s.slice.size);
    const auto got = s.slice.file->read_at(bytes, s.slice.position);
    EXPECT_TRUE(got && *got == bytes.size());
    a.frame.insert(a.frame.end(), bytes.begin(), bytes.end());
  }
  copy(r.bytes.size());
  EXPECT_EQ(load_be<std::int32_t>(a.frame.data()), static_cast<std::int32_t>(a.frame.size() - 4));
  a.frame.erase(a.frame.begin(), a.frame.begin() + 4);
}

void test_broker::run_at(shard_id id, unique_function<void()> task) {
  environments_[id.value()]->inbox.push_back([task = std::move(task)](broker::shard&) mutable { task(); });
}

void test_broker::forget() {
  node_.reset();
  environments_.clear();
}

broker::shard& test_broker::shard_of(broker::connection_id id) {
  return node_->at(shard_id{static_cast<std::uint32_t>(id.value() % 64)});
}

void test_broker::hold_workers(std::uint32_t shard) { environments_[shard]->workers_held = true; }

std::size_t test_broker::waiting_jobs(std::uint32_t shard) const { return environments_[shard]->jobs.size(); }

broker::shard_state& test_broker::state(std::uint32_t shard) { return node_->at(shard_id{shard}).state(); }

const broker::server_info& test_broker::server() const { return node_->info(); }

broker::environment& test_broker::environment_of(shard_id id) { return *environments_[id.value()]; }

std::vector<std::string> test_broker::take_log() { return std::exchange(logged(), {}); }

}  // namespace jackdaw::testing
