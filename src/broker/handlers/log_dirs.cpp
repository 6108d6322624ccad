// DescribeLogDirs and AlterReplicaLogDirs (KIP-113, KIP-827): which data directory holds what, how full its disk is,
// and moves between directories.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/messages/alter_replica_log_dirs.hpp"
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
  std::optional<log_mover::progress> move;
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

void take_size(shard_state& owner, const hosted_partition& p, size_question& q) {
  q.directory = p.directory;
  q.size_bytes = p.log->size_bytes();
  q.move = owner.partitions.find_move(p);
}

// A log that nobody uses needn't be opened for its size: the file system knows it.
void measure(shard_state& owner, size_question& q, unique_function<void()> finished) {
  if (q.error != error_code::none) return finished();
  if (const auto* open = owner.partitions.find_open({q.topic_id, q.partition})) {
    take_size(owner, *open, q);
    return finished();
  }
  const log::topic_partition name{q.topic, q.partition};
  const auto directory = owner.partitions.found_in(name);
  if (!directory) {
    return when_open(owner, q, std::move(finished), [&q, &owner](hosted_partition& p, unique_function<void()> done) {
      take_size(owner, p, q);
      done();
    });
  }
  q.directory = *directory;
  owner.env.run_on_worker(
      work_class::bulk,
      [&q, storage = owner.options.server->storage] {
        const auto path = storage->directory_path(q.directory) + '/' + log::directory_name({q.topic, q.partition});
        q.size_bytes = bytes_of_segments(storage->disk(), path);
      },
      [finished = std::move(finished)]() mutable { finished(); });
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
      if (q.error != error_code::none) continue;
      JD_ASSERT(q.directory < space.size(), q.topic, q.directory, space.size());
      const bool is_coming = q.move && q.move->directory == i;
      if (q.directory != i && !is_coming) continue;
      auto& topic = topics[q.topic];
      topic.name = q.topic;
      auto& row = topic.partitions.emplace_back();
      row.partition_index = q.partition;
      row.partition_size = static_cast<std::int64_t>(is_coming ? q.move->size_bytes : q.size_bytes);
      row.is_future_key = is_coming;
      if (is_coming) row.offset_lag = q.move->lag;
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
            work_class::bulk, [space, storage = self.options.server->storage] { *space = measure_space(*storage); },
            [space, r = std::move(r), filled = std::move(filled)]() { answer(*r, filled, *space); });
      });
}

// ---- AlterReplicaLogDirs

namespace {

using protocol::alter_replica_log_dirs_request;
using protocol::alter_replica_log_dirs_response;

struct move_question : partition_question {
  std::string topic;
  std::size_t directory = 0;
};

void begin_move(shard_state& owner, move_question& q, unique_function<void()> finished) {
  when_open(owner, q, std::move(finished), [&q, &owner](hosted_partition& p, unique_function<void()> done) {
    owner.partitions.move(p, q.directory);
    done();
  });
}

// A partition that is named for several directories goes to the last.
std::vector<move_question> questions(const shard_state& home, const alter_replica_log_dirs_request& asked) {
  std::map<std::pair<std::string_view, partition_id>, move_question> items;
  for (const auto& d : asked.dirs) {
    const auto directory = home.options.server->storage->find_directory(d.path);
    for (const auto& t : d.topics) {
      for (const auto p : t.partitions) {
        auto q = ask_partition<move_question>(*home.image, t.name, p);
        q.topic = t.name;
        q.directory = directory.value_or(0);
        if (!directory) q.error = error_code::log_dir_not_found;
        items.insert_or_assign({t.name, p}, std::move(q));
      }
    }
  }
  std::vector<move_question> out;
  for (auto& [key, q] : items) out.push_back(std::move(q));
  return out;
}

void answer_moves(request& r, const std::vector<move_question>& filled) {
  alter_replica_log_dirs_response message;
  for (const auto& q : filled) {
    if (message.results.empty() || message.results.back().topic_name != q.topic)
      message.results.emplace_back().topic_name = q.topic;
    auto& row = message.results.back().partitions.emplace_back();
    row.partition_index = q.partition;
    row.error_code = q.error;
  }
  r.respond(message);
}

// Whichever shard will own a partition that doesn't exist yet: all are told, and then `done` runs here.
void tell_all(shard_state& home, std::vector<move_question> strangers, unique_function<void()> done) {
  if (strangers.empty()) return done();
  struct telling {
    std::vector<move_question> strangers;
    std::uint32_t left;
    unique_function<void()> done;
  };
  auto t = std::make_shared<telling>(telling{std::move(strangers), home.shard_count(), std::move(done)});
  for (std::uint32_t i = 0; i < home.shard_count(); ++i) {
    home.env.post(shard_id{i}, [t, to = home.id()](shard& s) {
      auto& here = s.state();
      for (const auto& q : t->strangers) here.partitions.prefer_directory({q.topic, q.partition}, q.directory);
      here.env.post(to, [t](shard&) {
        JD_ASSERT(t->left > 0, t->strangers.size());
        if (--t->left == 0) t->done();
      });
    });
  }
}

}  // namespace

void handle_alter_replica_log_dirs(request_ptr r) {
  alter_replica_log_dirs_request asked;
  if (!r->decode(asked)) return;
  auto& home = r->home();
  auto items = questions(home, asked);
  std::vector<move_question> strangers;
  for (const auto& q : items) {
    if (q.error == error_code::unknown_topic_or_partition && q.partition.value() >= 0) strangers.push_back(q);
  }
  tell_all(home, std::move(strangers), [r = std::move(r), items = std::move(items)]() mutable {
    auto& self = r->home();
    scatter<move_question>::run(self, std::move(items), begin_move,
                                [r = std::move(r)](std::vector<move_question> filled) { answer_moves(*r, filled); });
  });
}

}  // namespace jackdaw::broker
