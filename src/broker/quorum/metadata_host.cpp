#include "metadata_host.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "group_host.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/controller/brokers.hpp"
#include "jackdaw/controller/features.hpp"

namespace jackdaw::broker {

namespace {

constexpr const char* metadata_partition = "__cluster_metadata-0";

}  // namespace

// ---- start

raft::raft_config metadata_host::raft_settings() const {
  raft::raft_config c;
  c.self = home_.node_id();
  c.directory = home_.options.server->storage->directory_id(0);
  return c;
}

void metadata_host::start(unique_function<void(result<void>)> ready) {
  ready_ = std::move(ready);
  auto& storage = *home_.options.server->storage;
  const auto* found = storage.find({"__cluster_metadata", partition_id{0}});
  raft_log::open_options how;
  how.directory = storage.metadata_directory() + '/' + metadata_partition;
  how.clean = found != nullptr && found->clean;
  how.segment_bytes = home_.config().metadata_log_segment_bytes;
  how.now = home_.now.wall;
  how.first_voters.voters.push_back({home_.node_id(), storage.directory_id(0), "", 0});
  raft_log::restored restored;
  auto opened = raft_log::open(storage.disk(), how, restored);
  if (!opened) return std::exchange(ready_, nullptr)(opened.error());
  log_ = std::move(*opened);
  committed_ = restored.image;
  home_.groups->core().table() = std::move(restored.groups);
  committed_builder_ = std::make_unique<metadata::image_builder>(committed_);
  raft_ = std::make_unique<raft::raft_node>(raft_settings(), std::move(restored.state), *log_,
                                            random_source(home_.random.next()), home_.now.steady);
  pump();
}

// Once this node leads and has applied all that was committed before: tells the cluster where it is reached.
void metadata_host::register_self() {
  controller::registration self;
  self.id = home_.node_id();
  self.incarnation = home_.options.server->incarnation;
  for (const auto& l : home_.options.server->advertised_listeners) {
    self.endpoints.push_back({l.name, l.host, l.port, static_cast<std::int16_t>(l.security)});
  }
  if (!home_.config().rack.empty()) self.rack = home_.config().rack;
  auto epoch = std::make_shared<broker_epoch>();
  submit(
      [this, self = std::move(self), epoch](const metadata::image& image, random_source&) {
        std::vector<metadata::record> records;
        if (image.cluster_id().empty()) {
          records.push_back(metadata::cluster_created{home_.options.server->cluster_id});
          records.push_back(metadata::feature_level_set{std::string(controller::metadata_version_feature),
                                                        controller::metadata_version_level});
        }
        auto decided = controller::register_broker(image, self, broker_epoch{raft_->last_index().value() + 1}, false);
        *epoch = decided.reply.epoch;
        for (auto& r : decided.records) records.push_back(std::move(r));
        return records;
      },
      [this, epoch](result<void> outcome) {
        if (!outcome) return fatal(outcome.error());
        unfence_self(*epoch);
      });
}

void metadata_host::unfence_self(broker_epoch epoch) {
  submit(
      [node = home_.node_id(), epoch](const metadata::image& image, random_source&) {
        return std::move(controller::unfence_broker(image, node, epoch).records);
      },
      [this](result<void> outcome) {
        if (ready_) std::exchange(ready_, nullptr)(std::move(outcome));
      });
}

// ---- deciding

void metadata_host::submit(decide_function decide, unique_function<void(result<void>)> done) {
  if (closing_ || !raft_) return done(fail(errc::closed, "the broker is shutting down"));
  // A new leader may find entries in its log that are not applied yet: it decides nothing before they are.
  if (!raft_->has_committed_in_term()) {
    return done(fail(errc::not_leader, "this node is not the active controller"));
  }
  if (!newest_) newest_ = std::make_unique<metadata::image_builder>(committed_);
  const auto records = decide(newest_->current(), home_.random);
  if (records.empty()) {
    if (in_flight_.empty()) {
      newest_.reset();
      return done({});
    }
    in_flight_.push_back({in_flight_.back().index, in_flight_.back().term, std::move(done)});
    return;
  }
  if (disk_trouble_) {
    if (in_flight_.empty()) newest_.reset();
    return done(*disk_trouble_);
  }
  for (const auto& r : records) {
    const auto applied = newest_->apply(r);
    JD_ASSERT(applied, name_of(r));
  }
  gathering_.end();
  auto proposed = raft_->propose({raft::make_payload(metadata::encode(records))}, home_.now.steady);
  if (!proposed) {
    // Nothing of it was appended; what was decided on top of it would be wrong.
    newest_.reset();
    fail_submissions(proposed.error());
    return done(proposed.error());
  }
  in_flight_.push_back({proposed->index, proposed->term, std::move(done)});
}

// ---- raft's effects

void metadata_host::pump() {
  if (!raft_) return;
  propose_appends();
  while (raft_->has_ready()) perform(raft_->take());
  begin_sync();
}

void metadata_host::perform(raft::ready r) {
  if (r.failure) return fatal(*r.failure);
  if (r.persist_id != 0) {
    persist_taken_ = r.persist_id;
    write(&r);
    for (const auto& e : r.append) bytes_since_snapshot_ += e.size_bytes();
    // The disk works while this thread applies and answers what is committed.
    begin_sync();
  }
  if (r.leadership) on_leadership(*r.leadership);
  if (!r.committed.empty()) apply(r.committed);
  if (r.drop_before) log_->drop_before(*r.drop_before, home_.now.wall);
}

void metadata_host::on_leadership(const raft::leadership& now) {
  if (now.role == raft::node_role::leader) return;
  newest_.reset();
  const auto why = fail(errc::not_leader, "another node became the active controller");
  fail_submissions(why);
  fail_appends(why);
  home_.groups->end();
}

// A ready's part for the disk, or with null what is left of earlier ones.
void metadata_host::write(const raft::ready* r) {
  auto written = r ? log_->write(*r, home_.now.wall) : log_->write_rest(home_.now.wall);
  if (!written) return on_disk_trouble(written.error());
  persist_wanted_ = persist_taken_;
}

void metadata_host::begin_sync() {
  if (syncing_ || disk_trouble_ || persist_wanted_ == persist_done_) return;
  syncing_ = true;
  sync_began_ = home_.now.steady;
  struct attempt {
    std::uint64_t id;
    raft_log::sync_job job;
    result<void> outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{persist_wanted_, log_->prepare_sync()});
  home_.env.run_on_worker(
      work_class::quorum, [a, &disk = home_.options.server->storage->disk()] { a->outcome = a->job.run(disk); },
      [this, a]() { sync_ended(a->id, a->job, a->outcome); });
}

void metadata_host::sync_ended(std::uint64_t id, const raft_log::sync_job& job, const result<void>& outcome) {
  syncing_ = false;
  if (outcome) {
    log_->sync_done(job);
    persist_done_ = id;
    raft_->persisted(id, home_.now.steady);
    const std::size_t answered = appends_.empty() ? 0 : appends_.front().done.size();
    gathering_.sync_ended(answered, waiting_appends(), home_.now.steady - sync_began_, home_.now.steady);
    pump();
  } else {
    log_->sync_failed(job, outcome.error());
    on_disk_trouble(outcome.error());
  }
  go_on_closing();
}

// ---- a full or failing disk: nothing is lost, nothing new is promised, and every second it is tried again

void metadata_host::on_disk_trouble(const error& why) {
  if (why.code != errc::no_space && why.code != errc::io) return fatal(why);
  if (!disk_trouble_) {
    home_.log(log_level::error,
              "changes of topics and configurations are refused until the disk takes them again: " + to_string(why));
  }
  disk_trouble_ = why;
  if (std::exchange(retry_due_, true)) return;
  home_.timers.schedule(home_.now.steady + std::chrono::seconds(1), [this] { retry(); });
}

void metadata_host::retry() {
  retry_due_ = false;
  if (!raft_ || !disk_trouble_ || closing_) return;
  // The end of the sync or repair that is under way tells more.
  if (syncing_) return on_disk_trouble(error(*disk_trouble_));
  if (log_->needs_repair()) return repair();
  write(nullptr);
  if (persist_wanted_ != persist_taken_) return;
  disk_trouble_.reset();
  home_.log(log_level::info, "the metadata log is written again");
  pump();
}

void metadata_host::repair() {
  auto job = log_->prepare_repair();
  if (!job) return on_disk_trouble(job.error());
  syncing_ = true;
  struct attempt {
    log::repair_job job;
    result<log::repair_job::outcome> outcome = log::repair_job::outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{std::move(*job)});
  home_.env.run_on_worker(
      work_class::quorum, [a, &disk = home_.options.server->storage->disk()] { a->outcome = a->job.run(disk); },
      [this, a]() {
        syncing_ = false;
        result<void> repaired = a->outcome ? log_->repair_done(a->job, *a->outcome) : result<void>(a->outcome.error());
        if (repaired) {
          retry();
        } else {
          on_disk_trouble(repaired.error());
        }
        go_on_closing();
      });
}

void metadata_host::apply(const std::vector<raft::entry>& committed) {
  bool touched = false;  // what shards see, since the last change for them
  for (const auto& e : committed) {
    bool deletes = false;
    auto applied = apply_entry(e, deletes);
    if (!applied) return fatal(applied.error());
    touched = touched || *applied;
    if (!deletes && &e != &committed.back()) continue;
    auto change = committed_builder_->finish({e.index, e.term});
    committed_ = change.after;
    if (!change.deleted_topics.empty()) home_.groups->topics_deleted();
    if (std::exchange(touched, false))
      to_publish_.push_back(std::make_shared<const metadata::delta>(std::move(change)));
  }
  publish_next();
  if (in_flight_.empty() || in_flight_.back().index <= committed.back().index) newest_.reset();
  finish_appends(committed.back().index);
  maybe_snapshot();
  // A long log comes in several parts: what it says in the end is decided by the last.
  if (!registered_ && raft_->is_leader() && committed.back().index == raft_->last_index()) {
    registered_ = true;
    register_self();
    home_.groups->begin();
  }
}

// One change at a time: a topic that takes a deleted one's name finds that one's directories gone on every shard.
void metadata_host::publish_next() {
  if (publishing_ || to_publish_.empty()) return;
  publishing_ = true;
  auto change = std::move(to_publish_.front());
  to_publish_.pop_front();
  const raft_index up_to{change->after->position().index};
  publish(home_, std::move(change), [this, up_to] {
    publishing_ = false;
    finish_submissions(up_to);
    publish_next();
  });
}

void metadata_host::finish_submissions(raft_index up_to) {
  while (!in_flight_.empty() && in_flight_.front().index <= up_to) {
    auto done = std::move(in_flight_.front().done);
    in_flight_.pop_front();
    done({});
  }
}

void metadata_host::fail_submissions(const error& why) {
  for (auto& s : std::exchange(in_flight_, {})) s.done(why);
}

void metadata_host::fatal(const error& why) {
  home_.log(log_level::error, fmt::format("the metadata log failed: {}", to_string(why)));
  if (ready_) return std::exchange(ready_, nullptr)(why);
  // A node that doesn't know what is durable must not go on; its log is replayed at the next start.
  assertion_failed("the metadata log can be read and written", __FILE__, __LINE__, ' ' + to_string(why));
}

// ---- time and the end

void metadata_host::on_wake() {
  if (!raft_ || home_.now.steady < raft_->wake_at()) return;
  raft_->tick(home_.now.steady);
  pump();
}

time_point metadata_host::wake_at() const noexcept { return raft_ ? raft_->wake_at() : time_point::max(); }

void metadata_host::go_on_closing() {
  if (closing_ && !syncing_) close(std::exchange(closing_, nullptr));
}

void metadata_host::close(unique_function<void(bool)> done) {
  if (syncing_ || (!disk_trouble_ && persist_wanted_ != persist_done_)) {
    closing_ = std::move(done);
    return pump();
  }
  bool clean = true;
  if (log_) {
    if (auto closed = log_->close(); !closed) {
      home_.log(log_level::error, fmt::format("closing the metadata log failed: {}", to_string(closed.error())));
      clean = false;
    }
    raft_.reset();
    log_.reset();
  }
  const auto why = fail(errc::closed, "the broker is shutting down");
  fail_submissions(why);
  fail_appends(why);
  done(clean);
}

}  // namespace jackdaw::broker
