#include "jackdaw/metadata/topic.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::metadata {
namespace {

std::size_t chunk_of(partition_id p) { return static_cast<std::size_t>(p.value()) / topic::chunk_size; }
std::size_t place_of(partition_id p) { return static_cast<std::size_t>(p.value()) % topic::chunk_size; }

}  // namespace

const partition_state& topic::partition(partition_id p) const {
  JD_ASSERT(has(p), p.value(), partition_count_);
  return chunks_[chunk_of(p)]->partitions[place_of(p)];
}

topic::chunk& topic::owned(std::size_t index) {
  JD_ASSERT(index < chunks_.size(), index, chunks_.size(), name_);
  auto& at = chunks_[index];
  if (at->edit != edit_) {
    boost::intrusive_ptr<chunk> copy(new chunk);
    copy->edit = edit_;
    copy->partitions = at->partitions;
    at = std::move(copy);
  }
  return *at;
}

void topic::append(partition_state state) {
  const partition_id p{partition_count_++};
  if (place_of(p) == 0) {
    chunks_.emplace_back(new chunk);
    chunks_.back()->edit = edit_;
  }
  JD_ASSERT(chunk_of(p) + 1 == chunks_.size(), p.value(), chunks_.size(), name_);
  auto& last = owned(chunk_of(p)).partitions;
  JD_ASSERT(last.size() == place_of(p), p.value(), last.size(), name_);
  last.push_back(std::move(state));
}

void topic::replace(partition_id p, partition_state state) {
  JD_ASSERT(has(p), p.value(), partition_count_);
  owned(chunk_of(p)).partitions[place_of(p)] = std::move(state);
}

bool topic::operator==(const topic& other) const {
  if (name_ != other.name_ || id_ != other.id_ || partition_count_ != other.partition_count_) return false;
  JD_ASSERT(chunks_.size() == other.chunks_.size(), chunks_.size(), other.chunks_.size(), name_);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i] != other.chunks_[i] && chunks_[i]->partitions != other.chunks_[i]->partitions) return false;
  }
  return true;
}

}  // namespace jackdaw::metadata
