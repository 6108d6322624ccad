// What tests of the loader say often.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/config_broker.hpp"

namespace jackdaw {

inline config_input file(std::string text) {
  config_input in;
  in.file_name = "server.properties";
  in.file_text = std::move(text);
  return in;
}

inline broker_config loaded(const config_input& in) {
  auto r = load_broker_config(in);
  EXPECT_TRUE(r.has_value()) << (r ? "" : r.error().detail);
  return r ? r->config : broker_config{};
}

inline std::vector<std::string> warnings(const config_input& in) {
  auto r = load_broker_config(in);
  EXPECT_TRUE(r.has_value()) << (r ? "" : r.error().detail);
  return r ? r->warnings : std::vector<std::string>{};
}

inline std::string problems(const config_input& in) {
  auto r = load_broker_config(in);
  return r ? "" : r.error().detail;
}

inline std::string shown(const std::vector<listener_config>& listeners) {
  std::string out;
  for (const auto& l : listeners)
    out += l.name + "://" + l.host + ":" + std::to_string(l.port) + "/" + name_of(l.security) + " ";
  return out;
}

}  // namespace jackdaw
