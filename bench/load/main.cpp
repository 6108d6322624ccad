// Produce or OffsetCommit requests of one shape, as many at once as asked, and how long each took. One thread, one
// epoll.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

#include "commit_template.hpp"
#include "connection.hpp"
#include "request_template.hpp"

namespace jackdaw::bench {
namespace {

using clock = std::chrono::steady_clock;

struct options {
  int port = 9092;
  produce_shape shape;
  bool commits = false;
  std::int32_t partitions = 6;
  int connections = 1;
  int in_flight = 1;
  double rate = 0;  // requests a second over all connections; 0 is as fast as answers come
  double seconds = 10;
};

struct lane {
  std::unique_ptr<connection> socket;
  std::vector<std::byte> frame;
  std::int32_t next_id = 0;
  // When each request in flight was due: with a rate, waiting behind a slow one counts (no coordinated omission).
  std::deque<clock::time_point> due;
};

class load {
 public:
  explicit load(const options& o) : options_(o), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    connection first(o.port);
    do {
      first.send(metadata_frame(o.shape.topic));
    } while (!all_led(one_frame(first), o.partitions));
    for (int i = 0; i < o.connections; ++i) {
      lane& added = lanes_.emplace_back();
      added.socket = std::make_unique<connection>(o.port);
      added.frame = o.commits ? first_commit(*added.socket, i) : first_produce(i);
      until_accepted(added);
      watch(added.socket->descriptor(), static_cast<std::uint64_t>(i));
    }
  }

  void run() {
    const auto start = clock::now();
    end_ = start + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(options_.seconds));
    if (options_.rate > 0) {
      run_at_rate(start);
    } else {
      for (lane& each : lanes_) {
        for (int i = 0; i < options_.in_flight; ++i) request(each, clock::now());
      }
    }
    while (outstanding_ > 0) wait();
    report(std::chrono::duration<double>(clock::now() - start).count());
  }

 private:
  std::vector<std::byte> first_produce(int number) const {
    produce_shape shape = options_.shape;
    shape.partition = number % options_.partitions;
    return produce_frame(shape);
  }

  // Of a group of its own.
  std::vector<std::byte> first_commit(connection& on, int number) const {
    const auto group = fmt::format("{}-{}", options_.shape.topic, number);
    do {
      on.send(coordinator_frame(group));
    } while (!is_coordinated(one_frame(on)));
    return commit_frame({group, options_.shape.topic, number % options_.partitions});
  }

  request_outcome read(bytes_view frame) const {
    return options_.commits ? read_commit_response(frame) : read_produce_response(frame);
  }

  // A new topic's leader, or a new coordinator, may refuse for a moment after it was named.
  void until_accepted(lane& on) const {
    const auto deadline = clock::now() + std::chrono::seconds(10);
    for (;;) {
      set_correlation_id(on.frame, on.next_id++);
      on.socket->send(on.frame);
      const request_outcome outcome = read(one_frame(*on.socket));
      if (outcome.error.empty()) return;
      if (clock::now() > deadline) give_up(outcome.error);
    }
  }

  static bytes_view one_frame(connection& from) {
    for (;;) {
      if (const bytes_view frame = from.next_frame(); !frame.empty()) return frame;
      from.receive();
    }
  }

  void watch(int descriptor, std::uint64_t what) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = what;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  // A timer ticks for every request that is due; those that are late are sent at once.
  void run_at_rate(clock::time_point start) {
    const auto interval =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(1 / options_.rate));
    const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    itimerspec spec{};
    spec.it_interval.tv_sec = interval.count() / 1'000'000'000;
    spec.it_interval.tv_nsec = interval.count() % 1'000'000'000;
    spec.it_value = spec.it_interval;
    ::timerfd_settime(timer, 0, &spec, nullptr);
    watch(timer, lanes_.size());
    auto due = start + interval;
    std::size_t turn = 0;
    while (due < end_) {
      wait();
      std::uint64_t ticks = 0;
      if (::read(timer, &ticks, sizeof ticks) < 0) continue;
      for (const auto now = clock::now(); due <= now && due < end_; due += interval) {
        request(lanes_[turn++ % lanes_.size()], due);
      }
    }
    ::close(timer);
  }

  void request(lane& on, clock::time_point due) {
    if (options_.commits) set_committed_offset(on.frame, on.next_id);
    set_correlation_id(on.frame, on.next_id++);
    on.due.push_back(due);
    ++outstanding_;
    on.socket->send(on.frame);
  }

  void wait() {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 < lanes_.size()) answers(lanes_[events[i].data.u64]);
    }
  }

  void answers(lane& on) {
    on.socket->receive();
    for (bytes_view frame = on.socket->next_frame(); !frame.empty(); frame = on.socket->next_frame()) {
      const request_outcome outcome = read(frame);
      if (!outcome.error.empty()) give_up(outcome.error);
      const auto expected = on.next_id - static_cast<std::int32_t>(on.due.size());
      if (outcome.correlation_id != expected) give_up("answers out of order");
      const auto now = clock::now();
      took_us_.push_back(std::chrono::duration<float, std::micro>(now - on.due.front()).count());
      on.due.pop_front();
      --outstanding_;
      if (options_.rate == 0 && now < end_) request(on, now);
    }
  }

  void report(double seconds) {
    std::sort(took_us_.begin(), took_us_.end());
    const auto at = [this](double share) {
      return took_us_[std::min(took_us_.size() - 1,
                               static_cast<std::size_t>(share * static_cast<double>(took_us_.size())))];
    };
    if (took_us_.empty()) give_up("no request was answered");
    const double requests = static_cast<double>(took_us_.size());
    fmt::print(R"({{"requests": {}, "seconds": {:.3f}, "requests_per_s": {:.1f}, "records_per_s": {:.1f}, )",
               took_us_.size(), seconds, requests / seconds, requests * options_.shape.records / seconds);
    fmt::print(R"("p50_ms": {:.4f}, "p99_ms": {:.4f}, "p999_ms": {:.4f}, "max_ms": {:.4f}}})", at(0.5) / 1000,
               at(0.99) / 1000, at(0.999) / 1000, took_us_.back() / 1000);
    fmt::print("\n");
  }

  options options_;
  int epoll_;
  std::vector<lane> lanes_;
  clock::time_point end_;
  std::uint64_t outstanding_ = 0;
  std::vector<float> took_us_;
};

}  // namespace
}  // namespace jackdaw::bench

int main(int argc, char** argv) {
  jackdaw::bench::options o;
  CLI::App app{"Sends Produce or OffsetCommit requests to a broker on 127.0.0.1 and prints rate and latency as JSON."};
  app.add_option("--port", o.port)->required();
  app.add_option("--topic", o.shape.topic)->required();
  app.add_flag("--commits", o.commits, "OffsetCommit instead of Produce, each connection for a group of its own");
  app.add_option("--partitions", o.partitions,
                 "of the topic; connection i writes to, or commits, partition i modulo this");
  app.add_option("--records", o.shape.records, "in each request");
  app.add_option("--record-bytes", o.shape.record_bytes);
  app.add_option("--acks", o.shape.acks);
  app.add_option("--connections", o.connections);
  app.add_option("--in-flight", o.in_flight, "requests that a connection has on the way, unless there is a rate");
  app.add_option("--rate", o.rate, "requests a second over all connections; 0: as fast as they are answered");
  app.add_option("--seconds", o.seconds);
  CLI11_PARSE(app, argc, argv);
  jackdaw::bench::load(o).run();
}
