#include "jackdaw/cli/app.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "completion.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

namespace {

constexpr const char* footer =
    "Exit status: 0 done, 1 refused or failed in part, 2 the command line makes no sense, 3 no broker answers,\n"
    "4 not found, 5 exists already.";

void add_globals(CLI::App& app, context& ctx) {
  app.add_option("-b,--bootstrap", ctx.bootstrap, "Brokers to ask first: host:port, several with commas")
      ->envname("JACKDAW_BOOTSTRAP")
      ->capture_default_str();
  app.add_option("-o,--output", ctx.output, "table for people, json for scripts")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--timeout", ctx.timeout, "How long a broker may take to answer: 500ms, 10s, 1m")
      ->capture_default_str();
}

// What the parser says, about the verb that it got to, and where to read on.
failure misuse(const CLI::App& app, const CLI::ParseError& e) {
  const CLI::App* reached = &app;
  while (!reached->get_subcommands().empty()) reached = reached->get_subcommands().front();
  std::string command = reached->get_name();
  for (const CLI::App* up = reached->get_parent(); up != nullptr; up = up->get_parent())
    command = up->get_name() + ' ' + command;
  std::string what = e.what();
  const bool is_noun = !reached->get_subcommands([](const CLI::App*) { return true; }).empty();
  const auto unknown = app.remaining(true);
  if (is_noun && !unknown.empty()) {
    what = "there is no '" + command + ' ' + unknown.front() + "'";
  } else if (is_noun) {
    what = "'" + command + "' needs to know what to do";
  }
  return usage(what + "; see: " + command + " --help");
}

int fail_with(const failure& f) {
  std::fflush(stdout);
  std::fprintf(stderr, "jackdaw: %s\n", f.text.c_str());
  return static_cast<int>(f.status);
}

}  // namespace

int run(int argc, char** argv, const char* version) {
  context ctx;
  ctx.version = version;
  CLI::App app("Works with Jackdaw and any other cluster that speaks Kafka's protocol.", "jackdaw");
  app.set_version_flag("--version", std::string("jackdaw ") + version);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(footer);
  add_globals(app, ctx);
  const command program(app);
  add_topic(program, ctx);
  add_produce(program, ctx);
  add_consume(program, ctx);
  add_config(program, ctx);
  add_group(program, ctx);
  add_quota(program, ctx);
  add_cluster(program, ctx);
  add_top(program, ctx);
  add_log(program, ctx);
  add_bench(program, ctx);
  add_completion(program, ctx);
  if (argc > 1 && std::string_view(argv[1]) == completion_word) {
    if (const char* brokers = std::getenv("JACKDAW_BOOTSTRAP")) ctx.bootstrap = brokers;
    print_candidates(app, ctx, {argv + 2, argv + argc});
    return static_cast<int>(exit_status::ok);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& e) {
    return fail_with(misuse(app, e));
  }
  const auto done = ctx.verb();
  if (std::fflush(stdout) != 0) return fail_with({exit_status::failed, "the output can't be written"});
  return done ? static_cast<int>(exit_status::ok) : fail_with(done.error());
}

}  // namespace jackdaw::cli
