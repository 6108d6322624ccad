#include "broker_lifecycle.hpp"

#include <chrono>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {
namespace {

constexpr duration ask_again_after = std::chrono::milliseconds(100);

}  // namespace

broker_lifecycle::~broker_lifecycle() { home_.timers.cancel(again_); }

void broker_lifecycle::controller_is(broker_id controller) {
  controller_ = controller;
  ask();
}

broker_request broker_lifecycle::next_request() const {
  if (epoch_) return unfence_request{home_.node_id(), *epoch_};
  registration_request r;
  r.cluster_id = home_.server().cluster_id;
  r.who.id = home_.node_id();
  r.who.incarnation = home_.server().incarnation;
  for (const auto& l : home_.server().advertised_listeners) {
    r.who.endpoints.push_back({l.name, l.host, l.port, static_cast<std::int16_t>(l.security)});
  }
  if (!home_.config().rack.empty()) r.who.rack = home_.config().rack;
  return r;
}

void broker_lifecycle::ask() {
  if (is_serving_ || controller_ == broker_id{}) return;
  home_.timers.cancel(again_);
  again_ = home_.timers.schedule(home_.now.steady + ask_again_after, [this] { ask(); });
  send_(controller_, next_request());
}

void broker_lifecycle::image_published(const metadata::image& image) {
  if (is_serving_) return;
  const auto* self = image.find_broker(home_.node_id());
  // What an earlier run of this node left there doesn't count.
  if (self == nullptr || self->incarnation != home_.server().incarnation) return;
  JD_ASSERT(!epoch_ || self->epoch >= *epoch_, self->epoch.value(), epoch_->value());
  const bool is_new = epoch_ != self->epoch;
  epoch_ = self->epoch;
  if (self->fenced) {
    if (is_new) ask();
    return;
  }
  is_serving_ = true;
  home_.timers.cancel(again_);
  if (ready_) std::exchange(ready_, nullptr)({});
}

void broker_lifecycle::failed(const error& why) {
  home_.timers.cancel(again_);
  if (ready_) std::exchange(ready_, nullptr)(why);
}

}  // namespace jackdaw::broker
