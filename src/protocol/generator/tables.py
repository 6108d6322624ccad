"""C++ of the tables: apis and error codes."""


def api_table(apis):
    rows = []
    for d in sorted(apis, key=lambda d: d.key):
        flexible = d.flexible if d.flexible <= d.versions.last else "INT16_MAX"
        rows.append(f'    {{api_key::{d.name}, "{d.json_name}", {d.versions.first}, {d.versions.last}, {flexible}}},')
    enum = "\n".join(f"  {d.name} = {d.key}," for d in sorted(apis, key=lambda d: d.key))
    header = f"""// Made by generate.py from all api descriptions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace jackdaw::protocol {{

enum class api_key : std::int16_t {{
{enum}
}};

// What the codecs can read and write. Which of it a broker answers is the broker's own table.
struct api_description {{
  api_key key;
  std::string_view name;
  std::int16_t version_min;
  std::int16_t version_max;
  std::int16_t flexible_from;  // INT16_MAX when no version is flexible
}};

std::span<const api_description> all_apis() noexcept;
// Null for a key that no description has.
const api_description* find_api(std::int16_t key) noexcept;

}}  // namespace jackdaw::protocol
"""
    source = f"""// Made by generate.py from all api descriptions.
#include "jackdaw/protocol/apis.hpp"

#include <algorithm>

namespace jackdaw::protocol {{
namespace {{
constexpr api_description table[] = {{
{chr(10).join(rows)}
}};
}}  // namespace

std::span<const api_description> all_apis() noexcept {{ return table; }}

const api_description* find_api(std::int16_t key) noexcept {{
  const auto* at = std::lower_bound(std::begin(table), std::end(table), key, [](const api_description& d, std::int16_t k) {{
    return static_cast<std::int16_t>(d.key) < k;
  }});
  return at != std::end(table) && static_cast<std::int16_t>(at->key) == key ? at : nullptr;
}}

}}  // namespace jackdaw::protocol
"""
    return header, source


def error_table(path):
    rows = [line.split() for line in open(path) if line.strip() and not line.startswith("#")]
    enum = "\n".join(f"  {name} = {code}," for code, name, *_ in rows)
    header = f"""// Made by generate.py from errors.txt.
#pragma once

#include <cstdint>
#include <string_view>

namespace jackdaw::protocol {{

enum class error_code : std::int16_t {{
{enum}
}};

// Kafka's own name in capitals, "UNKNOWN_ERROR_CODE" for a code that isn't in the table.
std::string_view name_of(error_code code) noexcept;
// Whether a client may try the same request again.
bool is_retriable(error_code code) noexcept;
// Whether a client should fetch metadata before it does.
bool wants_metadata_refresh(error_code code) noexcept;

}}  // namespace jackdaw::protocol
"""
    cases = "\n".join(f'    case error_code::{name}: return "{name.upper()}";' for _, name, *_ in rows)

    def predicate(word):
        found = [name for _, name, *flags in rows if word in flags]
        return "".join(f"    case error_code::{name}:\n" for name in found) + "      return true;"

    source = f"""// Made by generate.py from errors.txt.
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::protocol {{

std::string_view name_of(error_code code) noexcept {{
  switch (code) {{
{cases}
  }}
  return "UNKNOWN_ERROR_CODE";
}}

bool is_retriable(error_code code) noexcept {{
  switch (code) {{
{predicate("retriable")}
    default:
      return false;
  }}
}}

bool wants_metadata_refresh(error_code code) noexcept {{
  switch (code) {{
{predicate("refresh_metadata")}
    default:
      return false;
  }}
}}

}}  // namespace jackdaw::protocol
"""
    return header, source
