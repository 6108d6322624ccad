// The nouns of the command line: each file adds its own.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "context.hpp"

namespace jackdaw::cli {

void add_topic(CLI::App& app, context& ctx);
void add_produce(CLI::App& app, context& ctx);
void add_consume(CLI::App& app, context& ctx);
void add_config(CLI::App& app, context& ctx);
void add_group(CLI::App& app, context& ctx);
void add_quota(CLI::App& app, context& ctx);
void add_cluster(CLI::App& app, context& ctx);
void add_top(CLI::App& app, context& ctx);
void add_log(CLI::App& app, context& ctx);
void add_bench(CLI::App& app, context& ctx);
void add_completion(CLI::App& app, context& ctx);

// A verb whose options live as long as the parser: `add(App&, Options&)` declares them, `run(context&, const Options&)`
// does the work once everything is parsed.
template <class Options, class Add, class Run>
void add_verb(CLI::App& noun, context& ctx, const std::string& name, const std::string& help, Add add, Run run) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = noun.add_subcommand(name, help);
  add(*verb, *options);
  verb->callback([&ctx, options, run] { ctx.verb = [&ctx, options, run] { return run(ctx, *options); }; });
}

// A noun that is nothing without a verb.
inline CLI::App& add_noun(CLI::App& app, const std::string& name, const std::string& help) {
  CLI::App* noun = app.add_subcommand(name, help);
  noun->require_subcommand(1);
  return *noun;
}

}  // namespace jackdaw::cli
