// jackdaw group list
#include "group.hpp"

#include "groups.hpp"

namespace jackdaw::cli {

namespace {

struct list_options {
  std::vector<std::string> states;
  std::vector<std::string> types;
};

cell known(const std::string& text) { return text.empty() ? cell{} : cell{text}; }

outcome<void> list(context& ctx, const list_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  auto groups = list_groups(**client, o.states, o.types);
  if (!groups) return groups.error();
  table rows({{"group"}, {"type"}, {"state"}, {"protocol"}, {"coordinator"}});
  for (const auto& g : *groups) {
    rows.add({g.name, known(g.type), known(g.state), known(g.protocol_type), std::int64_t{g.coordinator.value()}});
  }
  const bool is_filtered = !o.states.empty() || !o.types.empty();
  if (rows.empty()) ctx.note(is_filtered ? "there are no such groups" : "there are no groups yet");
  if (!rows.empty() || ctx.is_json()) ctx.print(rows);
  return boost::system::in_place_value;
}

}  // namespace

void add_group(command app, context& ctx) {
  const command noun = add_noun(app, "group", "Consumer groups and their offsets");
  add_verb<list_options>(
      noun, ctx, "list", "Lists groups",
      [](command verb, list_options& o) {
        verb.add_option("-s,--state", o.states,
                        "Only these: stable, empty, preparingrebalance, completingrebalance, ...")
            .delimiter(',');
        verb.add_option("--type", o.types, "Only these: classic, consumer, share, streams").delimiter(',');
      },
      list);
  add_group_describe(noun, ctx);
  add_group_offsets(noun, ctx);
  add_group_reset(noun, ctx);
  add_group_delete(noun, ctx);
  add_group_explain(noun, ctx);
}

}  // namespace jackdaw::cli
