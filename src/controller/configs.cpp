// AlterConfigs and IncrementalAlterConfigs.
#include "jackdaw/controller/configs.hpp"

#include <map>

#include "config_checks.hpp"
#include "config_edits.hpp"
#include "config_notes.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config_topic.hpp"

namespace jackdaw::controller {
namespace {

using metadata::config_resource;
using protocol::error_code;

class config_changer {
 public:
  config_changer(const metadata::image& image, const broker_config& config)
      : image_(image),
        config_(config),
        layers_{nullptr, nullptr, &image.configs(config_resource::broker, metadata::default_broker_resource),
                &config.settings} {}

  decision<std::vector<altered_resource>> decide(const std::vector<resource_edits>& resources, bool validate_only) {
    std::map<std::pair<std::int8_t, std::string_view>, int> times;
    for (const resource_edits& r : resources) ++times[{r.type, r.name}];
    for (const resource_edits& r : resources) {
      const std::size_t records = out_.records.size();
      altered_resource row{r.type, std::string(r.name), {}, {}};
      row.outcome = times[{r.type, r.name}] > 1
                        ? refuse(error_code::invalid_request, "Each resource must appear at most once.")
                        : change(r, row);
      JD_ASSERT(row.outcome.ok() || out_.records.size() == records, row.name, out_.records.size(), records);
      out_.reply.push_back(std::move(row));
    }
    if (validate_only) out_.records.clear();
    return std::move(out_);
  }

 private:
  verdict change(const resource_edits& r, altered_resource& row) {
    switch (static_cast<config_resource>(r.type)) {
      case config_resource::topic: return change_topic(r, row);
      case config_resource::broker: return change_broker(r, row);
      case config_resource::group: return change_group(r, row);
      case config_resource::client_metrics: return change_client_metrics(r, row);
      case config_resource::broker_logger: break;
    }
    return refuse(error_code::invalid_request, "Unknown resource type " + std::to_string(r.type));
  }

  verdict change_topic(const resource_edits& r, altered_resource& row) {
    if (auto v = check_topic_resource(image_, r.name); !v.ok()) return v;
    edited after = edit(r, config_scope::topic);
    if (!after.outcome.ok()) return after.outcome;
    if (auto checked = check_topic_config(after.configs, layers_); !checked)
      return refuse(error_code::invalid_config, checked.error().detail);
    return keep(r, config_scope::topic, after.configs, row);
  }

  verdict change_broker(const resource_edits& r, altered_resource& row) {
    if (auto v = check_broker_resource(config_, r.name); !v.ok()) return v;
    edited after = edit(r, config_scope::broker);
    if (!after.outcome.ok()) return after.outcome;
    config_map changed;
    for (const config_edit& e : r.edits) {
      const auto at = after.configs.find(e.key);
      if (at != after.configs.end()) changed.insert(*at);
    }
    if (auto v = check_broker_changes(changed, r.name == metadata::default_broker_resource); !v.ok()) return v;
    return keep(r, config_scope::broker, after.configs, row);
  }

  verdict change_group(const resource_edits& r, altered_resource& row) {
    if (auto v = check_group_resource(r.name); !v.ok()) return v;
    edited after = edit(r, config_scope::group);
    if (!after.outcome.ok()) return after.outcome;
    if (auto v = check_group_configs(after.configs, layers_); !v.ok()) return v;
    return keep(r, config_scope::group, after.configs, row);
  }

  verdict change_client_metrics(const resource_edits& r, altered_resource& row) {
    if (auto v = check_client_metrics_resource(r.name); !v.ok()) return v;
    edited after = edit(r, config_scope::client_metrics);
    if (!after.outcome.ok()) return after.outcome;
    if (auto v = check_client_metrics_configs(after.configs); !v.ok()) return v;
    return keep(r, config_scope::client_metrics, after.configs, row);
  }

  const config_map& before(const resource_edits& r) const {
    return image_.configs(static_cast<config_resource>(r.type), r.name);
  }

  edited edit(const resource_edits& r, config_scope scope) const { return apply_edits(r, scope, before(r), layers_); }

  // Records for what differs from before, and a note for each key that is set and does nothing.
  verdict keep(const resource_edits& r, config_scope scope, const config_map& after, altered_resource& row) {
    const auto type = static_cast<config_resource>(r.type);
    config_map changed;
    for (const auto& [key, value] : before(r)) {
      if (after.find(key) == after.end())
        out_.records.push_back(metadata::config_changed{type, row.name, key, std::nullopt});
    }
    for (const auto& [key, value] : after) {
      const auto old = before(r).find(key);
      if (old != before(r).end() && old->second == value) continue;
      out_.records.push_back(metadata::config_changed{type, row.name, key, value});
      changed.emplace(key, value);
    }
    row.notes = notes_on_effects(scope, changed);
    return {};
  }

  const metadata::image& image_;
  const broker_config& config_;
  config_layers layers_;
  decision<std::vector<altered_resource>> out_;
};

}  // namespace

decision<std::vector<altered_resource>> alter_configs(const metadata::image& image,
                                                      const protocol::alter_configs_request& request,
                                                      const broker_config& config) {
  std::vector<resource_edits> resources;
  for (const auto& r : request.resources) {
    resource_edits edits{r.resource_type, r.resource_name, {}, true};
    for (const auto& c : r.configs) edits.edits.push_back({c.name, edit_kind::set, c.value});
    resources.push_back(std::move(edits));
  }
  return config_changer(image, config).decide(resources, request.validate_only);
}

decision<std::vector<altered_resource>> incremental_alter_configs(
    const metadata::image& image, const protocol::incremental_alter_configs_request& request,
    const broker_config& config) {
  std::vector<resource_edits> resources;
  for (const auto& r : request.resources) {
    if (r.resource_type == static_cast<std::int8_t>(config_resource::broker_logger)) continue;
    resource_edits edits{r.resource_type, r.resource_name, {}, false};
    for (const auto& c : r.configs)
      edits.edits.push_back({c.name, static_cast<edit_kind>(c.config_operation), c.value});
    resources.push_back(std::move(edits));
  }
  return config_changer(image, config).decide(resources, request.validate_only);
}

}  // namespace jackdaw::controller
