// AlterClientQuotas.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config.hpp"
#include "jackdaw/controller/quotas.hpp"

namespace jackdaw::controller {
namespace {

using metadata::quota_entity;
using protocol::alter_client_quotas_request;
using protocol::error_code;
using entry = alter_client_quotas_request::entry_data;
using operation = alter_client_quotas_request::op_data;

verdict invalid(std::string message) { return refuse(error_code::invalid_request, std::move(message)); }

quota_entity entity_of(const entry& e) {
  quota_entity entity;
  for (const auto& part : e.entity) {
    auto& name = entity.parts[std::string(part.entity_type)];
    name.reset();
    if (part.entity_name) name = std::string(*part.entity_name);
  }
  return entity;
}

// What a name may be made of before anybody looks it up: letters, digits, '.', '-', '_', and ':' of IPv6.
bool may_be_host(std::string_view name) {
  return name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
                  c == '_' || c == ':' || c == '%';
         });
}

verdict check_entity(const quota_entity& entity) {
  if (entity.parts.empty()) return invalid("Invalid empty client quota entity");
  for (const auto& [type, name] : entity.parts) {
    if (type != "user" && type != "client-id" && type != "ip")
      return invalid("Unhandled client quota entity type: " + type);
    if (name && name->empty()) return invalid("Empty " + type + " not supported");
  }
  const auto ip = entity.parts.find("ip");
  if (ip == entity.parts.end()) return {};
  if (entity.parts.size() > 1)
    return invalid("Invalid quota entity combination, an IP entity can't be combined with User or ClientId");
  if (ip->second && !may_be_host(*ip->second)) return invalid(*ip->second + " is not a valid IP or resolvable host.");
  return {};
}

verdict check_value(const config_key& key, double value) {
  const std::string name(key.name);
  // Written so that what isn't a number is refused, too.
  if (!(value > 0)) return invalid("Quota " + name + " must be greater than 0");
  if (key.type == config_type::float64) return {};
  const bool is_int = key.type == config_type::int32;
  const double most =
      is_int ? std::numeric_limits<std::int32_t>::max() : static_cast<double>(std::numeric_limits<std::int64_t>::max());
  if (value > most)
    return invalid("Proposed value for " + name + " is too large for " + (is_int ? "an INT." : "a LONG."));
  if (value != std::floor(value)) return invalid(name + " cannot be a fractional value.");
  return {};
}

verdict check_operations(const quota_entity& entity, const entry& e) {
  const auto scope = entity.parts.contains("ip") ? config_scope::ip_quota : config_scope::client_quota;
  std::set<std::string_view> keys;
  for (const operation& op : e.ops) {
    if (!keys.insert(op.key).second) return invalid("Ignoring duplicate entity " + to_string(entity));
    // Removing what nobody knows removes nothing.
    if (op.remove) continue;
    const config_key* key = find_key(scope, op.key);
    if (key == nullptr) return invalid("Invalid configuration key " + std::string(op.key));
    if (auto v = check_value(*key, op.value); !v.ok()) return v;
  }
  return {};
}

void add_records(const metadata::image& image, const quota_entity& entity, const entry& e,
                 std::vector<metadata::record>& records) {
  const auto* before = image.quotas().find(entity);
  for (const operation& op : e.ops) {
    std::optional<double> old;
    if (before != nullptr) {
      if (const auto at = (*before)->find(op.key); at != (*before)->end()) old = at->second;
    }
    const auto value = op.remove ? std::optional<double>() : op.value;
    JD_ASSERT(!value || *value > 0, op.key, *value);  // check_operations() let it through
    if (value != old) records.push_back(metadata::client_quota_changed{entity, std::string(op.key), value});
  }
}

}  // namespace

std::string to_string(const quota_entity& entity) {
  std::string text = "{";
  for (const auto& [type, name] : entity.parts) {
    if (text.size() > 1) text += ", ";
    text += type + '=' + name.value_or("<default>");
  }
  return text + '}';
}

decision<std::vector<altered_quota>> alter_client_quotas(const metadata::image& image,
                                                         const alter_client_quotas_request& request) {
  decision<std::vector<altered_quota>> out;
  std::map<quota_entity, std::size_t> rows;
  for (const entry& e : request.entries) {
    auto entity = entity_of(e);
    const auto [at, is_new] = rows.emplace(entity, out.reply.size());
    if (!is_new) {
      out.reply[at->second].outcome = invalid("Ignoring duplicate entity " + to_string(entity));
      continue;
    }
    auto& row = out.reply.emplace_back();
    row.outcome = check_entity(entity);
    if (row.outcome.ok()) row.outcome = check_operations(entity, e);
    if (row.outcome.ok() && !request.validate_only) add_records(image, entity, e, out.records);
    row.entity = std::move(entity);
  }
  JD_ASSERT(out.reply.size() == rows.size(), out.reply.size(), rows.size());
  return out;
}

}  // namespace jackdaw::controller
