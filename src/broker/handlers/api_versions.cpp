// ApiVersions (KIP-35, KIP-511, KIP-584): what this broker speaks, and its feature levels.
#include <algorithm>

#include "api_table.hpp"
#include "handlers.hpp"
#include "jackdaw/controller/features.hpp"
#include "jackdaw/protocol/messages/api_versions.hpp"

namespace jackdaw::broker {
namespace {

using protocol::api_versions_request;
using protocol::api_versions_response;
using protocol::error_code;

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// KIP-511: letters, digits, '-' and '.', beginning and ending with a letter or digit.
bool is_software_name(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

api_versions_response::api_version version_row(const api_entry& e) {
  api_versions_response::api_version row;
  row.api_key = static_cast<std::int16_t>(e.key);
  row.min_version = e.advertised_min;
  row.max_version = e.version_max;
  return row;
}

void add_features(api_versions_response& answer, const shard_state& home, std::int16_t version) {
  for (const auto& f : controller::supported_features()) {
    // Older clients can't read a lowest level of 0 (KIP-1022).
    if (f.min == 0 && version < 4) continue;
    auto& row = answer.supported_features.emplace_back();
    row.name = f.name;
    row.min_version = f.min;
    row.max_version = f.max;
  }
  answer.finalized_features_epoch = home.image->position().index.value();
  for (const auto& [name, level] : home.image->features()) {
    auto& row = answer.finalized_features.emplace_back();
    row.name = name;
    row.min_version_level = level;
    row.max_version_level = level;
  }
}

}  // namespace

void handle_api_versions(request_ptr r) {
  api_versions_response answer;
  const auto* self = find_answered_api(api_versions_request::api_key);
  if (r->version() < self->version_min || r->version() > self->version_max) {
    // The client can't know yet what is spoken here, so the answer is in the oldest form and names only this api.
    answer.error_code = error_code::unsupported_version;
    answer.api_keys.push_back(version_row(*self));
    r->respond_as(0, answer);
    return;
  }
  api_versions_request asked;
  if (!r->decode(asked)) return;
  if (r->version() >= 3 &&
      (!is_software_name(asked.client_software_name) || !is_software_name(asked.client_software_version))) {
    answer.error_code = error_code::invalid_request;
    r->respond(answer);
    return;
  }
  if (auto* c = r->home().find_connection(r->connection()); c != nullptr && r->version() >= 3) {
    c->software_name = asked.client_software_name;
    c->software_version = asked.client_software_version;
  }
  for (const auto& e : answered_apis()) answer.api_keys.push_back(version_row(e));
  if (r->version() >= 3) add_features(answer, r->home(), r->version());
  r->respond(answer);
}

}  // namespace jackdaw::broker
