// The kinds of groups. A kind is a folder of src/coordinator with a class that models `kind_of_group`, the requests
// that only its members send, and a line here.
//
// A group decides by its requests and changes nothing that must survive: that is in the records it yields, which the
// runtime replays at once for the next decision and tells the group of by ended() when they are committed or lost. A
// group is made of what was replayed, by its constructor, whenever a coordinator begins.
#pragma once

#include <concepts>
#include <string>
#include <variant>

#include "jackdaw/coordinator/classic/classic_group.hpp"
#include "jackdaw/coordinator/runtime/effects.hpp"
#include "jackdaw/coordinator/runtime/group_description.hpp"

namespace jackdaw::coordinator {

template <class Group>
concept kind_of_group = requires(Group& g, const Group& c, const coordinator_settings& s, now_t now, group_effects& out,
                                 protocol::error_code code, const member_claim& claim) {
  // Time: nothing is to be done before next_deadline().
  { c.next_deadline() } -> std::same_as<time_point>;
  g.on_time(s.classic, now, out);
  // The end of the records that came with this generation.
  g.ended(std::int32_t{}, code, s.classic, now, out);
  // The end of the group here: whoever waits is answered so.
  g.disband(code, out);
  // Whether these offsets may be committed; who uses them; since when nobody is a member.
  { g.check_commit(claim, now) } -> std::same_as<protocol::error_code>;
  { c.state_since() } -> std::same_as<timestamp_ms>;
  // Nobody is in it or on the way into it: it may go.
  { c.is_idle() } -> std::same_as<bool>;
  { c.bytes() } -> std::same_as<std::size_t>;
  { c.history() } -> std::same_as<const group_history&>;
  { state_name(c) } -> std::same_as<const char*>;
  { c.protocol_type() } -> std::same_as<const std::string&>;
  { describe(c) } -> std::same_as<group_description>;
  { use_of_offsets(c) } -> std::same_as<offsets_use>;
};

using group_kind = std::variant<classic_group>;

static_assert(kind_of_group<classic_group>);

}  // namespace jackdaw::coordinator
