// JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the classic group protocol.
#include "ask_coordinator.hpp"
#include "jackdaw/protocol/messages/heartbeat.hpp"
#include "jackdaw/protocol/messages/join_group.hpp"
#include "jackdaw/protocol/messages/leave_group.hpp"
#include "jackdaw/protocol/messages/sync_group.hpp"

namespace jackdaw::broker {
namespace {

using coordinator::join_answer;
using coordinator::sync_answer;
using protocol::error_code;

constexpr std::int16_t join_version_member_id_required = 4;
constexpr std::int16_t join_version_null_protocol = 7;
constexpr std::int16_t join_version_skips_assignment = 9;

coordinator::blob to_blob(bytes_view bytes) { return {bytes.begin(), bytes.end()}; }

std::optional<std::string> to_text(const std::optional<std::string_view>& text) {
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

// As Kafka shows it to administrators: "/127.0.0.1".
std::string host_of(request& r) {
  const auto* c = r.home().find_connection(r.connection());
  if (c == nullptr) return {};
  const std::string_view address = c->info.peer_address;
  return '/' + std::string(address.substr(0, address.rfind(':')));
}

coordinator::join_request to_core(request& r, const protocol::join_group_request& asked) {
  coordinator::join_request j;
  j.member_id = asked.member_id;
  j.instance_id = to_text(asked.group_instance_id);
  j.client_id = r.client_id();
  j.client_host = host_of(r);
  j.session_timeout_ms = asked.session_timeout_ms;
  j.rebalance_timeout_ms = r.version() == 0 ? asked.session_timeout_ms : asked.rebalance_timeout_ms;
  j.protocol_type = asked.protocol_type;
  for (const auto& p : asked.protocols) j.protocols.push_back({std::string(p.name), to_blob(p.metadata)});
  j.requires_member_id = r.version() >= join_version_member_id_required;
  j.can_skip_assignment = r.version() >= join_version_skips_assignment;
  j.reason = asked.reason.value_or("");
  return j;
}

void answer_join(request& r, const join_answer& a) {
  protocol::join_group_response message;
  message.error_code = a.error;
  message.generation_id = a.generation;
  message.protocol_type = a.protocol_type;
  message.protocol_name = a.protocol_name;
  if (!a.protocol_name && r.version() < join_version_null_protocol) message.protocol_name = "";
  message.leader = a.leader;
  message.skip_assignment = a.skip_assignment;
  message.member_id = a.member_id;
  for (const auto& m : a.members) {
    auto& row = message.members.emplace_back();
    row.member_id = m.member_id;
    row.group_instance_id = m.instance_id;
    row.metadata = m.metadata;
  }
  r.respond(message);
}

void answer_sync(request& r, const sync_answer& a) {
  protocol::sync_group_response message;
  message.error_code = a.error;
  message.protocol_type = a.protocol_type;
  message.protocol_name = a.protocol_name;
  message.assignment = a.assignment;
  r.respond(message);
}

// What the coordinator keeps a request for is the other members' time, and the client asked for it.
template <class Answer, class Done>
unique_function<void(Answer)> as_wait(const active_coordinator& groups, request& it, Done done) {
  return [&groups, &it, began = groups.now(), done = std::move(done)](Answer a) mutable {
    it.did_wait(groups.now() - began);
    done(std::move(a));
  };
}

}  // namespace

void handle_join_group(request_ptr r) {
  protocol::join_group_request asked;
  if (!r->decode(asked)) return;
  auto core = to_core(*r, asked);
  ask_coordinator<join_answer>(
      std::move(r),
      [group = std::string(asked.group_id), core = std::move(core)](active_coordinator& groups, request& it,
                                                                    auto done) mutable {
        groups.join(group, std::move(core), as_wait<join_answer>(groups, it, std::move(done)));
      },
      answer_join);
}

void handle_sync_group(request_ptr r) {
  protocol::sync_group_request asked;
  if (!r->decode(asked)) return;
  coordinator::sync_request core;
  core.member_id = asked.member_id;
  core.instance_id = to_text(asked.group_instance_id);
  core.generation = asked.generation_id;
  core.protocol_type = to_text(asked.protocol_type);
  core.protocol_name = to_text(asked.protocol_name);
  for (const auto& a : asked.assignments) core.assignments.emplace_back(a.member_id, to_blob(a.assignment));
  ask_coordinator<sync_answer>(
      std::move(r),
      [group = std::string(asked.group_id), core = std::move(core)](active_coordinator& groups, request& it,
                                                                    auto done) mutable {
        groups.sync(group, std::move(core), as_wait<sync_answer>(groups, it, std::move(done)));
      },
      answer_sync);
}

void handle_heartbeat(request_ptr r) {
  protocol::heartbeat_request asked;
  if (!r->decode(asked)) return;
  ask_coordinator<error_code>(
      std::move(r),
      [asked](active_coordinator& groups, request&, auto done) mutable {
        const coordinator::member_claim claim{asked.member_id, asked.group_instance_id, asked.generation_id};
        done(groups.heartbeat(std::string(asked.group_id), claim));
      },
      [](request& it, error_code code) {
        protocol::heartbeat_response message;
        message.error_code = code;
        it.respond(message);
      });
}

namespace {

constexpr std::int16_t leave_version_many = 3;

struct leave_answer {
  error_code error = error_code::none;
  std::vector<error_code> rows;
};

// An error of the whole group is told once; before version 3 the only member's error is the answer's.
leave_answer leave(active_coordinator& groups, std::int16_t version, const protocol::leave_group_request& asked) {
  const std::string group(asked.group_id);
  leave_answer a;
  if (group.empty()) {
    a.error = error_code::invalid_group_id;
  } else if (version < leave_version_many) {
    a.error = groups.leave(group, std::string(asked.member_id), std::nullopt, "");
  } else {
    for (const auto& m : asked.members) {
      a.rows.push_back(groups.leave(group, std::string(m.member_id), to_text(m.group_instance_id),
                                    std::string(m.reason.value_or(""))));
    }
  }
  return a;
}

}  // namespace

void handle_leave_group(request_ptr r) {
  protocol::leave_group_request asked;
  if (!r->decode(asked)) return;
  ask_coordinator<leave_answer>(
      std::move(r),
      [asked](active_coordinator& groups, request& it, auto done) mutable { done(leave(groups, it.version(), asked)); },
      [asked](request& it, const leave_answer& a) {
        protocol::leave_group_response message;
        message.error_code = a.error;
        for (std::size_t i = 0; i < a.rows.size(); ++i) {
          auto& row = message.members.emplace_back();
          row.member_id = asked.members[i].member_id;
          row.group_instance_id = asked.members[i].group_instance_id;
          row.error_code = a.rows[i];
        }
        it.respond(message);
      });
}

}  // namespace jackdaw::broker
