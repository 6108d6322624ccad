// What the simulated disk keeps of each file and directory. For sim_disk.cpp alone.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/sim_disk.hpp"

namespace jackdaw::testing {

// A file or a directory: as programs see it now, and as it is on the disk.
struct sim_disk::node {
  struct file_change {
    bool is_truncate = false;
    std::uint64_t position = 0;  // or the size to truncate to
    std::vector<std::byte> bytes;
  };
  // Names that change together; null removes the name.
  using name_change = std::vector<std::pair<std::string, node_ptr>>;

  bool is_directory = false;
  std::vector<std::byte> now;
  std::vector<std::byte> durable;
  std::vector<file_change> unsynced;
  std::map<std::string, node_ptr> names;
  std::map<std::string, node_ptr> durable_names;
  std::vector<name_change> unsynced_names;

  static void put(std::vector<std::byte>& into, std::uint64_t position, bytes_view bytes) {
    if (bytes.empty()) return;
    if (into.size() < position + bytes.size()) into.resize(position + bytes.size());
    std::memcpy(into.data() + position, bytes.data(), bytes.size());
  }
  static void apply(std::vector<std::byte>& to, const file_change& change) {
    if (change.is_truncate) {
      to.resize(change.position);
    } else {
      put(to, change.position, change.bytes);
    }
  }
  static void apply(std::map<std::string, node_ptr>& to, const name_change& change) {
    for (const auto& [name, child] : change) {
      if (child) {
        to[name] = child;
      } else {
        to.erase(name);
      }
    }
  }
  void sync() {
    for (const auto& change : unsynced) apply(durable, change);
    for (const auto& change : unsynced_names) apply(durable_names, change);
    unsynced.clear();
    unsynced_names.clear();
  }
  void change_names(name_change change) {
    apply(names, change);
    unsynced_names.push_back(std::move(change));
  }
};

}  // namespace jackdaw::testing
