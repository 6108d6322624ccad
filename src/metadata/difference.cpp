#include "jackdaw/metadata/difference.hpp"

#include "jackdaw/base/assert.hpp"
#include "same_object.hpp"

namespace jackdaw::metadata {
namespace {

// Walks two maps in the order of keys. `only_before(key, value)`, `only_after(key, value)`, `both(key, before, after)`.
template <class Map, class Before, class After, class Both>
void compare(const Map& before, const Map& after, Before only_before, After only_after, Both both) {
  auto b = before.begin();
  auto a = after.begin();
  while (b != before.end() || a != after.end()) {
    if (a == after.end() || (b != before.end() && b.key() < a.key())) {
      only_before(b.key(), b.value());
      ++b;
    } else if (b == before.end() || a.key() < b.key()) {
      only_after(a.key(), a.value());
      ++a;
    } else {
      both(a.key(), b.value(), a.value());
      ++a;
      ++b;
    }
  }
}

// For maps of which a delta only names the keys that changed.
template <class Map, class Key>
void name_changed(const Map& before, const Map& after, std::set<Key>& changed) {
  const auto name = [&](const Key& key, const auto&) { changed.insert(key); };
  compare(before, after, name, name, [&](const Key& key, const auto& was, const auto& is) {
    if (!same_object(was, is)) changed.insert(key);
  });
}

void name_partitions(const topic& after, const topic* before, delta& out) {
  for (std::int32_t i = 0; i < after.partition_count(); ++i) {
    const partition_id p{i};
    if (before == nullptr || !before->has(p) || !(before->partition(p) == after.partition(p)))
      out.partitions.insert({after.id(), p});
  }
}

}  // namespace

delta difference(image_ptr before, image_ptr after) {
  JD_ASSERT(before != nullptr && after != nullptr);
  delta out;
  compare(
      before->topics(), after->topics(),
      [&](const uuid& id, const topic_ptr& gone) {
        out.deleted_topics.insert({gone->name(), id});
      },
      [&](const uuid& id, const topic_ptr& made) {
        out.created_topics.insert({made->name(), id});
        name_partitions(*made, nullptr, out);
      },
      [&](const uuid&, const topic_ptr& was, const topic_ptr& is) {
        if (was != is) name_partitions(*is, was.get(), out);
      });
  JD_ASSERT(before->topic_count() + out.created_topics.size() == after->topic_count() + out.deleted_topics.size(),
            before->topic_count(), out.created_topics.size(), after->topic_count(), out.deleted_topics.size());
  name_changed(before->all_configs(), after->all_configs(), out.configs);
  name_changed(before->brokers(), after->brokers(), out.brokers);
  name_changed(before->quotas(), after->quotas(), out.quotas);
  out.producer_ids = before->next_producer_id() != after->next_producer_id();
  out.features = before->features() != after->features();
  out.before = std::move(before);
  out.after = std::move(after);
  return out;
}

}  // namespace jackdaw::metadata
