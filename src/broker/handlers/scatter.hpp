// One question to many partitions: each item is worked on by the shard that owns its partition, then all come home.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "shard_state.hpp"

namespace jackdaw::broker {

// Item has `topic_id` and `partition`. `work(shard_state& owner, Item&, unique_function<void()> finished)` runs on the
// owner's thread and calls `finished` there, at once or later. `done(std::vector<Item>)` runs here, items in the
// order given. Work is a plain function: it holds nothing that another thread could share.
template <class Item>
class scatter {
 public:
  using work_function = void (*)(shard_state& owner, Item& item, unique_function<void()> finished);
  using done_function = unique_function<void(std::vector<Item>)>;

  static void run(shard_state& home, std::vector<Item> items, work_function work, done_function done) {
    if (items.empty()) return done(std::move(items));
    auto* gather = new scatter(home, std::move(items), work, std::move(done));
    gather->send();
  }

 private:
  struct group {
    std::vector<Item> items;
    std::vector<std::size_t> places;
    std::size_t left = 0;
  };

  scatter(shard_state& home, std::vector<Item> items, work_function work, done_function done)
      : home_(home), items_(std::move(items)), work_(work), done_(std::move(done)) {}

  void send() {
    std::map<shard_id, std::unique_ptr<group>> groups;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      auto& g = groups[home_.owner_of(items_[i].topic_id, items_[i].partition)];
      if (!g) g = std::make_unique<group>();
      g->items.push_back(std::move(items_[i]));
      g->places.push_back(i);
    }
    groups_left_ = groups.size();
    for (auto& [owner, g] : groups) {
      home_.env.post(owner, [this, g = std::move(g), to = home_.id(), work = work_](shard& s) mutable {
        work_on(s.state(), std::move(g), to, work);
      });
    }
  }

  void work_on(shard_state& owner, std::unique_ptr<group> owned, shard_id to, work_function work) {
    auto* g = owned.release();  // owned by the items that are being worked on
    const std::size_t count = g->left = g->items.size();
    JD_ASSERT(count != 0 && count == g->places.size(), count, g->places.size());
    for (std::size_t i = 0; i < count; ++i) {  // `g` may be gone after the last one
      JD_ASSERT(owner.owner_of(g->items[i].topic_id, g->items[i].partition) == owner.id(), owner.id().value());
      work(owner, g->items[i], [this, g, &owner, to] {
        JD_ASSERT(g->left != 0, g->items.size());
        if (--g->left != 0) return;
        owner.env.post(to, [this, back = std::unique_ptr<group>(g)](shard&) mutable { take(std::move(back)); });
      });
    }
  }

  void take(std::unique_ptr<group> back) {
    JD_ASSERT(groups_left_ != 0 && back->left == 0, groups_left_, back->left);
    for (std::size_t i = 0; i < back->items.size(); ++i) {
      auto& place = items_.at(back->places[i]);
      // What was moved from still has its numbers.
      JD_ASSERT(place.partition == back->items[i].partition, place.partition.value());
      place = std::move(back->items[i]);
    }
    if (--groups_left_ != 0) return;
    const std::unique_ptr<scatter> self(this);
    done_(std::move(items_));
  }

  shard_state& home_;
  std::vector<Item> items_;
  work_function work_;
  done_function done_;
  std::size_t groups_left_ = 0;
};

}  // namespace jackdaw::broker
