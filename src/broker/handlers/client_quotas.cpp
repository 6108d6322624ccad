// DescribeClientQuotas and AlterClientQuotas (KIP-546).
#include <algorithm>

#include "decisions.hpp"
#include "jackdaw/controller/quotas.hpp"
#include "jackdaw/protocol/messages/describe_client_quotas.hpp"

namespace jackdaw::broker {
namespace {

using protocol::describe_client_quotas_request;
using protocol::error_code;
using quota_change = change<protocol::alter_client_quotas_request, std::vector<controller::altered_quota>>;

template <class Row>
void add_entity(Row& row, request& r, const metadata::quota_entity& entity) {
  for (const auto& [type, name] : entity.parts) {
    auto& part = row.entity.emplace_back();
    part.entity_type = r.keep(type);
    part.entity_name.reset();
    if (name) part.entity_name = r.keep(*name);
  }
}

void answer_altered(quota_change& c) {
  protocol::alter_client_quotas_response message;
  for (const auto& altered : c.reply) {
    auto& row = message.entries.emplace_back();
    row.error_code = altered.outcome.code;
    row.error_message = sentence_of(*c.r, altered.outcome);
    add_entity(row, *c.r, altered.entity);
  }
  c.r->respond(message);
}

enum class match_type : std::int8_t { exact = 0, default_entity = 1, any = 2 };

// Which entities a request asks for.
class entity_filter {
 public:
  explicit entity_filter(const describe_client_quotas_request& asked) : asked_(asked) {}

  controller::verdict check() const {
    std::vector<std::string_view> types;
    for (const auto& c : asked_.components) {
      if (auto v = check(c); !v.ok()) return v;
      if (has(types, c.entity_type))
        return controller::refuse(error_code::invalid_request, "Entity type " + std::string(c.entity_type) +
                                                                   " cannot appear more than once in the filter.");
      types.push_back(c.entity_type);
    }
    if (has(types, "ip") && types.size() > 1)
      return controller::refuse(error_code::invalid_request,
                                "Invalid entity filter component combination: an IP filter component stands alone, "
                                "without user and clientId.");
    return {};
  }

  bool matches(const metadata::quota_entity& entity) const {
    if (asked_.strict && entity.parts.size() != asked_.components.size()) return false;
    return std::all_of(asked_.components.begin(), asked_.components.end(), [&entity](const auto& c) {
      const auto part = entity.parts.find(std::string(c.entity_type));
      if (part == entity.parts.end()) return false;
      switch (static_cast<match_type>(c.match_type)) {
        case match_type::exact: return part->second == c.match;
        case match_type::default_entity: return !part->second;
        case match_type::any: return true;
      }
      return false;
    });
  }

 private:
  using component = describe_client_quotas_request::component_data;

  static bool has(const std::vector<std::string_view>& types, std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  }

  static controller::verdict check(const component& c) {
    const auto invalid = [](std::string why) {
      return controller::refuse(error_code::invalid_request, std::move(why));
    };
    if (c.entity_type.empty()) return invalid("Invalid empty entity type.");
    if (c.entity_type != "user" && c.entity_type != "client-id" && c.entity_type != "ip")
      return controller::refuse(error_code::unsupported_version,
                                "Unsupported entity type " + std::string(c.entity_type));
    switch (static_cast<match_type>(c.match_type)) {
      case match_type::exact:
        if (!c.match) return invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.");
        return {};
      case match_type::default_entity:
        if (c.match) return invalid("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
        return {};
      case match_type::any:
        if (c.match) return invalid("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
        return {};
    }
    return invalid("Unknown match type " + std::to_string(c.match_type));
  }

  const describe_client_quotas_request& asked_;
};

}  // namespace

void handle_alter_client_quotas(request_ptr r) {
  auto c = std::make_unique<quota_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](quota_change& it, const metadata::image& image, random_source&) {
        return controller::alter_client_quotas(image, it.asked);
      },
      answer_altered);
}

void handle_describe_client_quotas(request_ptr r) {
  describe_client_quotas_request asked;
  if (!r->decode(asked)) return;
  protocol::describe_client_quotas_response message;
  const entity_filter filter(asked);
  if (const auto v = filter.check(); !v.ok()) {
    message.error_code = v.code;
    message.error_message = sentence_of(*r, v);
    message.entries.reset();
    r->respond(message);
    return;
  }
  message.error_message = "";
  auto& rows = message.entries.emplace();
  const auto image = r->home().image;
  for (const auto& [entity, values] : image->quotas()) {
    if (!filter.matches(entity)) continue;
    auto& row = rows.emplace_back();
    add_entity(row, *r, entity);
    for (const auto& [key, value] : *values) {
      auto& v = row.values.emplace_back();
      v.key = key;
      v.value = value;
    }
  }
  r->respond(message);
}

}  // namespace jackdaw::broker
