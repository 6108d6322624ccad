#include "context.hpp"

#include <cstdio>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/terminal.hpp"

namespace jackdaw::cli {

outcome<net::client*> context::client() {
  if (client_) return client_.get();
  auto endpoints = net::parse_endpoints(bootstrap);
  if (!endpoints) return failure(endpoints.error());
  auto timeout_ms = parse_duration_ms(timeout);
  if (!timeout_ms) return failure(timeout_ms.error());
  net::client_options options;
  options.bootstrap = std::move(*endpoints);
  options.software_version = version;
  options.request_timeout = std::chrono::milliseconds(*timeout_ms);
  options.connect_timeout = std::min(options.connect_timeout, options.request_timeout);
  client_ = std::make_unique<net::client>(std::move(options));
  return client_.get();
}

void context::print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void context::print(const protocol::json_printer& json) {
  print(json.text());
  print("\n");
}

void context::print(const table& rows) const {
  if (!is_json()) return print(rows.text(terminal_width()));
  protocol::json_printer json;
  rows.print(json);
  print(json);
}

void context::note(std::string_view text) const {
  if (!is_json()) std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace jackdaw::cli
