#include "jackdaw/disk/flush_service.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::disk {

namespace {

// A job on its way: first its replacements and files; when all of them are done, its directories.
struct pending {
  std::size_t queue = 0;
  std::uint64_t token = 0;
  log::flush_job job;
  std::size_t outstanding = 0;
  bool in_directories = false;
  std::optional<error> failure;
};
using pending_ptr = std::shared_ptr<pending>;

// Something to sync, and who waits for the next sync of it.
struct target {
  std::shared_ptr<log::file> file;  // null: the directory
  std::string directory;
  std::vector<pending_ptr> waiting;
};
using target_ptr = std::shared_ptr<target>;

struct completion_queue {
  flush_service::completed on_completed;
  std::vector<flush_completion> done;
  bool delivering = false;
};

}  // namespace

struct flush_service::state {
  state(log::disk& d, worker_pool& w) : disk(d), workers(w) {}

  void submit(pending_ptr p);
  // These three with the mutex held.
  template <class Map, class Key>
  void wait_for(Map& targets, const Key& key, const target& what, const pending_ptr& p);
  void advance(const pending_ptr& p);
  void complete(const pending_ptr& p);
  void write_replacements(const pending_ptr& p);
  void finish_first_half(const pending_ptr& p, const result<void>& outcome);
  void sync_target(const target_ptr& t);
  void settle(const std::vector<pending_ptr>& group, const result<void>& outcome, std::unique_lock<std::mutex>& held);
  void deliver(std::size_t index, std::unique_lock<std::mutex>& held);

  log::disk& disk;
  worker_pool& workers;
  std::mutex mutex;
  std::size_t in_flight = 0;
  std::vector<std::unique_ptr<completion_queue>> queues;
  std::unordered_map<const log::file*, target_ptr> files;
  std::unordered_map<std::string, target_ptr> directories;
};

flush_service::flush_service(log::disk& d, worker_pool& workers) : state_(std::make_unique<state>(d, workers)) {}

flush_service::~flush_service() {
  const std::lock_guard held(state_->mutex);
  JD_ASSERT(state_->in_flight == 0, state_->in_flight);
}

std::size_t flush_service::add_queue(completed on_completed) {
  const std::lock_guard held(state_->mutex);
  state_->queues.push_back(std::make_unique<completion_queue>());
  state_->queues.back()->on_completed = std::move(on_completed);
  return state_->queues.size() - 1;
}

void flush_service::submit(std::size_t queue, std::uint64_t token, log::flush_job job) {
  auto p = std::make_shared<pending>();
  p->queue = queue;
  p->token = token;
  p->job = std::move(job);
  state_->submit(std::move(p));
}

template <class Map, class Key>
void flush_service::state::wait_for(Map& targets, const Key& key, const target& what, const pending_ptr& p) {
  target_ptr& t = targets[key];
  const bool is_new = !t;
  if (is_new) t = std::make_shared<target>(what);
  t->waiting.push_back(p);
  if (is_new) workers.run([this, started = t] { sync_target(started); });
}

void flush_service::state::submit(pending_ptr p) {
  const std::lock_guard held(mutex);
  JD_ASSERT(p->queue < queues.size(), p->queue, queues.size());
  ++in_flight;
  if (p->job.replacements.empty() && p->job.files.empty()) {
    workers.run([this, p] { finish_first_half(p, {}); });
    p->outstanding = 1;
    return;
  }
  p->outstanding = p->job.files.size();
  if (!p->job.replacements.empty()) {
    ++p->outstanding;
    workers.run([this, p] { write_replacements(p); });
  }
  for (const auto& file : p->job.files) wait_for(files, file.get(), target{file, {}, {}}, p);
}

// One more of the things that `p` waits for is done.
void flush_service::state::advance(const pending_ptr& p) {
  if (--p->outstanding != 0) return;
  if (p->in_directories || p->failure || p->job.directories.empty()) return complete(p);
  p->in_directories = true;
  p->outstanding = p->job.directories.size();
  for (const auto& directory : p->job.directories) wait_for(directories, directory, target{nullptr, directory, {}}, p);
}

void flush_service::state::complete(const pending_ptr& p) {
  flush_completion done{p->token, std::move(p->job), {}};
  if (p->failure) done.outcome = std::move(*p->failure);
  queues[p->queue]->done.push_back(std::move(done));
}

void flush_service::state::finish_first_half(const pending_ptr& p, const result<void>& outcome) {
  std::unique_lock held(mutex);
  settle({p}, outcome, held);
}

void flush_service::state::write_replacements(const pending_ptr& p) {
  result<void> outcome;
  for (const auto& replacement : p->job.replacements) {
    outcome = log::replace_file(disk, replacement.path, as_bytes(replacement.content), false);
    if (!outcome) break;
  }
  finish_first_half(p, outcome);
}

void flush_service::state::sync_target(const target_ptr& t) {
  std::unique_lock held(mutex);
  // Whoever comes from here on waits for the next sync: this one may miss their bytes.
  const std::vector<pending_ptr> group = std::move(t->waiting);
  t->waiting.clear();
  held.unlock();
  const result<void> outcome = t->file ? t->file->sync() : disk.sync_directory(t->directory);
  held.lock();
  if (!t->waiting.empty()) {
    workers.run([this, t] { sync_target(t); });
  } else if (t->file) {
    files.erase(t->file.get());
  } else {
    directories.erase(t->directory);
  }
  settle(group, outcome, held);
}

void flush_service::state::settle(const std::vector<pending_ptr>& group, const result<void>& outcome,
                                  std::unique_lock<std::mutex>& held) {
  for (const auto& p : group) {
    if (!outcome && !p->failure) p->failure = outcome.error();
    advance(p);
  }
  for (const auto& p : group) deliver(p->queue, held);
}

void flush_service::state::deliver(std::size_t index, std::unique_lock<std::mutex>& held) {
  completion_queue& q = *queues[index];
  if (q.delivering) return;
  q.delivering = true;
  while (!q.done.empty()) {
    std::vector<flush_completion> done = std::move(q.done);
    q.done.clear();
    held.unlock();
    const std::size_t count = done.size();
    q.on_completed(std::move(done));
    held.lock();
    in_flight -= count;
  }
  q.delivering = false;
}

}  // namespace jackdaw::disk
