// What every verb gets: the global options, a client when it asks for one, and where output goes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "jackdaw/cli/failure.hpp"
#include "jackdaw/cli/table.hpp"
#include "jackdaw/net/client.hpp"
#include "jackdaw/protocol/json_printer.hpp"

namespace jackdaw::cli {

class context {
 public:
  std::string bootstrap = "localhost:9092";
  std::string output = "table";
  std::string timeout = "30s";
  std::string version;
  // The verb that the command line names.
  std::function<outcome<void>()> verb;

  bool is_json() const noexcept { return output == "json"; }
  // Made at the first call; connects with the first request.
  outcome<net::client*> client();
  // As a table that fits the terminal, or as a JSON array.
  void print(const table& rows) const;
  static void print(const protocol::json_printer& json);
  static void print(std::string_view text);
  // A line for people, on standard error; nothing with -o json.
  void note(std::string_view text) const;

 private:
  std::unique_ptr<net::client> client_;
};

}  // namespace jackdaw::cli
