// Records of groups on their way through the log.
#include <algorithm>

#include "group_host.hpp"
#include "handlers/shard_state.hpp"
#include "metadata_host.hpp"

namespace jackdaw::broker {
namespace {

// An entry that has so much takes no more.
constexpr std::size_t entry_bytes = 4 << 20;

}  // namespace

void metadata_host::append(std::vector<metadata::record> records, unique_function<void(result<void>)> done) {
  if (closing_ || !raft_) return done(fail(errc::closed, "the broker is shutting down"));
  if (!raft_->has_committed_in_term()) return done(fail(errc::not_leader, "this node is not the active controller"));
  if (disk_trouble_) return done(error(*disk_trouble_));
  if (to_append_.empty() || to_append_.back().roughly_bytes >= entry_bytes) to_append_.emplace_back();
  auto& entry = to_append_.back();
  for (auto& r : records) {
    entry.roughly_bytes += metadata::roughly_bytes(r);
    entry.records.push_back(std::move(r));
  }
  entry.done.push_back(std::move(done));
}

std::size_t metadata_host::waiting_appends() const noexcept {
  std::size_t waiting = 0;
  for (const auto& a : to_append_) waiting += a.done.size();
  return waiting;
}

// Who comes while the disk works shares the next entry, and its sync.
void metadata_host::propose_appends() {
  if (to_append_.empty() || syncing_) return;
  if (gathering_.is_on(closing_ ? SIZE_MAX : waiting_appends(), home_.now.steady)) {
    if (!std::exchange(is_gathering_, true))
      home_.timers.schedule(gathering_.until(), [this] {
        is_gathering_ = false;
        pump();
      });
    return;
  }
  for (auto& a : std::exchange(to_append_, {})) {
    auto proposed = raft_->propose({raft::make_payload(metadata::encode(a.records))}, home_.now.steady);
    if (!proposed) {
      for (auto& done : a.done) done(proposed.error());
      continue;
    }
    a.index = proposed->index;
    a.term = proposed->term;
    appends_.push_back(std::move(a));
  }
}

// True if it changed, or may have changed, what shards see.
result<bool> metadata_host::apply_entry(const raft::entry& e, bool& deletes) {
  auto& groups = home_.groups->core();
  // What this node proposed itself needn't be read again.
  const auto own = std::find_if(appends_.begin(), appends_.end(), [&e](const auto& a) { return a.index >= e.index; });
  if (own != appends_.end() && own->index == e.index && own->term == e.term) {
    for (const auto& r : own->records) groups.replay(r);
    return false;
  }
  if (e.kind != raft::entry_kind::data) return true;
  auto records = metadata::decode(e.bytes());
  if (!records) return records.error();
  bool touches = false;
  for (const auto& r : *records) {
    if (groups.replay(r)) continue;
    touches = true;
    if (auto applied = committed_builder_->apply(r); !applied) return applied.error();
    deletes = deletes || std::holds_alternative<metadata::topic_deleted>(r);
  }
  return touches;
}

void metadata_host::finish_appends(raft_index up_to) {
  while (!appends_.empty() && appends_.front().index <= up_to) {
    auto a = std::move(appends_.front());
    appends_.pop_front();
    for (auto& done : a.done) done({});
  }
}

void metadata_host::fail_appends(const error& why) {
  for (auto* queue : {&to_append_, &appends_}) {
    for (auto& a : std::exchange(*queue, {})) {
      for (auto& done : a.done) done(why);
    }
  }
}

}  // namespace jackdaw::broker
