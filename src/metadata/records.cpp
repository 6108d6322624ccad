#include "jackdaw/metadata/records.hpp"

#include <google/protobuf/arena.h>

#include <limits>

#include "group_wire.hpp"
#include "jackdaw/base/assert.hpp"
#include "metadata.pb.h"

namespace jackdaw::metadata {
namespace {

// Raise it with every change that a reader of the version before would misunderstand, and give the records that are
// touched by it this min_version.
constexpr std::uint32_t format_version = 0;

// ---- records to Protobuf

void put(wire::Uuid* to, const uuid& id) {
  to->set_high(id.high);
  to->set_low(id.low);
}

void put(google::protobuf::RepeatedField<std::int32_t>* to, const broker_list& ids) {
  to->Reserve(static_cast<int>(ids.size()));
  for (const broker_id id : ids) to->Add(id.value());
}

void put(wire::Partition* to, const uuid& topic, partition_id partition, const partition_state& s) {
  put(to->mutable_topic(), topic);
  to->set_partition(partition.value());
  put(to->mutable_replicas(), s.replicas);
  put(to->mutable_isr(), s.isr);
  put(to->mutable_adding_replicas(), s.adding_replicas);
  put(to->mutable_removing_replicas(), s.removing_replicas);
  put(to->mutable_elr(), s.elr);
  put(to->mutable_last_known_elr(), s.last_known_elr);
  to->set_leader(s.leader.value());
  to->set_leader_epoch(s.leader_epoch.value());
  to->set_partition_epoch(s.partition_epoch.value());
  to->set_leader_recovering(s.leader_recovering);
}

void put(wire::Record& to, const cluster_created& r) { to.mutable_cluster_created()->set_cluster_id(r.cluster_id); }

void put(wire::Record& to, const feature_level_set& r) {
  to.mutable_feature_level_set()->set_name(r.name);
  to.mutable_feature_level_set()->set_level(r.level);
}

void put(wire::Record& to, const topic_created& r) {
  to.mutable_topic_created()->set_name(r.name);
  put(to.mutable_topic_created()->mutable_id(), r.id);
}

void put(wire::Record& to, const topic_deleted& r) { put(to.mutable_topic_deleted()->mutable_id(), r.id); }

void put(wire::Record& to, const partition_created& r) {
  put(to.mutable_partition_created(), r.topic, r.partition, r.state);
}

void put(wire::Record& to, const partition_changed& r) {
  put(to.mutable_partition_changed(), r.topic, r.partition, r.state);
}

void put(wire::Record& to, const config_changed& r) {
  auto* m = to.mutable_config_changed();
  m->set_type(static_cast<std::uint32_t>(r.type));
  m->set_name(r.name);
  m->set_key(r.key);
  if (r.value) m->set_value(*r.value);
}

void put(wire::Record& to, const broker_registered& r) {
  auto* m = to.mutable_broker_registered();
  m->set_id(r.id.value());
  m->set_epoch(r.epoch.value());
  put(m->mutable_incarnation(), r.incarnation);
  for (const broker_endpoint& e : r.endpoints) {
    auto* endpoint = m->add_endpoints();
    endpoint->set_listener(e.listener);
    endpoint->set_host(e.host);
    endpoint->set_port(e.port);
    endpoint->set_security_protocol(e.security_protocol);
  }
  if (r.rack) m->set_rack(*r.rack);
  m->set_fenced(r.fenced);
  m->set_shutting_down(r.shutting_down);
}

void put(wire::Record& to, const broker_changed& r) {
  auto* m = to.mutable_broker_changed();
  m->set_id(r.id.value());
  m->set_epoch(r.epoch.value());
  m->set_fenced(r.fenced);
  m->set_shutting_down(r.shutting_down);
}

void put(wire::Record& to, const broker_removed& r) { to.mutable_broker_removed()->set_id(r.id.value()); }

void put(wire::Record& to, const producer_ids_allocated& r) {
  auto* m = to.mutable_producer_ids_allocated();
  m->set_broker(r.broker.value());
  m->set_epoch(r.epoch.value());
  m->set_next(r.next.value());
}

void put(wire::Record& to, const client_quota_changed& r) {
  auto* m = to.mutable_client_quota_changed();
  for (const auto& [type, name] : r.entity.parts) {
    auto* part = m->add_entity();
    part->set_type(type);
    if (name) part->set_name(*name);
  }
  m->set_key(r.key);
  if (r.value) m->set_value(*r.value);
}

// ---- Protobuf to records

uuid get(const wire::Uuid& from) { return {from.high(), from.low()}; }

broker_list get(const google::protobuf::RepeatedField<std::int32_t>& from) {
  std::vector<broker_id> ids;
  ids.reserve(static_cast<std::size_t>(from.size()));
  for (const std::int32_t id : from) ids.emplace_back(id);
  return broker_list(ids);
}

partition_state get(const wire::Partition& from) {
  partition_state s;
  s.replicas = get(from.replicas());
  s.isr = get(from.isr());
  s.adding_replicas = get(from.adding_replicas());
  s.removing_replicas = get(from.removing_replicas());
  s.elr = get(from.elr());
  s.last_known_elr = get(from.last_known_elr());
  s.leader = broker_id{from.leader()};
  s.leader_epoch = leader_epoch{from.leader_epoch()};
  s.partition_epoch = partition_epoch{from.partition_epoch()};
  s.leader_recovering = from.leader_recovering();
  return s;
}

result<record> get(const wire::ConfigChanged& from) {
  const auto type = static_cast<config_resource>(from.type());
  switch (type) {
    case config_resource::topic:
    case config_resource::broker:
    case config_resource::broker_logger:
    case config_resource::client_metrics:
    case config_resource::group: break;
    default: return fail(errc::unsupported, "a config of the unknown resource type " + std::to_string(from.type()));
  }
  config_changed r{type, from.name(), from.key(), std::nullopt};
  if (from.has_value()) r.value = from.value();
  return record(std::move(r));
}

result<record> get(const wire::BrokerRegistered& from) {
  broker_registered r;
  r.id = broker_id{from.id()};
  r.epoch = broker_epoch{from.epoch()};
  r.incarnation = get(from.incarnation());
  for (const auto& e : from.endpoints()) {
    if (e.port() > std::numeric_limits<std::uint16_t>::max()) {
      return fail(errc::corrupt, "broker " + std::to_string(from.id()) + " with port " + std::to_string(e.port()));
    }
    r.endpoints.push_back({e.listener(), e.host(), static_cast<std::uint16_t>(e.port()),
                           static_cast<std::int16_t>(e.security_protocol())});
  }
  if (from.has_rack()) r.rack = from.rack();
  r.fenced = from.fenced();
  r.shutting_down = from.shutting_down();
  return record(std::move(r));
}

record get(const wire::ClientQuotaChanged& from) {
  client_quota_changed r;
  for (const auto& part : from.entity()) {
    r.entity.parts[part.type()] = part.has_name() ? std::optional(part.name()) : std::nullopt;
  }
  r.key = from.key();
  if (from.has_value()) r.value = from.value();
  return r;
}

result<record> get(const wire::Record& from) {
  if (from.min_version() > format_version) {
    return fail(errc::unsupported, "a record of format version " + std::to_string(from.min_version()) +
                                       ", this program knows up to " + std::to_string(format_version));
  }
  switch (from.kind_case()) {
    case wire::Record::kClusterCreated: return record(cluster_created{from.cluster_created().cluster_id()});
    case wire::Record::kFeatureLevelSet:
      return record(feature_level_set{from.feature_level_set().name(),
                                      static_cast<std::int16_t>(from.feature_level_set().level())});
    case wire::Record::kTopicCreated:
      return record(topic_created{from.topic_created().name(), get(from.topic_created().id())});
    case wire::Record::kTopicDeleted: return record(topic_deleted{get(from.topic_deleted().id())});
    case wire::Record::kPartitionCreated: {
      const auto& p = from.partition_created();
      return record(partition_created{get(p.topic()), partition_id{p.partition()}, get(p)});
    }
    case wire::Record::kPartitionChanged: {
      const auto& p = from.partition_changed();
      return record(partition_changed{get(p.topic()), partition_id{p.partition()}, get(p)});
    }
    case wire::Record::kConfigChanged: return get(from.config_changed());
    case wire::Record::kBrokerRegistered: return get(from.broker_registered());
    case wire::Record::kBrokerChanged: {
      const auto& b = from.broker_changed();
      return record(broker_changed{broker_id{b.id()}, broker_epoch{b.epoch()}, b.fenced(), b.shutting_down()});
    }
    case wire::Record::kBrokerRemoved: return record(broker_removed{broker_id{from.broker_removed().id()}});
    case wire::Record::kProducerIdsAllocated: {
      const auto& p = from.producer_ids_allocated();
      return record(
          producer_ids_allocated{broker_id{p.broker()}, broker_epoch{p.epoch()}, jackdaw::producer_id{p.next()}});
    }
    case wire::Record::kClientQuotaChanged: return get(from.client_quota_changed());
    case wire::Record::kGroupStored: return record(get_group(from.group_stored()));
    case wire::Record::kGroupRemoved:
      return record(group_removed{from.group_removed().group(), from.group_removed().only_without_offsets()});
    case wire::Record::kOffsetsCommitted: return record(get_offsets(from.offsets_committed()));
    case wire::Record::kOffsetsRemoved: return record(get_offsets(from.offsets_removed()));
    case wire::Record::KIND_NOT_SET: break;
  }
  return fail(errc::unsupported, "a record of a kind that this program doesn't know");
}

void add(wire::Payload& payload, std::span<const record> records) {
  for (const record& r : records) {
    wire::Record* to = payload.add_records();
    std::visit([to](const auto& alternative) { put(*to, alternative); }, r);
  }
}

template <class Fill>
std::vector<std::byte> encode_payload(const Fill& fill) {
  google::protobuf::Arena arena;
  auto* payload = google::protobuf::Arena::CreateMessage<wire::Payload>(&arena);
  fill(*payload);
  std::vector<std::byte> out(payload->ByteSizeLong());
  JD_ASSERT(out.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), out.size());
  auto* const start = reinterpret_cast<std::uint8_t*>(out.data());
  const std::uint8_t* end = payload->SerializeWithCachedSizesToArray(start);
  JD_ASSERT(end == start + out.size(), end - start, out.size());
  return out;
}

}  // namespace

std::vector<std::byte> encode(std::span<const record> records) {
  return encode_payload([&](wire::Payload& payload) { add(payload, records); });
}

std::vector<std::byte> encode_batches(std::span<const record_batch> batches) {
  return encode_payload([&](wire::Payload& payload) {
    for (const auto& b : batches) add(payload, *b);
  });
}

std::size_t roughly_bytes(const record& r) noexcept {
  constexpr std::size_t small = 64;
  std::size_t bytes = small;
  if (const auto* g = std::get_if<group_stored>(&r)) {
    for (const auto& m : g->members) bytes += small + m.subscription.size() + m.assignment.size();
  }
  if (const auto* c = std::get_if<offsets_committed>(&r)) {
    for (const auto& o : c->offsets) bytes += small + o.topic.size() + o.metadata.size();
  }
  return bytes;
}

result<std::vector<record>> decode(bytes_view bytes) {
  google::protobuf::Arena arena;
  auto* payload = google::protobuf::Arena::CreateMessage<wire::Payload>(&arena);
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !payload->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(errc::corrupt, "metadata records that don't parse, " + std::to_string(bytes.size()) + " bytes");
  }
  std::vector<record> out;
  out.reserve(static_cast<std::size_t>(payload->records_size()));
  for (const wire::Record& r : payload->records()) {
    auto one = get(r);
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

const char* name_of(const record& r) noexcept {
  static constexpr const char* names[] = {
      "cluster_created",   "feature_level_set", "topic_created",          "topic_deleted",
      "partition_created", "partition_changed", "config_changed",         "broker_registered",
      "broker_changed",    "broker_removed",    "producer_ids_allocated", "client_quota_changed",
      "group_stored",      "group_removed",     "offsets_committed",      "offsets_removed"};
  static_assert(std::size(names) == std::variant_size_v<record>);
  return names[r.index()];
}

}  // namespace jackdaw::metadata
