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
  r.mute_for = std::chrono::milliseconds(throttle_ms_);
  // The connection may have gone while the request was away; its sink leads nowhere then.
  if (sink_ && home_->find_connection(connection_) != nullptr) std::exchange(sink_, nullptr)(std::move(r));
}

void request::respond_nothing() { deliver(reply::nothing()); }

void request::close_connection(std::string reason) { deliver(reply::close_connection(std::move(reason))); }

void request::charge(security::quota_kind kind, double amount) {
  if (!home_->quotas.are_set()) return;
  if (auto* c = home_->find_connection(connection_)) throttle(home_->quotas.charge(*c, client_id(), kind, amount));
}

std::int32_t request::wait_for_time() {
  if (home_->quotas.are_set()) {
    if (auto* c = home_->find_connection(connection_)) throttle(home_->quotas.request_wait(*c, client_id()));
  }
  return throttle_ms_;
}

quota_payer request::payer() {
  if (!home_->quotas.are_set()) return nullptr;
  auto* c = home_->find_connection(connection_);
  return c != nullptr ? home_->quotas.payer_of(*c, client_id()) : nullptr;
}

void request::refuse_bytes(const protocol::reader& in) {
  close_connection(fmt::format("{} request v{}: {} at byte {} of {}", api_->name, version(),
                               protocol::name_of(in.status()), in.position() + body_at_, frame_->size()));
}

}  // namespace jackdaw::broker
