#include "jackdaw/coordinator/classic/classic_requests.hpp"

#include <utility>
#include <variant>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

classic_group* classic_requests::find(const std::string& group) noexcept {
  auto* kind = runtime_.find(group);
  return kind ? std::get_if<classic_group>(kind) : nullptr;
}

// For what the group itself needn't be asked.
std::optional<error_code> classic_requests::refuse_join(const std::string& group, const join_request& r) {
  if (group.empty()) return error_code::invalid_group_id;
  const auto& s = runtime_.settings();
  if (r.session_timeout_ms < s.session_timeout_min_ms || r.session_timeout_ms > s.session_timeout_max_ms) {
    return error_code::invalid_session_timeout;
  }
  const bool is_new = r.member_id.empty();
  if (!is_new && !runtime_.exists(group) && !runtime_.find(group)) return error_code::unknown_member_id;
  // Who is in stays, or an overload would end in rebalances that never do.
  if (is_new && runtime_.refuse_for_memory()) return error_code::coordinator_not_available;
  return std::nullopt;
}

void classic_requests::join(const std::string& group, join_request request, waiter w, const std::string& new_member_id,
                            now_t now, coordinator_effects& out) {
  auto refused = refuse_join(group, request);
  auto* classic = refused ? nullptr : std::get_if<classic_group>(&runtime_.open(group, now));
  if (!refused && !classic) refused = error_code::inconsistent_group_protocol;
  if (refused) {
    out.answers.emplace_back(w, refused_join(*refused, std::move(request.member_id)));
    return;
  }
  group_effects effects;
  auto now_answered = classic->join(std::move(request), w, new_member_id, runtime_.settings().classic, now, effects);
  if (now_answered) effects.answers.emplace_back(w, std::move(*now_answered));
  runtime_.settle(group, effects, out);
}

void classic_requests::sync(const std::string& group, sync_request request, waiter w, now_t now,
                            coordinator_effects& out) {
  auto* classic = find(group);
  if (group.empty() || !classic) {
    out.answers.emplace_back(
        w, refused_sync(group.empty() ? error_code::invalid_group_id : error_code::unknown_member_id));
    return;
  }
  group_effects effects;
  auto now_answered = classic->sync(std::move(request), w, now, effects);
  JD_ASSERT(effects.records.size() <= 1 && (effects.records.empty() || !now_answered), group, effects.records.size());
  if (now_answered) effects.answers.emplace_back(w, std::move(*now_answered));
  if (!effects.records.empty() &&
      metadata::roughly_bytes(effects.records.front()) > runtime_.settings().generation_bytes_max) {
    effects.records.clear();
    classic->ended(effects.generation, error_code::unknown_server_error, runtime_.settings().classic, now, effects);
  }
  runtime_.settle(group, effects, out);
}

error_code classic_requests::heartbeat(const std::string& group, const member_claim& claim, now_t now) {
  if (group.empty()) return error_code::invalid_group_id;
  auto* classic = find(group);
  return classic ? classic->heartbeat(claim, now) : error_code::unknown_member_id;
}

error_code classic_requests::leave(const std::string& group, const std::string& member_id,
                                   const std::optional<std::string>& instance_id, const std::string& reason, now_t now,
                                   coordinator_effects& out) {
  if (group.empty()) return error_code::invalid_group_id;
  auto* classic = find(group);
  if (!classic) return error_code::unknown_member_id;
  group_effects effects;
  const auto code = classic->leave(member_id, instance_id, reason, runtime_.settings().classic, now, effects);
  runtime_.settle(group, effects, out);
  return code;
}

}  // namespace jackdaw::coordinator
