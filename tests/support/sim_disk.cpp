#include "support/sim_disk.hpp"

#include <algorithm>
#include <cstring>

#include "jackdaw/base/assert.hpp"
#include "support/sim_disk_node.hpp"

namespace jackdaw::testing {

namespace {

constexpr std::size_t sector_bytes = 512;

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    if (slash > at) parts.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

}  // namespace

class sim_disk::open_file final : public log::file {
 public:
  open_file(sim_disk& d, node_ptr n, std::string path, bool writable)
      : disk_(d), node_(std::move(n)), path_(std::move(path)), generation_(d.generation_), writable_(writable) {
    ++disk_.open_files_;
  }
  ~open_file() override { --disk_.open_files_; }

  result<std::size_t> read_at(mutable_bytes into, std::uint64_t position) override {
    if (auto failed = check(disk_operation::read)) return *failed;
    if (position >= node_->now.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(into.size(), node_->now.size() - position);
    if (size != 0) std::memcpy(into.data(), node_->now.data() + position, size);
    return size;
  }
  std::optional<result<std::size_t>> try_read_at(mutable_bytes into, std::uint64_t position) override {
    if (!disk_.cached_) return std::nullopt;
    return read_at(into, position);
  }
  result<void> write_at(std::span<const bytes_view> parts, std::uint64_t position) override {
    JD_ASSERT(writable_, path_);
    if (auto failed = check(disk_operation::write)) return *failed;
    const bool bounded = disk_.capacity_bytes_ != UINT64_MAX;
    const std::uint64_t used = bounded ? disk_.used_bytes() - node_->now.size() : 0;
    for (const bytes_view part : parts) {
      const std::uint64_t room = disk_.capacity_bytes_ - std::min(used, disk_.capacity_bytes_);
      const std::uint64_t fits = room > position ? std::min<std::uint64_t>(part.size(), room - position) : 0;
      const bool overwrites = position + part.size() <= node_->now.size();
      write_part(overwrites ? part : part.first(fits), position);
      if (!overwrites && fits < part.size()) return fail(errc::no_space, "cannot write " + path_ + ": disk full");
      position += part.size();
    }
    return {};
  }
  result<void> truncate(std::uint64_t size) override {
    JD_ASSERT(writable_, path_);
    if (auto failed = check(disk_operation::truncate)) return *failed;
    node_->unsynced.push_back({true, size, {}});
    node_->now.resize(size);
    return {};
  }
  result<std::uint64_t> size() override {
    if (dead()) return fail(errc::io, path_ + ": the disk crashed");
    return std::uint64_t{node_->now.size()};
  }
  result<void> sync() override {
    if (auto failed = check(disk_operation::sync)) {
      node_->unsynced.clear();  // the pages count as written now, although they aren't
      return *failed;
    }
    node_->sync();
    return {};
  }
  bool is_cached(std::uint64_t, std::uint64_t) override { return disk_.cached_; }
  void prefetch(std::uint64_t, std::uint64_t) override {}
  int native_handle() const noexcept override { return -1; }

 private:
  bool dead() const noexcept { return generation_ != disk_.generation_; }
  std::optional<error> check(disk_operation what) {
    if (dead()) return fail(errc::io, path_ + ": the disk crashed");
    return disk_.fault(what, path_);
  }
  void write_part(bytes_view part, std::uint64_t position) {
    if (part.empty()) return;
    node::put(node_->now, position, part);
    node_->unsynced.push_back({false, position, {part.begin(), part.end()}});
  }

  sim_disk& disk_;
  node_ptr node_;
  std::string path_;
  std::uint64_t generation_;
  bool writable_;
};

class sim_disk::held_lock final : public log::file_lock {
 public:
  held_lock(sim_disk& d, std::string path)
      : disk_(d), node_(d.find(path)), path_(std::move(path)), generation_(d.generation_) {}
  ~held_lock() override {
    if (generation_ == disk_.generation_) disk_.locks_.erase(path_);
  }

 private:
  sim_disk& disk_;
  node_ptr node_;  // no other file is at its place in memory
  std::string path_;
  std::uint64_t generation_;
};

sim_disk::sim_disk(std::uint64_t seed) : random_(seed), root_(std::make_shared<node>()) { root_->is_directory = true; }

sim_disk::~sim_disk() = default;

std::optional<error> sim_disk::fault(disk_operation what, const std::string& path) {
  ++counts_[static_cast<std::size_t>(what)];
  if (hook_) {
    if (const auto code = hook_(what, path)) return fail(*code, path + ": " + name_of(*code) + " (injected)");
  }
  const bool syncs = what == disk_operation::sync || what == disk_operation::sync_directory;
  if (syncs_fail_ && syncs) return fail(errc::io, "cannot sync " + path + ": injected");
  if (writes_fail_ && what == disk_operation::write) return fail(errc::io, "cannot write " + path + ": injected");
  return std::nullopt;
}

sim_disk::node_ptr sim_disk::find(const std::string& path) const {
  node_ptr at = root_;
  for (const auto& part : split(path)) {
    const auto found = at->names.find(part);
    if (found == at->names.end()) return nullptr;
    at = found->second;
  }
  return at;
}

std::pair<sim_disk::node_ptr, std::string> sim_disk::parent_of(const std::string& path) const {
  auto parts = split(path);
  JD_ASSERT(!parts.empty(), path);
  return {find(log::parent_directory(path)), parts.back()};
}

std::uint64_t sim_disk::used_bytes() const {
  std::uint64_t sum = 0;
  std::vector<const node*> left{root_.get()};
  while (!left.empty()) {
    const node* n = left.back();
    left.pop_back();
    sum += n->now.size();
    for (const auto& [name, child] : n->names) left.push_back(child.get());
  }
  return sum;
}

std::vector<std::byte> sim_disk::content(const std::string& path) {
  const node_ptr n = find(path);
  JD_ASSERT(n && !n->is_directory, path);
  return n->now;
}

void sim_disk::flip_bit(const std::string& path, std::uint64_t position, unsigned bit) {
  const node_ptr n = find(path);
  JD_ASSERT(n && position < n->now.size(), path, position);
  n->now[position] ^= std::byte{1} << bit;
  if (position < n->durable.size()) n->durable[position] ^= std::byte{1} << bit;
}

result<std::shared_ptr<log::file>> sim_disk::open(const std::string& path, log::open_mode mode) {
  if (auto failed = fault(disk_operation::open, path)) return *failed;
  const auto [parent, name] = parent_of(path);
  node_ptr n = find(path);
  const bool creates = mode == log::open_mode::create || mode == log::open_mode::truncate;
  if (!parent || (!n && !creates)) return fail(errc::not_found, "cannot open " + path + ": not there");
  if (n && n->is_directory) return fail(errc::io, "cannot open " + path + ": a directory");
  if (!n) {
    n = std::make_shared<node>();
    parent->change_names({{name, n}});
  } else if (mode == log::open_mode::truncate) {
    n->now.clear();
    n->unsynced.push_back({true, 0, {}});
  }
  const bool writable = mode != log::open_mode::read_existing;
  return std::shared_ptr<log::file>(std::make_shared<open_file>(*this, n, path, writable));
}

result<std::vector<log::directory_entry>> sim_disk::list(const std::string& directory) {
  if (auto failed = fault(disk_operation::list, directory)) return *failed;
  const node_ptr n = find(directory);
  if (!n || !n->is_directory) return fail(errc::not_found, "cannot list " + directory + ": not there");
  std::vector<log::directory_entry> entries;
  for (const auto& [name, child] : n->names) entries.push_back({name, child->is_directory});
  return entries;
}

result<void> sim_disk::create_directory(const std::string& path) {
  if (!parent_of(path).first) return fail(errc::not_found, "cannot create directory " + path + ": no parent");
  return create_directories(path);
}

result<void> sim_disk::create_directories(const std::string& path) {
  node_ptr at = root_;
  for (const auto& part : split(path)) {
    node_ptr child = at->names.contains(part) ? at->names.at(part) : nullptr;
    if (!child) {
      child = std::make_shared<node>();
      child->is_directory = true;
      at->change_names({{part, child}});
    }
    if (!child->is_directory) return fail(errc::io, "cannot create directory " + path + ": a file is in the way");
    at = child;
  }
  return {};
}

result<void> sim_disk::remove_all(const std::string& path) {
  if (auto failed = fault(disk_operation::remove, path)) return *failed;
  const auto [parent, name] = parent_of(path);
  if (parent && parent->names.contains(name)) parent->change_names({{name, nullptr}});
  return {};
}

result<void> sim_disk::rename(const std::string& from, const std::string& to) {
  if (auto failed = fault(disk_operation::rename, from)) return *failed;
  const node_ptr moved = find(from);
  const auto [parent, name] = parent_of(from);
  const auto [new_parent, new_name] = parent_of(to);
  if (!moved || !new_parent) return fail(errc::not_found, "cannot rename " + from + ": not there");
  if (parent == new_parent) {
    parent->change_names({{name, nullptr}, {new_name, moved}});
  } else {
    new_parent->change_names({{new_name, moved}});
    parent->change_names({{name, nullptr}});
  }
  return {};
}

result<void> sim_disk::remove(const std::string& path) {
  if (auto failed = fault(disk_operation::remove, path)) return *failed;
  const auto [parent, name] = parent_of(path);
  if (!parent || !parent->names.contains(name)) return fail(errc::not_found, "cannot remove " + path + ": not there");
  parent->change_names({{name, nullptr}});
  return {};
}

result<void> sim_disk::sync_directory(const std::string& path) {
  if (auto failed = fault(disk_operation::sync_directory, path)) return *failed;
  const node_ptr n = find(path);
  if (!n || !n->is_directory) return fail(errc::not_found, "cannot sync " + path + ": not there");
  n->sync();
  return {};
}

result<void> sim_disk::sync_file_system(const std::string& path) {
  if (auto failed = fault(disk_operation::sync, path)) return *failed;
  std::vector<node*> left{root_.get()};
  while (!left.empty()) {
    node* n = left.back();
    left.pop_back();
    n->sync();
    for (const auto& [name, child] : n->names) left.push_back(child.get());
  }
  return {};
}

result<std::uint64_t> sim_disk::file_size(const std::string& path) {
  const node_ptr n = find(path);
  if (!n) return fail(errc::not_found, "cannot examine " + path + ": not there");
  return std::uint64_t{n->now.size()};
}

result<log::file_identity> sim_disk::identify(const std::string& path) {
  const node_ptr n = find(path);
  if (!n) return fail(errc::not_found, "cannot examine " + path + ": not there");
  return log::file_identity{0, reinterpret_cast<std::uintptr_t>(n.get())};
}

bool sim_disk::exists(const std::string& path) { return find(path) != nullptr; }

result<std::uint64_t> sim_disk::free_bytes(const std::string&) {
  return capacity_bytes_ - std::min(capacity_bytes_, used_bytes());
}

result<std::uint64_t> sim_disk::total_bytes(const std::string&) { return capacity_bytes_; }

result<std::unique_ptr<log::file_lock>> sim_disk::lock(const std::string& path) {
  if (auto made = open(path, log::open_mode::create); !made) return made.error();
  if (!locks_.insert(path).second) return fail(errc::busy, path + " is locked by another process");
  return std::unique_ptr<log::file_lock>(std::make_unique<held_lock>(*this, path));
}

void sim_disk::crash(crash_kind kind) {
  ++generation_;
  locks_.clear();
  if (kind != crash_kind::process) crash_node(*root_, kind);
}

void sim_disk::crash_node(node& n, crash_kind kind) {
  if (!n.is_directory) return crash_file(n, kind);
  // Names change on the disk in the order in which they were changed; the crash comes somewhere between.
  const std::size_t kept = kind == crash_kind::worst ? 0 : random_.below(n.unsynced_names.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) node::apply(n.durable_names, n.unsynced_names[i]);
  n.unsynced_names.clear();
  n.names = n.durable_names;
  for (const auto& [name, child] : n.names) crash_node(*child, kind);
}

void sim_disk::crash_file(node& n, crash_kind kind) {
  for (const auto& change : n.unsynced) {
    if (kind == crash_kind::worst || random_.one_in(3)) continue;
    if (change.is_truncate || random_.one_in(2)) {
      node::apply(n.durable, change);
      continue;
    }
    // Torn: some of its sectors reach the disk.
    const bytes_view bytes(change.bytes);
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t to_sector_end = sector_bytes - (change.position + at) % sector_bytes;
      const std::size_t size = std::min(to_sector_end, bytes.size() - at);
      if (random_.one_in(2)) node::put(n.durable, change.position + at, bytes.subspan(at, size));
      at += size;
    }
  }
  n.unsynced.clear();
  n.now = n.durable;
}

}  // namespace jackdaw::testing
