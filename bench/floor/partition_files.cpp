#include "partition_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::bench {
namespace {

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "bench_floor: {}\n", what);
  std::exit(1);
}

}  // namespace

partition_files::~partition_files() {
  for (auto& entry : files_) ::close(entry.second.descriptor);
}

partition_files::file& partition_files::open_file(std::string_view topic, partition_id partition) {
  if (topic != last_topic_) {
    last_topic_ = topic;
    of_last_topic_.clear();
  }
  file*& known = of_last_topic_[partition];
  if (known == nullptr) {
    file& opened = files_[std::pair{last_topic_, partition}];
    if (opened.descriptor < 0) {
      const std::string path = fmt::format("{}/{}-{}.log", folder_, topic, partition.value());
      opened.descriptor = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
      if (opened.descriptor < 0) give_up("can't open " + path);
    }
    known = &opened;
  }
  return *known;
}

offset partition_files::append(std::string_view topic, partition_id partition, mutable_bytes records) {
  file& to = open_file(topic, partition);
  const offset first = to.next;
  protocol::batch_iterator batches(records);
  for (;;) {
    const std::size_t at = batches.position();
    auto batch = batches.next();
    if (!batch) give_up(batch.error().detail);
    if (!*batch) break;
    if (auto valid = protocol::validate(**batch); !valid) give_up(valid.error().detail);
    protocol::mutable_batch patched(records.subspan(at, (*batch)->size_bytes()));
    patched.set_base_offset(to.next);
    patched.set_leader_epoch(leader_epoch{0});
    to.next = patched.next_offset();
  }
  if (::write(to.descriptor, records.data(), records.size()) != static_cast<ssize_t>(records.size())) {
    give_up("a write came back short");
  }
  return first;
}

}  // namespace jackdaw::bench
