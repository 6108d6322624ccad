// FindCoordinator. Every broker takes group requests, so the nearest one is the one that was asked.
#include "jackdaw/protocol/messages/find_coordinator.hpp"

#include "cluster_view.hpp"
#include "handlers.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;

enum class coordinator_kind : std::int8_t { group = 0, transaction = 1, share = 2 };

struct verdict_on_key {
  error_code error = error_code::none;
  std::string_view message;
};

verdict_on_key look_at(std::int8_t kind) {
  switch (static_cast<coordinator_kind>(kind)) {
    case coordinator_kind::group: return {error_code::none, "NONE"};
    case coordinator_kind::transaction:
      return {error_code::coordinator_not_available, "This broker does not coordinate transactions yet."};
    case coordinator_kind::share:
      return {error_code::coordinator_not_available, "This broker does not coordinate share groups yet."};
  }
  return {error_code::invalid_request, "The key type of a coordinator is 0 (group), 1 (transaction) or 2 (share)."};
}

// The answer up to version 3, and each row of it since, have the same fields.
template <class Row>
void fill(Row& row, const verdict_on_key& v, broker_id self, const metadata::broker_endpoint* endpoint) {
  const bool found = v.error == error_code::none && endpoint != nullptr;
  row.node_id = found ? self : broker_id{-1};
  row.host = found ? std::string_view(endpoint->host) : std::string_view();
  row.port = found ? endpoint->port : -1;
  row.error_code = v.error;
  row.error_message = v.message;
  if (found || v.error != error_code::none) return;
  row.error_code = error_code::coordinator_not_available;
  row.error_message = "This broker is not registered yet.";
}

}  // namespace

void handle_find_coordinator(request_ptr r) {
  protocol::find_coordinator_request asked;
  if (!r->decode(asked)) return;
  const auto& home = r->home();
  const auto* c = r->home().find_connection(r->connection());
  if (c == nullptr) return;
  const auto* broker = home.image->find_broker(home.node_id());
  const auto* endpoint = broker ? endpoint_of(*broker, c->info.listener) : nullptr;
  const auto verdict = look_at(asked.key_type);
  protocol::find_coordinator_response answer;
  constexpr std::int16_t version_many_keys = 4;
  if (r->version() < version_many_keys) fill(answer, verdict, home.node_id(), endpoint);
  for (const auto key : asked.coordinator_keys) {
    auto& row = answer.coordinators.emplace_back();
    row.key = key;
    fill(row, verdict, home.node_id(), endpoint);
  }
  r->respond(answer);
}

}  // namespace jackdaw::broker
