// The nouns of the command line: each file adds its own.
#pragma once

#include <memory>
#include <string_view>

#include "command_line.hpp"
#include "context.hpp"

namespace jackdaw::cli {

void add_topic(command app, context& ctx);
void add_produce(command app, context& ctx);
void add_consume(command app, context& ctx);
void add_config(command app, context& ctx);
void add_group(command app, context& ctx);
void add_quota(command app, context& ctx);
void add_cluster(command app, context& ctx);
void add_top(command app, context& ctx);
void add_log(command app, context& ctx);
void add_bench(command app, context& ctx);
void add_completion(command app, context& ctx);

// A verb whose options live as long as the parser: `add(command, Options&)` declares them, `run(context&, const
// Options&)` does the work once everything is parsed.
template <class Options, class Add, class Run>
void add_verb(command noun, context& ctx, std::string_view name, std::string_view help, Add add, Run run) {
  auto options = std::make_shared<Options>();
  const command verb = noun.add_command(name, help);
  add(verb, *options);
  verb.when_named([&ctx, options, run] { ctx.verb = [&ctx, options, run] { return run(ctx, *options); }; });
}

// A noun that is nothing without a verb.
inline command add_noun(command app, std::string_view name, std::string_view help) {
  const command noun = app.add_command(name, help);
  noun.require_command();
  return noun;
}

}  // namespace jackdaw::cli
