#include "cluster_state.hpp"

#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/metadata/difference.hpp"

namespace jackdaw::broker {

cluster_state::cluster_state(publish_function publish, published_function published)
    : publish_(std::move(publish)), published_(std::move(published)) {
  restore(committed_, {});
}

void cluster_state::restore(metadata::image_ptr image, coordinator::group_table groups) {
  JD_ASSERT(is_published());
  committed_ = std::move(image);
  groups_ = std::move(groups);
  builder_ = std::make_unique<metadata::image_builder>(committed_);
}

result<bool> cluster_state::apply(const std::vector<committed_entry>& entries) {
  bool touched = false;  // what shards see, since the last change for them
  bool deleted = false;
  for (const auto& e : entries) {
    JD_ASSERT(e.position.index > committed_->position().index, e.position.index.value(),
              committed_->position().index.value());
    JD_ASSERT(e.records == nullptr || e.bytes.empty(), e.position.index.value(), e.bytes.size());
    effect_of_entry effect;
    result<void> applied;
    if (e.records != nullptr) {
      for (const auto& batch : *e.records) {
        if (applied) applied = apply_records(*batch, effect);
      }
    } else if (!e.bytes.empty()) {
      auto records = metadata::decode(e.bytes);
      applied = records ? apply_records(*records, effect) : result<void>(records.error());
    }
    if (!applied) return applied.error();
    // What waits for an entry waits until its position is published, also when it changed nothing that shards see.
    touched = touched || effect.touches_image || e.records == nullptr;
    deleted = deleted || effect.deletes_topics;
    if (!effect.deletes_topics && &e != &entries.back()) continue;
    auto change = builder_->finish(e.position);
    committed_ = change.after;
    if (std::exchange(touched, false)) publish_later(std::move(change));
  }
  publish_next();
  return deleted;
}

result<void> cluster_state::apply_records(const std::vector<metadata::record>& records, effect_of_entry& effect) {
  for (const auto& r : records) {
    if (groups_.replay(r)) continue;
    effect.touches_image = true;
    if (auto applied = builder_->apply(r); !applied) return applied;
    effect.deletes_topics = effect.deletes_topics || std::holds_alternative<metadata::topic_deleted>(r);
  }
  return {};
}

void cluster_state::install(metadata::image_ptr image, coordinator::group_table groups) {
  JD_ASSERT(image->position().index > committed_->position().index, image->position().index.value(),
            committed_->position().index.value());
  auto change = metadata::difference(committed_, image);
  if (!change.deleted_topics.empty()) {
    // By themselves, as committed entries bring them: the names may be others' already.
    for (const auto& t : change.deleted_topics) {
      const auto deleted = builder_->apply(metadata::topic_deleted{t.id});
      JD_ASSERT(deleted.has_value(), t.name);
    }
    publish_later(builder_->finish(committed_->position()));
    change = metadata::difference(to_publish_.back()->after, image);
  }
  JD_ASSERT(change.deleted_topics.empty(), change.deleted_topics.size());
  committed_ = std::move(image);
  groups_ = std::move(groups);
  builder_ = std::make_unique<metadata::image_builder>(committed_);
  publish_later(std::move(change));
  publish_next();
}

void cluster_state::publish_later(metadata::delta change) {
  // Each comes on top of those before it, in the order of the log.
  JD_ASSERT(change.after->position().index >= last_to_publish_, change.after->position().index.value(),
            last_to_publish_.value());
  last_to_publish_ = change.after->position().index;
  to_publish_.push_back(std::make_shared<const metadata::delta>(std::move(change)));
}

// One change at a time: a topic that takes a deleted one's name finds that one's directories gone on every shard.
void cluster_state::publish_next() {
  if (publishing_ || to_publish_.empty()) return;
  publishing_ = true;
  auto change = std::move(to_publish_.front());
  to_publish_.pop_front();
  auto image = change->after;
  publish_(std::move(change), [this, image = std::move(image)] {
    JD_ASSERT(publishing_, image->position().index.value());
    publishing_ = false;
    published_(image);
    publish_next();
  });
}

}  // namespace jackdaw::broker
