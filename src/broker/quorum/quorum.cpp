#include "quorum.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/wire.hpp"

namespace jackdaw::broker {

namespace {

constexpr const char* metadata_partition = "__cluster_metadata-0";

// Alone, a node names its directory; several that are told of each other by controller.quorum.voters can't know each
// other's, and all must begin with equal sets.
raft::voter_set first_voters(const broker_config& config, const uuid& own_directory) {
  raft::voter_set set;
  if (config.controller_quorum_voters.size() <= 1) {
    set.voters.push_back({config.node_id, own_directory, "", 0});
    return set;
  }
  for (const auto& v : config.controller_quorum_voters) set.voters.push_back({v.id, uuid{}, v.host, v.port});
  std::sort(set.voters.begin(), set.voters.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return set;
}

}  // namespace

// ---- start and end

raft::raft_config quorum::settings() const {
  raft::raft_config c;
  c.self = home_.node_id();
  c.directory = home_.storage().metadata_directory_id();
  return c;
}

raft_log::open_options quorum::log_options() const {
  auto& storage = home_.storage();
  const auto* found = storage.find({"__cluster_metadata", partition_id{0}});
  raft_log::open_options how;
  how.directory = storage.metadata_directory() + '/' + metadata_partition;
  how.clean = found != nullptr && found->clean;
  how.segment_bytes = home_.config().metadata_log_segment_bytes;
  how.now = home_.now.wall;
  how.first_voters = first_voters(home_.config(), storage.metadata_directory_id());
  return how;
}

result<loaded_snapshot> quorum::open() {
  JD_ASSERT(!raft_ && !log_);
  raft_log::restored restored;
  auto opened = raft_log::open(home_.disk(), log_options(), restored);
  if (!opened) return opened.error();
  log_ = std::move(*opened);
  loaded_snapshot state{restored.state.snapshot, std::move(restored.image), std::move(restored.groups)};
  raft_ = std::make_unique<raft::raft_node>(settings(), std::move(restored.state), *log_,
                                            random_source(home_.random.next()), home_.now.steady);
  return state;
}

void quorum::close(unique_function<void(bool)> done) {
  if (syncing_ || transfer_.is_busy() || (!disk_trouble_ && !has_failed_ && persist_wanted_ != persist_done_)) {
    JD_ASSERT(!closing_, syncing_);
    closing_ = std::move(done);
    return pump();
  }
  JD_ASSERT(!is_pumping_, persist_done_);  // it goes on with what would be gone
  bool clean = !has_failed_;
  if (log_) {
    if (auto closed = log_->close(); !closed) {
      home_.log(log_level::error, fmt::format("closing the metadata log failed: {}", to_string(closed.error())));
      clean = false;
    }
    raft_.reset();
    log_.reset();
  }
  done(clean);
}

void quorum::go_on_closing() {
  if (closing_ && !syncing_ && !transfer_.is_busy()) close(std::exchange(closing_, nullptr));
}

void quorum::fail(const error& why) {
  if (std::exchange(has_failed_, true)) return;
  home_.env.fail(jackdaw::fail(why.code, "the metadata log failed: " + why.detail));
}

// ---- what raft wants

result<raft::log_position> quorum::propose(raft::payload_ptr payload) {
  if (!is_open()) return jackdaw::fail(errc::closed, "the broker is shutting down");
  return raft_->propose({std::move(payload)}, home_.now.steady);
}

void quorum::on_message(bytes_view message) {
  if (!raft_) return;
  const auto m = raft::decode_message(message);
  if (!m) {
    home_.log(log_level::warning, "a message of the metadata quorum can't be read: " + to_string(m.error()));
    return;
  }
  raft_->step(*m, home_.now.steady);
}

void quorum::on_wake() {
  if (!raft_ || home_.now.steady < raft_->wake_at()) return;
  raft_->tick(home_.now.steady);
}

// What is called back may end here again, by closing for example; the outermost call does the work.
void quorum::pump() {
  if (!raft_ || has_failed_ || std::exchange(is_pumping_, true)) return;
  out_.before_work();
  while (!has_failed_ && raft_->has_ready()) perform(raft_->take());
  if (!has_failed_) begin_sync();
  is_pumping_ = false;
}

void quorum::perform(raft::ready r) {
  if (r.failure) return fail(*r.failure);
  if (r.persist_id != 0) {
    JD_ASSERT(r.persist_id == persist_taken_ + 1, r.persist_id, persist_taken_);
    persist_taken_ = r.persist_id;
    write(&r);
    for (const auto& e : r.append) bytes_since_snapshot_ += e.size_bytes();
    // The disk works while this thread sends, applies and answers what is committed.
    begin_sync();
  }
  for (const auto& m : r.messages) send(m);
  hand_out(r);
  if (has_failed_) return;
  if (r.drop_before) drop_before(*r.drop_before);
  for (const auto& piece : r.snapshot_sends) transfer_.send(piece);
  for (auto& piece : r.snapshot_pieces) transfer_.take(std::move(piece));
}

void quorum::send(const raft::message& m) { home_.env.send_to_peer(m.to, peer_lane::quorum, raft::encode(m)); }

void quorum::hand_out(const raft::ready& r) {
  if (r.leadership) out_.on_leadership(*r.leadership);
  if (r.committed.empty()) return;
  if (auto applied = out_.on_committed(r.committed); !applied) fail(applied.error());
}

// The files of what is dropped go at once: nobody reads them any more.
void quorum::drop_before(raft_index first) {
  log_->drop_before(first, home_.now.wall);
  auto files = log_->take_removable(home_.now.wall);
  if (files.empty()) return;
  home_.env.run_on_worker(
      work_class::bulk,
      [files = std::move(files), &disk = home_.disk()] {
        for (const auto& path : files) static_cast<void>(disk.remove(path));
      },
      [] {});
}

void quorum::snapshot_taken(raft_index last) {
  if (!raft_) return;
  raft_->snapshot_taken(last, home_.now.steady);
  pump();
}

void quorum::installed(loaded_snapshot snapshot) {
  const auto info = snapshot.info;
  JD_ASSERT(info.position.index > raft_->commit_index(), info.position.index.value(), raft_->commit_index().value());
  JD_ASSERT(snapshot.image->position().index == info.position.index, info.position.index.value());
  raft_->snapshot_installed(info, home_.now.steady);
  out_.on_installed(std::move(snapshot));
  pump();
}

}  // namespace jackdaw::broker
