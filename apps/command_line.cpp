#include "apps/command_line.h"

#include <CLI/CLI.hpp>
#include <string>

#include "apps/command_options.h"
#include "apps/commands.h"
#include "core/build_info.h"
#include "core/error.h"
#include "core/parallel.h"

namespace heddle {

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 failed, 2 usage, 3 out of memory, 4 bad input, 5 numeric failure,\n"
    "130 and 143 stopped by SIGINT or SIGTERM after saving.\n"
    "Environment: HEDDLE_THREADS (threads), HEDDLE_MEMORY_LIMIT (MiB), NO_COLOR.";

/// The words a shell would need to run this command again.
std::string as_typed(int count, const char* const* arguments) {
  std::string line = "heddle";
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n\"'\\$&|;<>()*?[]{}#~`!") == std::string::npos;
    std::string quoted = "'";
    for (const char c : word) {
      quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    line += " " + (plain ? word : quoted + "'");
  }
  return line;
}

std::string version_text() {
  const BuildInfo& build = build_info();
  std::string text = concat("heddle ", build.version);
  if (build.commit[0] != '\0') {
    text += concat(" (", build.commit, ")");
  }
  return text;
}

}  // namespace

int run_command_line(int count, const char* const* arguments) {
  CLI::App app("Trains and explains models of text, pictures and sound.", "heddle");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text());
  app.set_help_all_flag("--help-all", "Help of all commands");
  app.footer(concat("heddle COMMAND --help says more, with examples.\n\n", exit_codes));
  int threads = 0;
  app.add_option("--threads", threads, "Threads (default: all cores; results do not depend on it)")
      ->check(CLI::Range(1, 1024));
  app.fallthrough();

  Chosen chosen;
  TrainCommand train;
  EvaluateCommand evaluate;
  PredictCommand predict;
  ExplainCommand explain;
  ExportCommand file;
  ServeCommand serve;
  RetrieveCommand retrieve;
  TranslateCommand translate;
  InspectCommand inspect;
  ShowCommand show;
  TasksCommand tasks;
  KernelCommand kernel;
  BenchReportCommand bench;
  train.typed = as_typed(count, arguments);
  add_train(app, train, chosen);
  add_evaluate(app, evaluate, chosen);
  add_predict(app, predict, chosen);
  add_explain(app, explain, chosen);
  add_deployment(app, file, serve, chosen);
  add_retrieve(app, retrieve, chosen);
  add_translate(app, translate, chosen);
  add_kernel(app, kernel, chosen);
  add_bench(app, bench, chosen);
  add_small_commands(app, inspect, show, tasks, chosen);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fail<UsageError>(error.what(), "\nRun heddle --help, or heddle COMMAND --help.");
  }
  if (threads > 0) {
    set_thread_count(threads);
  }
  return chosen();
}

}  // namespace heddle
