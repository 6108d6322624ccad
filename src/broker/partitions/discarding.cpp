#include "discarding.hpp"

#include <fmt/format.h>

#include <memory>

#include "jackdaw/base/random.hpp"

namespace jackdaw::broker {
namespace {

// Long names lose their end, so that the name stays one that file systems take.
std::string discarded_name(const log::topic_partition& tp, const uuid& unique) {
  constexpr std::size_t name_max = 255;
  const auto suffix = fmt::format(".{}-delete", to_string(unique));
  return log::directory_name(tp).substr(0, name_max - suffix.size()) + suffix;
}

struct renaming {
  std::string from;
  std::string to;
  result<void> outcome{};
  bool was_there = false;
};

void remove_all(shard_context& home, std::vector<std::string> paths) {
  if (paths.empty()) return;
  home.env.run_on_worker(
      work_class::bulk,
      [storage = home.options.server->storage, paths = std::move(paths)] {
        for (const auto& path : paths) static_cast<void>(storage->disk().remove_all(path));
      },
      []() {});
}

}  // namespace

std::string discarded_path(shard_context& home, std::size_t directory, const log::topic_partition& tp) {
  return home.storage().directory_path(directory) + '/' + discarded_name(tp, random_uuid(home.random));
}

void remove_discarded(shard_context& home, std::string path) { remove_all(home, {std::move(path)}); }

void discard(shard_context& home, const std::vector<unwanted_directory>& unwanted, unique_function<void()> renamed) {
  auto all = std::make_shared<std::vector<renaming>>();
  for (const auto& u : unwanted) {
    const auto from = home.storage().directory_path(u.directory) + '/' + log::directory_name(u.name);
    all->push_back({from, discarded_path(home, u.directory, u.name)});
  }
  home.env.run_on_worker(
      work_class::bulk,
      [all, storage = home.options.server->storage] {
        auto& disk = storage->disk();
        for (auto& r : *all) {
          r.was_there = disk.exists(r.from);
          if (r.was_there) r.outcome = disk.rename(r.from, r.to);
        }
      },
      [&home, all, renamed = std::move(renamed)]() mutable {
        std::vector<std::string> to_remove;
        for (auto& r : *all) {
          if (!r.outcome) {
            home.log(log_level::error, fmt::format("cannot delete {}: {}", r.from, to_string(r.outcome.error())));
          } else if (r.was_there) {
            to_remove.push_back(std::move(r.to));
          }
        }
        remove_all(home, std::move(to_remove));
        renamed();
      });
}

}  // namespace jackdaw::broker
