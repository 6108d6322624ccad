#include "jackdaw/cli/app.hpp"

#include <cstdio>
#include <cstdlib>

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
  add_topic(app, ctx);
  add_produce(app, ctx);
  add_consume(app, ctx);
  add_config(app, ctx);
  add_cluster(app, ctx);
  add_log(app, ctx);
  add_bench(app, ctx);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& e) {
    return fail_with(usage(std::string(e.what()) + "; see: jackdaw --help"));
  }
  const auto done = ctx.verb();
  if (std::fflush(stdout) != 0) return fail_with({exit_status::failed, "the output can't be written"});
  return done ? static_cast<int>(exit_status::ok) : fail_with(done.error());
}

}  // namespace jackdaw::cli
