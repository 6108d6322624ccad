#include <charconv>

#include "jackdaw/net/client_options.hpp"

namespace jackdaw::net {

namespace {

error bad(std::string_view text, const char* why) {
  std::string detail = "'";
  detail += text;
  detail += "' is no broker address: ";
  detail += why;
  return fail(errc::invalid_argument, std::move(detail));
}

result<endpoint> parse_endpoint(std::string_view text) {
  endpoint out;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad(text, "a ] is missing");
    out.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return bad(text, "a port follows after ]:");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const auto colon = text.find(':');
    if (colon != text.rfind(':')) return bad(text, "write an IPv6 address as [address]:port");
    out.host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return bad(text, "the port is missing after ':'");
    }
  }
  if (out.host.empty()) return bad(text, "the host is missing, write host:port");
  if (port.empty()) return out;
  const auto [end, status] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (status != std::errc{} || end != port.data() + port.size() || out.port == 0) {
    return bad(text, "the port must be a number from 1 to 65535");
  }
  return out;
}

}  // namespace

std::string to_string(const endpoint& e) {
  const bool numeric_v6 = e.host.find(':') != std::string::npos;
  return (numeric_v6 ? '[' + e.host + ']' : e.host) + ':' + std::to_string(e.port);
}

result<std::vector<endpoint>> parse_endpoints(std::string_view list) {
  std::vector<endpoint> out;
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    auto parsed = parse_endpoint(one);
    if (!parsed) return parsed.error();
    out.push_back(std::move(*parsed));
  }
  if (out.empty()) return fail(errc::invalid_argument, "no broker address is given, write host:port");
  return out;
}

}  // namespace jackdaw::net
