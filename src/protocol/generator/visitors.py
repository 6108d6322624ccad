"""C++ that visits every message type, for tests, fuzzing and logs."""
from .code import Code
from .descriptions import Range, upper_camel


def all_messages(descriptions):
    """One include and a visitor over every message type, for tests, fuzzing and logs."""
    includes = "\n".join(f'#include "jackdaw/protocol/messages/{d.name}.hpp"' for d in descriptions)
    calls = []
    for d in sorted((d for d in descriptions if d.kind == "api"), key=lambda d: d.key):
        request, response = (m.name for m in d.messages)
        calls.append(f"    case {d.key}:\n"
                     f"      return is_request ? f.template operator()<{request}>() : f.template operator()<{response}>();")
    data = []
    for d in descriptions:
        if d.kind == "data":
            data.append(f'  if (name == "{d.json_name}") return f.template operator()<{d.name}>();')
    return f"""// Made by generate.py from all descriptions.
#pragma once

#include <string_view>

{includes}

namespace jackdaw::protocol {{

// Kafka's names of the messages that aren't an api.
inline constexpr std::string_view data_names[] = {{
{chr(10).join(f'    "{d.json_name}",' for d in descriptions if d.kind == "data")}
}};

// Calls f.operator()<T>() with the message type of an api; f.unknown() for a key that no description has.
template <class F>
auto with_message_type(std::int16_t key, bool is_request, F&& f) {{
  switch (key) {{
{chr(10).join(calls)}
    default: return f.unknown();
  }}
}}

// The same by Kafka's name of a message that isn't an api.
template <class F>
auto with_data_type(std::string_view name, F&& f) {{
{chr(10).join(data)}
  return f.unknown();
}}

}}  // namespace jackdaw::protocol
"""


def arrays_of(struct, versions):
    """Every array below a struct: the fields that lead to it, and the versions that have all of them."""
    for f in struct.fields:
        both = Range(max(versions.first, f.versions.first), min(versions.last, f.versions.last))
        if both.first > both.last:
            continue
        if f.is_array:
            yield [f], both
        if f.is_struct():
            for path, inner in arrays_of(f.struct, both):
                yield [f] + path, inner


def fill_array(c, owner, path):
    """C++ that gives the array at the end of `path` its elements, and one element to those above it but `outer` to the
    last of them."""
    f, *rest = path
    target = f"{owner}.{f.name}"
    if f.nullable:
        target = f"engaged({target})"
    if not rest:
        c.add(f"{target}.resize(inner);")
        return
    if not f.is_array:
        name = f"s{len(rest)}_"
        c.add(f"auto& {name} = {target};")
        fill_array(c, name, rest)
        return
    is_last_above = not any(g.is_array for g in rest[:-1])
    name = f"e{len(rest)}_"
    c.add(f"auto& list{len(rest)}_ = {target};")
    c.add(f"list{len(rest)}_.resize({'outer' if is_last_above else '1'});")
    c.open(f"for (auto& {name} : list{len(rest)}_)")
    fill_array(c, name, rest)
    c.close()


def all_arrays(descriptions):
    """A list of every array of every message, for the tests of what decoding costs."""
    c = Code()
    for d in descriptions:
        for m in d.messages:
            who = f'"{d.json_name}"' if d.key is None else '""'
            is_request = "true" if m is d.messages[0] and d.key is not None else "false"
            for path, versions in arrays_of(m, d.versions):
                name = "/".join([upper_camel(m.name)] + [f.json for f in path])
                c.open(f'f({{{-1 if d.key is None else d.key}, {is_request}, {who}, "{name}", {versions.first}, '
                       f"{versions.last}, []([[maybe_unused]] std::size_t outer, std::size_t inner, std::int16_t v)")
                c.add(f"{m.name} m_;")
                fill_array(c, "m_", path)
                c.add("return encode_message(m_, v);")
                c.close("});")
    body = "\n".join("  " + line for line in c.lines)
    return f"""// Made by generate.py from all descriptions.
#pragma once

#include "jackdaw/protocol/all_messages.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace jackdaw::protocol {{

struct array_case {{
  std::int16_t api_key;  // -1: not an api's message
  bool is_request;
  std::string_view data_name;
  std::string_view path;
  std::int16_t version_first;
  std::int16_t version_last;
  // A message in which the array has `inner` default elements; when it is inside the elements of another array, there
  // are `outer` of those.
  std::vector<std::byte> (*encode)(std::size_t outer, std::size_t inner, std::int16_t version);
}};

template <class T>
T& engaged(std::optional<T>& field) {{
  return field.emplace(T{{}});
}}

// Calls f(array_case) for each array in each message.
template <class F>
void for_each_array(F&& f) {{
{body}
}}

}}  // namespace jackdaw::protocol
"""
