#include "request.hpp"

#include <fmt/format.h>

#include "shard_state.hpp"

namespace jackdaw::broker {

request::request(shard_state& home, connection_id connection, principal_ptr who, const protocol::api_description& api,
                 protocol::request_header header, std::shared_ptr<buffer> frame, std::size_t body_at, reply_sink sink)
    : home_(&home),
      connection_(connection),
      who_(std::move(who)),
      api_(&api),
      header_(std::move(header)),
      frame_(std::move(frame)),
      body_at_(body_at),
      sink_(std::move(sink)),
      arrived_(home.now.steady) {
  JD_ASSERT(who_ != nullptr, connection_.value());
}

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
  auto sink = std::exchange(sink_, nullptr);
  JD_ASSERT(sink, api_->name, header_.correlation_id.value());  // it is answered once
  // The connection may have gone while the request was away; its sink leads nowhere then.
  const auto* from = home_->find_connection(connection_);
  if (from == nullptr) return;
  if (r.what != reply::action::close) note_answer(*from, r);
  sink(std::move(r));
}

void request::note_answer(const broker::connection& from, const reply& r) {
  const now_t& now = home_->now;
  home_->activity.answered.add(header_.api_key);
  const duration since = now.steady - arrived_;
  const duration took = since - std::min(waited_, since);
  if (!home_->activity.slowest.wants(took, now.steady)) return;
  const timestamp_ms began{now.wall.value - std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
  home_->activity.slowest.add({began, took, header_.api_key, version(), std::string(cut_client_id(client_id())),
                               from.info.peer_address, frame_->size(), r.size_bytes()},
                              now.steady);
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
