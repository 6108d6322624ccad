// A group whose members are restarted one after the other under a steady load: how long each partition stood still.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "client.hpp"
#include "deliveries.hpp"

namespace jackdaw::bench {
namespace {

struct options {
  int port = 9092;
  std::string topic;
  std::int32_t partitions = 100;
  int members = 50;
  double rate = 2000;
  double every_s = 2;
  std::string strategy = "cooperative-sticky";
  std::size_t first_pause = 0;
};

void sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Until records of all partitions arrive, and have for a while.
void wait_until_steady(const deliveries& all) {
  constexpr double steady_s = 4;  // longer than the members' heartbeats are apart: another rebalance would have shown
  constexpr double pause_s = 0.05;
  auto steady_since = clock::now();
  while (clock::now() - steady_since < std::chrono::duration<double>(steady_s)) {
    sleep(pause_s);
    if (!all.all_since(clock::now() - std::chrono::milliseconds(500))) steady_since = clock::now();
  }
}

// Members notice a rebalance by heartbeats that beat together, and restarts at an even pace would keep the distance to
// them that the first one happened to have: another figure for each start. These pauses meet them everywhere.
double pause(std::size_t number, double every_s) {
  constexpr double golden = 0.6180339887498949;
  const double turn = static_cast<double>(number) * golden;
  return every_s * (0.25 + 1.5 * (turn - std::floor(turn)));
}

void run(const options& o) {
  const std::vector<setting> broker{{"bootstrap.servers", fmt::format("127.0.0.1:{}", o.port)}};
  std::vector<setting> settings = broker;
  settings.emplace_back("group.id", o.topic);
  settings.emplace_back("partition.assignment.strategy", o.strategy);
  settings.emplace_back("auto.offset.reset", "earliest");
  deliveries all(static_cast<std::size_t>(o.partitions));
  writer load(broker, o.topic, o.partitions, o.rate);
  std::vector<std::unique_ptr<member>> members;
  for (int i = 0; i < o.members; ++i) members.push_back(std::make_unique<member>(settings, o.topic, all));
  wait_until_steady(all);
  all.begin();
  const auto start = clock::now();
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i]->restart();
    sleep(pause(o.first_pause + i, o.every_s));
    while (!members[i]->has_restarted()) sleep(0.01);
  }
  wait_until_steady(all);
  const auto stops = all.longest_stops();
  fmt::print(R"({{"longest_s": {:.3f}, "median_s": {:.3f}, "shortest_s": {:.3f}, "seconds": {:.1f}, )", stops.back(),
             stops[stops.size() / 2], stops.front(), std::chrono::duration<double>(clock::now() - start).count());
  fmt::print(R"("produced": {}, "delivered": {}}})", load.count(), all.count());
  fmt::print("\n");
  for (auto& each : members) each->stop();
}

}  // namespace
}  // namespace jackdaw::bench

int main(int argc, char** argv) {
  jackdaw::bench::options o;
  CLI::App app{"Restarts each member of a group in turn and prints how long partitions stood still, as JSON."};
  app.add_option("--port", o.port)->required();
  app.add_option("--topic", o.topic, "also the group's name")->required();
  app.add_option("--partitions", o.partitions, "of the topic");
  app.add_option("--members", o.members);
  app.add_option("--rate", o.rate, "records a second over all partitions");
  app.add_option("--every", o.every_s,
                 "seconds from one restart to the next, on average: a quarter to seven quarters of it");
  app.add_option("--strategy", o.strategy);
  app.add_option("--first-pause", o.first_pause,
                 "of the endless row of pauses between restarts: other runs, other pauses");
  CLI11_PARSE(app, argc, argv);
  jackdaw::bench::run(o);
}
