#include "request.hpp"

#include <fmt/format.h>

#include "shard_state.hpp"

namespace jackdaw::broker {

void request::place_slices(reply& r, const std::vector<protocol::writer::external>& externals,
                           std::vector<file_slice> slices) {
  JD_ASSERT(externals.size() == slices.size(), externals.size(), slices.size());
  r.slices.reserve(slices.size());
  for (std::size_t i = 0; i < slices.size(); ++i) {
    JD_ASSERT(externals[i].size == slices[i].size, externals[i].size, slices[i].size);
    r.slices.push_back({externals[i].position, std::move(slices[i])});
  }
}

void request::deliver(reply r) {
  // The connection may have gone while the request was away; its sink leads nowhere then.
  if (sink_ && home_->find_connection(connection_) != nullptr) std::exchange(sink_, nullptr)(std::move(r));
}

void request::respond_nothing() { deliver(reply::nothing()); }

void request::close_connection(std::string reason) { deliver(reply::close_connection(std::move(reason))); }

void request::refuse_bytes(const protocol::reader& in) {
  close_connection(fmt::format("{} request v{}: {} at byte {} of {}", api_->name, version(),
                               protocol::name_of(in.status()), in.position() + body_at_, frame_->size()));
}

}  // namespace jackdaw::broker
