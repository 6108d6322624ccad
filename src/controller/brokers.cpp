#include "jackdaw/controller/brokers.hpp"

#include <limits>

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

metadata::broker_list without(const metadata::broker_list& list, broker_id id) {
  std::vector<broker_id> kept;
  for (const broker_id other : list) {
    if (other != id) kept.push_back(other);
  }
  return metadata::broker_list(std::span<const broker_id>(kept));
}

}  // namespace

decision<registered> register_broker(const metadata::image& image, const registration& request, broker_epoch epoch,
                                     bool is_alive) {
  decision<registered> out;
  const auto* before = image.find_broker(request.id);
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
      metadata::partition_state next = state;
      if (!state.isr.contains(id)) {
        // An eligible replica has everything that was ever acknowledged, so it may lead alone (KIP-966).
        next.isr = {id};
        next.elr = without(state.elr, id);
      }
      next.leader = id;
      ++next.leader_epoch;
      ++next.partition_epoch;
      out.records.push_back(metadata::partition_changed{topic_id, p, std::move(next)});
    }
  }
  return out;
}

decision<producer_ids> allocate_producer_ids(const metadata::image& image, broker_id id, broker_epoch epoch) {
  decision<producer_ids> out;
  out.reply.outcome = check_epoch(image.find_broker(id), id, epoch);
  if (!out.reply.outcome.ok()) return out;
  const producer_id first = image.next_producer_id();
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
