#include "jackdaw/controller/brokers.hpp"

#include <limits>

#include "jackdaw/base/assert.hpp"
#include "partition_steps.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

verdict check_epoch(const metadata::broker_registered* broker, broker_id id, broker_epoch epoch) {
  if (broker == nullptr)
    return refuse(error_code::broker_id_not_registered, "Broker " + std::to_string(id.value()) + " is not registered.");
  if (broker->epoch != epoch)
    return refuse(error_code::stale_broker_epoch, "Expected broker epoch " + std::to_string(broker->epoch.value()) +
                                                      ", but got broker epoch " + std::to_string(epoch.value()) + ".");
  return {};
}

}  // namespace

decision<registered> register_broker(const metadata::image& image, const registration& request, broker_epoch epoch,
                                     bool is_alive) {
  decision<registered> out;
  const auto* before = image.find_broker(request.id);
  JD_ASSERT(before == nullptr || epoch > before->epoch, request.id.value(), epoch.value(), before->epoch.value());
  if (before != nullptr && before->incarnation != request.incarnation && is_alive) {
    out.reply.outcome = refuse(error_code::duplicate_broker_registration,
                               "Another broker is registered with that broker id. If the broker was recently "
                               "restarted this should self-resolve once the heartbeat manager expires the broker's "
                               "session.");
    return out;
  }
  metadata::broker_registered record;
  record.id = request.id;
  record.epoch = epoch;
  record.incarnation = request.incarnation;
  record.endpoints = request.endpoints;
  record.rack = request.rack;
  record.fenced = true;
  out.reply.epoch = epoch;
  out.records.emplace_back(std::move(record));
  return out;
}

decision<verdict> unfence_broker(const metadata::image& image, broker_id id, broker_epoch epoch) {
  decision<verdict> out;
  const auto* broker = image.find_broker(id);
  out.reply = check_epoch(broker, id, epoch);
  if (!out.reply.ok() || !broker->fenced) return out;
  out.records.push_back(metadata::broker_changed{id, epoch, false, false});
  for (const auto& [topic_id, topic] : image.topics()) {
    for (partition_id p{0}; p.value() < topic->partition_count(); p = partition_id(p.value() + 1)) {
      const metadata::partition_state& state = topic->partition(p);
      const bool may_lead = state.isr.contains(id) || state.elr.contains(id);
      if (state.leader != broker_id{} || !may_lead) continue;
      // An eligible replica has everything that was ever acknowledged, so it may lead alone (KIP-966).
      auto next = led_by(state, id);
      check_step(state, next);
      out.records.push_back(metadata::partition_changed{topic_id, p, std::move(next)});
    }
  }
  return out;
}

namespace {

// The partition without this broker; nothing if the broker has no part in it.
std::optional<metadata::partition_state> state_without(const metadata::image& image,
                                                       const metadata::partition_state& state, broker_id id) {
  auto next = state;
  if (state.isr.size() > 1) next.isr = without(state.isr, id);
  if (state.leader == id) {
    const auto leader = next.isr.contains(id) ? std::nullopt : next_leader(image, next);
    return leader ? led_by(std::move(next), *leader) : leaderless(std::move(next));
  }
  if (next.isr == state.isr) return std::nullopt;
  ++next.partition_epoch;
  return next;
}

}  // namespace

decision<unregistered> unregister_broker(const metadata::image& image, broker_id id) {
  decision<unregistered> out;
  const auto number = std::to_string(id.value());
  if (image.find_broker(id) == nullptr) {
    out.reply.outcome =
        refuse(error_code::broker_id_not_registered, "Broker ID " + number + " is not currently registered");
    return out;
  }
  if (is_active(image, id)) {
    out.reply.outcome = refuse(error_code::invalid_request, "Broker " + number + " is running: stop it first.");
    return out;
  }
  for (const auto& [topic_id, topic] : image.topics()) {
    for (partition_id p{0}; p.value() < topic->partition_count(); p = partition_id(p.value() + 1)) {
      auto next = state_without(image, topic->partition(p), id);
      if (!next) continue;
      check_step(topic->partition(p), *next);
      JD_ASSERT(next->leader != id, topic->name(), p.value(), id.value());
      out.records.push_back(metadata::partition_changed{topic_id, p, std::move(*next)});
    }
  }
  out.records.push_back(metadata::broker_removed{id});
  return out;
}

decision<producer_ids> allocate_producer_ids(const metadata::image& image, broker_id id, broker_epoch epoch) {
  decision<producer_ids> out;
  out.reply.outcome = check_epoch(image.find_broker(id), id, epoch);
  if (!out.reply.outcome.ok()) return out;
  const producer_id first = image.next_producer_id();
  JD_ASSERT(first >= producer_id{0}, first.value());
  if (first.value() > std::numeric_limits<std::int64_t>::max() - producer_ids_per_block) {
    out.reply.outcome = refuse(error_code::unknown_server_error, "All producer ids have been given out.");
    return out;
  }
  out.reply.first = first;
  out.reply.count = producer_ids_per_block;
  out.records.push_back(metadata::producer_ids_allocated{id, epoch, first + producer_ids_per_block});
  return out;
}

}  // namespace jackdaw::controller
