// DescribeLogDirs (KIP-113, KIP-827): which data directory holds what, and how full its disk is.
#include <algorithm>
#include <cstdint>
#include <map>

#include "handlers.hpp"
#include "jackdaw/protocol/messages/describe_log_dirs.hpp"
#include "partition_answers.hpp"

namespace jackdaw::broker {
namespace {

using protocol::describe_log_dirs_request;
using protocol::describe_log_dirs_response;
using protocol::error_code;

struct size_question : partition_question {
  std::string topic;
  std::size_t directory = 0;
  std::uint64_t size_bytes = 0;
};

std::uint64_t bytes_of_segments(log::disk& disk, const std::string& directory) {
  std::uint64_t bytes = 0;
  const auto entries = disk.list(directory);
  if (!entries) return 0;
  for (const auto& entry : *entries) {
    if (!entry.name.ends_with(".log")) continue;
    if (const auto size = disk.file_size(directory + '/' + entry.name)) bytes += *size;
  }
  return bytes;
}

void take_size(const hosted_partition& p, size_question& q) {
  q.directory = p.directory;
  q.size_bytes = p.log->size_bytes();
}

// A log that nobody uses needn't be opened for its size: the file system knows it.
void measure(shard_state& owner, size_question& q, unique_function<void()> finished) {
  if (q.error != error_code::none) return finished();
  const auto* open = owner.partitions.find_open({q.topic_id, q.partition});
  const log::topic_partition name{q.topic, q.partition};
  const auto directory = open == nullptr ? owner.partitions.found_in(name) : std::nullopt;
  if (!directory) {
    return when_open(owner, q, std::move(finished), [&q](hosted_partition& p, unique_function<void()> done) {
      take_size(p, q);
      done();
    });
  }
  q.directory = *directory;
  owner.env.run_on_worker(
      [&q, storage = owner.options.server->storage] {
        const auto path = storage->directory_path(q.directory) + '/' + log::directory_name({q.topic, q.partition});
        q.size_bytes = bytes_of_segments(storage->disk(), path);
      },
      [finished = std::move(finished)](shard&) mutable { finished(); });
}

void ask_topic(std::vector<size_question>& items, const metadata::image& image, const metadata::topic& topic,
               partition_id p, broker_id self) {
  if (!topic.has(p) || !topic.partition(p).replicas.contains(self)) return;
  auto& q = items.emplace_back(ask_partition<size_question>(image, topic.name(), p));
  q.topic = topic.name();
}

std::vector<size_question> questions(const shard_state& home, const describe_log_dirs_request& asked) {
  std::vector<size_question> items;
  const auto& image = *home.image;
  if (!asked.topics) {
    for (const auto& [name, id] : image.names()) {
      const auto& topic = *image.find_topic(id);
      for (std::int32_t p = 0; p < topic.partition_count(); ++p)
        ask_topic(items, image, topic, partition_id{p}, home.node_id());
    }
    return items;
  }
  for (const auto& t : *asked.topics) {
    const auto* topic = image.find_topic(t.topic);
    if (topic == nullptr) continue;
    for (const auto p : t.partitions) ask_topic(items, image, *topic, p, home.node_id());
  }
  return items;
}

struct directory_space {
  error_code error = error_code::none;
  std::int64_t total_bytes = -1;
  std::int64_t usable_bytes = -1;
};

std::vector<directory_space> measure_space(storage& s) {
  std::vector<directory_space> all(s.directory_count());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto total = s.disk().total_bytes(s.directory_path(i));
    const auto usable = s.disk().free_bytes(s.directory_path(i));
    if (!total || !usable) {
      all[i].error = error_code::kafka_storage_error;
      continue;
    }
    constexpr std::uint64_t most = INT64_MAX;  // -1 would read as unknown
    all[i].total_bytes = static_cast<std::int64_t>(std::min(*total, most));
    all[i].usable_bytes = static_cast<std::int64_t>(std::min(*usable, most));
  }
  return all;
}

void answer(request& r, const std::vector<size_question>& filled, const std::vector<directory_space>& space) {
  describe_log_dirs_response message;
  const auto& storage = *r.home().options.server->storage;
  for (std::size_t i = 0; i < space.size(); ++i) {
    auto& directory = message.results.emplace_back();
    directory.log_dir = storage.directory_path(i);
    directory.error_code = space[i].error;
    directory.total_bytes = space[i].total_bytes;
    directory.usable_bytes = space[i].usable_bytes;
    std::map<std::string_view, describe_log_dirs_response::describe_log_dirs_topic> topics;
    for (const auto& q : filled) {
      if (q.error != error_code::none || q.directory != i) continue;
      auto& topic = topics[q.topic];
      topic.name = q.topic;
      auto& row = topic.partitions.emplace_back();
      row.partition_index = q.partition;
      row.partition_size = static_cast<std::int64_t>(q.size_bytes);
    }
    for (auto& [name, topic] : topics) directory.topics.push_back(std::move(topic));
  }
  r.respond(message);
}

}  // namespace

void handle_describe_log_dirs(request_ptr r) {
  describe_log_dirs_request asked;
  if (!r->decode(asked)) return;
  auto& home = r->home();
  auto items = questions(home, asked);
  scatter<size_question>::run(
      home, std::move(items), measure, [r = std::move(r)](std::vector<size_question> filled) mutable {
        // statfs of a sick disk may hang, so a worker asks.
        auto space = std::make_shared<std::vector<directory_space>>();
        auto& self = r->home();
        self.env.run_on_worker(
            [space, storage = self.options.server->storage] { *space = measure_space(*storage); },
            [space, r = std::move(r), filled = std::move(filled)](shard&) { answer(*r, filled, *space); });
      });
}

}  // namespace jackdaw::broker
