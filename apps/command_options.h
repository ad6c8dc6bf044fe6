#pragma once

#include <functional>

#include "apps/commands.h"

// The options of each command, for run_command_line: `add_…` adds the subcommand to `app`, to be
// parsed into `command`, which must live until `chosen` has run.

namespace CLI {
class App;
}

namespace heddle {

/// What was chosen: set by the callback of the command that was named.
using Chosen = std::function<int()>;

void add_train(CLI::App& app, TrainCommand& command, Chosen& chosen);
void add_evaluate(CLI::App& app, EvaluateCommand& command, Chosen& chosen);

void add_predict(CLI::App& app, PredictCommand& command, Chosen& chosen);
void add_explain(CLI::App& app, ExplainCommand& command, Chosen& chosen);
void add_deployment(CLI::App& app, ExportCommand& file, ServeCommand& serve, Chosen& chosen);
void add_retrieve(CLI::App& app, RetrieveCommand& command, Chosen& chosen);
void add_translate(CLI::App& app, TranslateCommand& command, Chosen& chosen);

void add_kernel(CLI::App& app, KernelCommand& command, Chosen& chosen);
void add_bench(CLI::App& app, BenchReportCommand& command, Chosen& chosen);
void add_small_commands(CLI::App& app, InspectCommand& inspect, ShowCommand& show,
                        TasksCommand& tasks, Chosen& chosen);

}  // namespace heddle
