#include "shard_thread.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

#include "connection_table.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::net {

namespace {
constexpr duration calm_after = std::chrono::seconds(1);
constexpr unsigned long timer_slack_ns = 1000;
// Who is busier than this, or has more for another shard than this, wakes that one: two cores do more than one.
constexpr double busy_share = 0.25;
constexpr duration busy_window = std::chrono::milliseconds(50);
constexpr std::size_t few_letters = 16;
// Letters to and fro between shards in one batch, before sockets get their turn.
constexpr int exchange_rounds = 8;
}  // namespace

now_t system_now() {
  timespec steady{};
  timespec wall{};
  ::clock_gettime(CLOCK_MONOTONIC, &steady);
  ::clock_gettime(CLOCK_REALTIME, &wall);
  return {time_point(std::chrono::seconds(steady.tv_sec) + std::chrono::nanoseconds(steady.tv_nsec)),
          timestamp_ms{wall.tv_sec * 1000 + wall.tv_nsec / 1'000'000}};
}

shard_thread::shard_thread(shard_id id, disk::worker_pools& workers, outlets out, clock_function clock)
    : id_(id), workers_(workers), out_(out), clock_(clock), loop_(*this), now_(clock()), load_(busy_window) {}

shard_thread::~shard_thread() {
  JD_ASSERT(!thread_.joinable());
  // A worker's last letter may have ended the thread before that worker is back from sending it.
  while (deliveries_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

void shard_thread::introduce(std::vector<shard_thread*> everybody) {
  everybody_ = std::move(everybody);
  outboxes_.resize(everybody_.size());
}

void shard_thread::serve(request_handler& handler, const connection_options& options,
                         std::vector<std::string> listener_names,
                         unique_function<void(const accepted_socket&)> on_closed) {
  handler_ = &handler;
  connections_ = std::make_unique<connection_table>(
      connection_table::identity{id_, static_cast<std::uint32_t>(everybody_.size()), std::move(listener_names)},
      options, loop_, timers_, handler, std::move(on_closed));
}

void shard_thread::start() {
  JD_ASSERT(handler_ != nullptr && !everybody_.empty());
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), ("shard-" + std::to_string(id_.value())).c_str());
}

void shard_thread::join() {
  if (thread_.joinable()) thread_.join();
}

void shard_thread::run() {
  // Some waits are for tens of microseconds (broker::gathering); by default Linux may add 50 to each.
  ::prctl(PR_SET_TIMERSLACK, timer_slack_ns);
  loop_.run();
}

void shard_thread::begin_batch() {
  mailbox_.wake_up();
  now_ = clock_();
  if (std::exchange(is_asleep_, false)) {
    load_.slept(now_.steady);
  } else {
    load_.worked(now_.steady);
  }
  connections_->set_now(now_);
  handler_->set_now(now_);
}

time_point shard_thread::end_batch() {
  connections_->take_turns();
  read_letters();
  timers_.run_due(now_.steady);
  if (wake_at_ <= now_.steady) {
    wake_at_ = time_point::max();
    handler_->on_wake(now_);
  }
  finish_batch();
  if (is_finished()) {
    loop_.stop();
    return time_point::max();
  }
  if (connections_->has_turns() || !mailbox_.fall_asleep()) return time_point::min();
  is_asleep_ = true;
  load_.worked(read_clock());
  return std::min(wake_at_, timers_.next());
}

std::size_t shard_thread::read_letters() {
  return mailbox_.receive([this](letter& l) {
    if (auto* m = std::get_if<message>(&l)) {
      handler_->run(*m);
    } else if (auto* t = std::get_if<task>(&l)) {
      (*t)();
    } else {
      --on_workers_;
      std::get<completion>(l).done();
    }
  });
}

// Before the answers: the other shards start while this one is busy with its sockets. If their work was done here, what
// came of it leaves with the same answers.
void shard_thread::exchange_letters() {
  for (int round = 1;; ++round) {
    handler_->end_of_batch(now_);
    if (!send_letters() || round == exchange_rounds || read_letters() == 0) return;
  }
}

void shard_thread::finish_batch() {
  do {
    exchange_letters();
  } while (connections_->flush());
  if (is_finishing_ && (!connections_->has_unsent() || give_up_at_ <= now_.steady)) {
    connections_->close_all("the server stops");
    handler_->end_of_batch(now_);
    send_letters();
  }
  connections_->bury();
  if (!is_memory_watched_ && connections_->budget().is_busy() && connections_->options().on_calm != nullptr) {
    watch_memory();
  }
}

// The allocator keeps what busy times needed. Once nothing large has been held for a while, it goes back to the
// system.
void shard_thread::watch_memory() {
  is_memory_watched_ = true;
  connections_->budget().set_calm();
  timers_.schedule(now_.steady + calm_after, [this] {
    if (connections_->budget().is_busy()) return watch_memory();
    is_memory_watched_ = false;
    connections_->options().on_calm();
  });
}

bool shard_thread::send_letters() {
  bool did_work = false;
  for (std::size_t to = 0; to < outboxes_.size(); ++to) {
    const std::size_t letters = outboxes_[to].size();
    if (letters == 0) continue;
    shard_thread& receiver = *everybody_[to];
    const bool is_asleep = receiver.mailbox_.send(std::move(outboxes_[to]));
    outboxes_[to].clear();
    if (!is_asleep) continue;
    if (takes_turn_of(receiver, letters)) {
      did_work = true;
    } else {
      receiver.loop_.wake();
    }
  }
  return did_work;
}

bool shard_thread::takes_turn_of(shard_thread& receiver, std::size_t letters) {
  return letters <= few_letters && load_.share() < busy_share && receiver.loop_.run_batch_elsewhere();
}

bool shard_thread::is_finished() { return is_finishing_ && on_workers_ == 0 && connections_->size() == 0; }

void shard_thread::deliver(letter l) {
  deliveries_.fetch_add(1, std::memory_order_relaxed);
  std::vector<letter> one;
  one.push_back(std::move(l));
  if (mailbox_.send(std::move(one))) loop_.wake();
  deliveries_.fetch_sub(1, std::memory_order_release);
}

void shard_thread::run_here(unique_function<void()> what) { deliver(std::move(what)); }

void shard_thread::run_at(shard_id to, unique_function<void()> what) {
  outboxes_[to.value()].emplace_back(std::move(what));
}

void shard_thread::give_socket(shard_id to, accepted_socket socket) {
  connection_table& table = *everybody_[to.value()]->connections_;
  run_at(to, [&table, socket = std::move(socket)]() mutable { table.adopt(std::move(socket)); });
}

void shard_thread::stop_reading() { connections_->stop_reading(); }

void shard_thread::finish(duration grace) {
  is_finishing_ = true;
  give_up_at_ = now_.steady + grace;
  // Only there to end the wait.
  timers_.schedule(give_up_at_, [] {});
}

void shard_thread::post(shard_id to, unique_function<void(broker::shard&)> what) {
  outboxes_[to.value()].emplace_back(std::move(what));
}

void shard_thread::run_on_worker(broker::work_class what, unique_function<void()> work, unique_function<void()> done) {
  ++on_workers_;
  workers_.of(static_cast<std::size_t>(what)).run([this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    deliver(completion{std::move(done)});
  });
}

void shard_thread::send_to_peer(broker_id to, broker::peer_lane, std::vector<std::byte>) {
  // Configurations with more than one node are refused at start.
  JD_ASSERT(false, "no link to another node", to.value());
}

void shard_thread::log(broker::log_level level, const std::string& sentence) const {
  if (out_.log != nullptr) out_.log(level, sentence);
}

void shard_thread::fail(const error& why) {
  if (out_.on_failure != nullptr) out_.on_failure(why);
  JD_ASSERT(false, to_string(why));
}

void shard_thread::wake_at(time_point when) { wake_at_ = when; }

time_point shard_thread::read_clock() const { return clock_().steady; }

broker::network_use shard_thread::network() const { return connections_->use(); }

}  // namespace jackdaw::net
