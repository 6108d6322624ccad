// Listeners: where the server listens, what it tells clients, and which are for whom.
#include <algorithm>
#include <map>
#include <set>

#include "loader.hpp"
#include "text.hpp"

namespace jackdaw {

const char* name_of(security_protocol protocol) noexcept {
  switch (protocol) {
    case security_protocol::plaintext: return "PLAINTEXT";
    case security_protocol::ssl: return "SSL";
    case security_protocol::sasl_plaintext: return "SASL_PLAINTEXT";
    case security_protocol::sasl_ssl: return "SASL_SSL";
  }
  return "unknown";
}

namespace config_loader {
namespace {

std::optional<security_protocol> protocol_named(std::string_view name) {
  for (const auto p : {security_protocol::plaintext, security_protocol::ssl, security_protocol::sasl_plaintext,
                       security_protocol::sasl_ssl}) {
    if (config_text::to_upper(name) == name_of(p)) return p;
  }
  return std::nullopt;
}

using protocol_map = std::map<std::string, security_protocol, std::less<>>;

protocol_map read_protocols(settings& from) {
  constexpr std::string_view key = "listener.security.protocol.map";
  protocol_map out;
  const std::string text = from.text(key);
  for (const std::string_view pair : config_text::split(text, ',')) {
    if (pair.empty()) continue;
    const auto colon = pair.find(':');
    const auto protocol =
        colon == std::string_view::npos ? std::nullopt : protocol_named(config_text::trim(pair.substr(colon + 1)));
    if (!protocol) {
      from.problem(key,
                   "allowed is a comma-separated list of NAME:PROTOCOL, the protocol one of PLAINTEXT, SSL, "
                   "SASL_PLAINTEXT, SASL_SSL");
      continue;
    }
    out[config_text::to_upper(config_text::trim(pair.substr(0, colon)))] = *protocol;
  }
  return out;
}

// As Kafka has it: letters, digits, "-%._:".
bool is_host_sign(char c) {
  const char l = config_text::lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("-%._:").find(c) != std::string_view::npos;
}

// Nothing, or zeros: "", "0.0.0.0", "::", "::0", "0:0:0:0:0:0:0:0".
bool is_all_interfaces(std::string_view host) { return host.find_first_not_of("0.:") == std::string_view::npos; }

// NAME://HOST:PORT with an empty host, an IPv4 address, a name, or an IPv6 address, which may stand in brackets.
std::optional<listener_config> parse_listener(std::string_view text) {
  const auto slashes = text.find("://");
  if (slashes == std::string_view::npos || slashes == 0) return std::nullopt;
  listener_config out;
  out.name = config_text::to_upper(text.substr(0, slashes));
  const std::string_view address = text.substr(slashes + 3);
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = config_text::to_number<std::uint16_t>(address.substr(colon + 1));
  if (!port) return std::nullopt;
  out.port = *port;
  std::string_view host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!std::all_of(host.begin(), host.end(), is_host_sign)) return std::nullopt;
  out.host = std::string(host);
  return out;
}

class listener_reader {
 public:
  listener_reader(settings& from, std::string_view key, const protocol_map& protocols)
      : from_(from), key_(key), protocols_(protocols) {}

  std::vector<listener_config> read() {
    std::vector<listener_config> out;
    for (const std::string& text : from_.list(key_)) {
      auto listener = parse_listener(text);
      if (!listener) {
        problem(text, "allowed is NAME://HOST:PORT, the port from 0 to 65535" +
                          std::string(text.find('*') == std::string::npos ? "" : "; all interfaces are an empty HOST"));
        continue;
      }
      const auto protocol = protocols_.find(listener->name);
      if (protocol == protocols_.end()) {
        problem(text, "listener.security.protocol.map doesn't name the security protocol of this listener");
        continue;
      }
      listener->security = protocol->second;
      check_unique(out, *listener, text);
      out.push_back(std::move(*listener));
    }
    return out;
  }

 private:
  void check_unique(const std::vector<listener_config>& others, const listener_config& l, const std::string& text) {
    for (const listener_config& other : others) {
      if (other.name == l.name) problem(text, "each listener name may appear once");
      if (key_ == "listeners" && l.port != 0 && other.port == l.port && !one_port_is_enough(other, l))
        problem(text, "each listener needs a port of its own");
    }
  }
  // Two addresses of different families may share a port; all interfaces are those of both.
  static bool one_port_is_enough(const listener_config& a, const listener_config& b) {
    const bool a6 = a.host.find(':') != std::string::npos;
    const bool b6 = b.host.find(':') != std::string::npos;
    return a6 != b6 && !is_all_interfaces(a.host) && !is_all_interfaces(b.host);
  }
  void problem(const std::string& text, const std::string& what) { from_.problem(key_, text + ": " + what); }

  settings& from_;
  std::string_view key_;
  const protocol_map& protocols_;
};

const listener_config* find_listener(const std::vector<listener_config>& in, std::string_view name) {
  const auto at = std::find_if(in.begin(), in.end(), [&](const listener_config& l) { return l.name == name; });
  return at == in.end() ? nullptr : &*at;
}

std::set<std::string> controller_names(settings& from, const std::vector<listener_config>& all, bool is_controller) {
  std::set<std::string> names;
  for (const std::string& text : from.list("controller.listener.names")) {
    const std::string name = config_text::to_upper(text);
    if (is_controller && find_listener(all, name) == nullptr)
      from.problem("controller.listener.names",
                   "listeners doesn't name " + name + ", and process.roles makes this server a controller");
    if (!is_controller && find_listener(all, name) != nullptr)
      from.problem("controller.listener.names", "listeners names " + name + ", but this server is no controller");
    names.insert(name);
  }
  return names;
}

void read_inter_broker(settings& from, broker_config& to) {
  const bool by_name = from.has("inter.broker.listener.name");
  const bool by_protocol = from.has("security.inter.broker.protocol");
  if (by_name && by_protocol) {
    from.problem("inter.broker.listener.name", "set this or security.inter.broker.protocol, not both");
    return;
  }
  if (to.listeners.empty()) return;
  if (by_name || by_protocol) {
    const std::string_view key = by_name ? "inter.broker.listener.name" : "security.inter.broker.protocol";
    const std::string name = config_text::to_upper(from.text(key));
    if (find_listener(to.listeners, name) == nullptr) from.problem(key, "listeners doesn't name " + name);
    to.inter_broker_listener = name;
    return;
  }
  const bool plaintext = find_listener(to.listeners, "PLAINTEXT") != nullptr;
  to.inter_broker_listener = plaintext ? "PLAINTEXT" : to.listeners.front().name;
}

void read_advertised(settings& from, const protocol_map& protocols, const std::set<std::string>& controllers,
                     broker_config& to) {
  constexpr std::string_view key = "advertised.listeners";
  const bool given = from.has(key);
  const auto all = given ? listener_reader(from, key, protocols).read() : to.listeners;
  for (const listener_config& l : all) {
    if (controllers.count(l.name) != 0) continue;
    if (find_listener(to.listeners, l.name) == nullptr) {
      from.problem(key, l.name + ": listeners doesn't name it");
      continue;
    }
    to.advertised_listeners.push_back(l);
    if (l.host.empty() || !is_all_interfaces(l.host)) continue;
    // Kafka refuses 0.0.0.0, and advertises "::", which only works on the same machine: its name serves all.
    if (!given && l.host.find(':') != std::string::npos) {
      to.advertised_listeners.back().host.clear();
      continue;
    }
    from.problem(given ? key : "listeners", l.name + ": clients can't connect to " + l.host +
                                                "; set advertised.listeners to an address that they can reach");
  }
  if (given && !to.listeners.empty() && find_listener(to.advertised_listeners, to.inter_broker_listener) == nullptr)
    from.problem(key, "brokers use the listener " + to.inter_broker_listener + " among themselves, so it must be here");
}

void refuse_unavailable(settings& from, const std::vector<listener_config>& listeners) {
  for (const listener_config& l : listeners) {
    if (l.security != security_protocol::plaintext)
      from.problem("listeners", l.name + ": the security protocol " + name_of(l.security) +
                                    " isn't there yet; allowed is PLAINTEXT");
  }
}

}  // namespace

void read_listeners(settings& from, broker_config& to) {
  protocol_map protocols = read_protocols(from);
  // Kafka: a controller listener without an entry is plain text when nothing in the map says otherwise.
  if (!from.has("listener.security.protocol.map")) {
    for (const std::string& name : from.list("controller.listener.names"))
      protocols.try_emplace(config_text::to_upper(name), security_protocol::plaintext);
  }
  const auto all = listener_reader(from, "listeners", protocols).read();
  refuse_unavailable(from, all);
  const auto controllers = controller_names(from, all, to.is_controller);
  for (const listener_config& l : all)
    (controllers.count(l.name) != 0 ? to.controller_listeners : to.listeners).push_back(l);
  if (to.is_broker && to.listeners.empty() && from.problems().empty())
    from.problem("listeners", "a broker needs a listener for clients beside those of controller.listener.names");
  read_inter_broker(from, to);
  read_advertised(from, protocols, controllers, to);
}

}  // namespace config_loader
}  // namespace jackdaw
