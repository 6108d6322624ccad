#include "group_wire.hpp"

#include "metadata.pb.h"

namespace jackdaw::metadata {
namespace {

void put_bytes(std::string* to, const std::vector<std::byte>& from) {
  to->assign(reinterpret_cast<const char*>(from.data()), from.size());
}

std::vector<std::byte> get_bytes(const std::string& from) {
  const auto* at = reinterpret_cast<const std::byte*>(from.data());
  return {at, at + from.size()};
}

group_member get_member(const wire::GroupStored::Member& from) {
  group_member m;
  m.member_id = from.member_id();
  if (from.has_instance_id()) m.instance_id = from.instance_id();
  m.client_id = from.client_id();
  m.client_host = from.client_host();
  m.session_timeout_ms = from.session_timeout_ms();
  m.rebalance_timeout_ms = from.rebalance_timeout_ms();
  m.subscription = get_bytes(from.subscription());
  m.assignment = get_bytes(from.assignment());
  return m;
}

}  // namespace

void put(wire::Record& to, const group_stored& r) {
  auto* g = to.mutable_group_stored();
  g->set_group(r.group);
  g->set_protocol_type(r.protocol_type);
  g->set_generation(r.generation);
  if (r.protocol_name) g->set_protocol_name(*r.protocol_name);
  if (r.leader) g->set_leader(*r.leader);
  g->set_state_since_ms(r.state_since.value);
  for (const auto& m : r.members) {
    auto* member = g->add_members();
    member->set_member_id(m.member_id);
    if (m.instance_id) member->set_instance_id(*m.instance_id);
    member->set_client_id(m.client_id);
    member->set_client_host(m.client_host);
    member->set_session_timeout_ms(m.session_timeout_ms);
    member->set_rebalance_timeout_ms(m.rebalance_timeout_ms);
    put_bytes(member->mutable_subscription(), m.subscription);
    put_bytes(member->mutable_assignment(), m.assignment);
  }
}

void put(wire::Record& to, const group_removed& r) {
  to.mutable_group_removed()->set_group(r.group);
  to.mutable_group_removed()->set_only_without_offsets(r.only_without_offsets);
}

void put(wire::Record& to, const offsets_committed& r) {
  auto* c = to.mutable_offsets_committed();
  c->set_group(r.group);
  for (const auto& o : r.offsets) {
    auto* p = c->add_partitions();
    p->set_topic(o.topic);
    if (o.topic_id != uuid{}) {
      p->mutable_topic_id()->set_high(o.topic_id.high);
      p->mutable_topic_id()->set_low(o.topic_id.low);
    }
    p->set_partition(o.partition.value());
    p->set_offset(o.offset.value());
    p->set_leader_epoch(o.leader_epoch.value());
    p->set_metadata(o.metadata);
    p->set_committed_at_ms(o.committed_at.value);
    if (o.expires_at.value >= 0) p->set_expires_at_ms(o.expires_at.value);
  }
}

void put(wire::Record& to, const offsets_removed& r) {
  auto* c = to.mutable_offsets_removed();
  c->set_group(r.group);
  for (const auto& o : r.offsets) {
    auto* p = c->add_partitions();
    p->set_topic(o.topic);
    p->set_partition(o.partition.value());
  }
  if (r.committed_until) c->set_committed_until_ms(r.committed_until->value);
}

group_stored get_group(const wire::GroupStored& from) {
  group_stored g;
  g.group = from.group();
  g.protocol_type = from.protocol_type();
  g.generation = from.generation();
  if (from.has_protocol_name()) g.protocol_name = from.protocol_name();
  if (from.has_leader()) g.leader = from.leader();
  g.state_since = timestamp_ms{from.state_since_ms()};
  g.members.reserve(static_cast<std::size_t>(from.members_size()));
  for (const auto& m : from.members()) g.members.push_back(get_member(m));
  return g;
}

offsets_committed get_offsets(const wire::OffsetsCommitted& from) {
  offsets_committed c;
  c.group = from.group();
  c.offsets.reserve(static_cast<std::size_t>(from.partitions_size()));
  for (const auto& p : from.partitions()) {
    auto& o = c.offsets.emplace_back();
    o.topic = p.topic();
    o.topic_id = {p.topic_id().high(), p.topic_id().low()};
    o.partition = partition_id{p.partition()};
    o.offset = offset{p.offset()};
    o.leader_epoch = leader_epoch{p.leader_epoch()};
    o.metadata = p.metadata();
    o.committed_at = timestamp_ms{p.committed_at_ms()};
    if (p.has_expires_at_ms()) o.expires_at = timestamp_ms{p.expires_at_ms()};
  }
  return c;
}

offsets_removed get_offsets(const wire::OffsetsRemoved& from) {
  offsets_removed c;
  c.group = from.group();
  for (const auto& p : from.partitions()) c.offsets.push_back({p.topic(), partition_id{p.partition()}});
  if (from.has_committed_until_ms()) c.committed_until = timestamp_ms{from.committed_until_ms()};
  return c;
}

}  // namespace jackdaw::metadata
