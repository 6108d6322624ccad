// UpdateFeatures (KIP-584) and UnregisterBroker (KIP-631).
#include "jackdaw/controller/features.hpp"

#include "decisions.hpp"
#include "jackdaw/controller/brokers.hpp"
#include "jackdaw/protocol/messages/unregister_broker.hpp"

namespace jackdaw::broker {
namespace {

using feature_change = change<protocol::update_features_request, controller::updated_features>;
using unregister_change = change<protocol::unregister_broker_request, controller::unregistered>;

void answer_features(feature_change& c) {
  protocol::update_features_response message;
  message.error_code = c.reply.outcome.code;
  message.error_message = sentence_of(*c.r, c.reply.outcome);
  if (c.reply.outcome.ok() && c.r->version() < 2) {
    for (const auto& f : c.asked.feature_updates) {
      auto& row = message.results.emplace_back();
      row.feature = f.feature;
      row.error_message.reset();
    }
  }
  c.r->respond(message);
}

void answer_unregistered(unregister_change& c) {
  protocol::unregister_broker_response message;
  message.error_code = c.reply.outcome.code;
  message.error_message = sentence_of(*c.r, c.reply.outcome);
  c.r->respond(message);
}

}  // namespace

void handle_update_features(request_ptr r) {
  auto c = std::make_unique<feature_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](feature_change& it, const metadata::image& image, random_source&) {
        return controller::update_features(image, it.asked, it.r->version());
      },
      answer_features);
}

void handle_unregister_broker(request_ptr r) {
  auto c = std::make_unique<unregister_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](unregister_change& it, const metadata::image& image, random_source&) {
        return controller::unregister_broker(image, it.asked.broker_id);
      },
      answer_unregistered);
}

}  // namespace jackdaw::broker
