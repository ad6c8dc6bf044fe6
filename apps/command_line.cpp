#include "apps/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "apps/commands.h"
#include "core/build_info.h"
#include "core/error.h"
#include "core/parallel.h"

namespace heddle {

namespace {

/// What was chosen: set by the callback of the command that was named.
using Chosen = std::function<int()>;

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

void add_train(CLI::App& app, TrainCommand& command, Chosen& chosen) {
  CLI::App* train = app.add_subcommand("train", "Train the model a configuration describes");
  train->add_option("config", command.config, "Configuration (TOML)")->required();
  train
      ->add_option("--set", command.overrides,
                   "KEY=VALUE: override a key, such as optimizer.learning_rate=1e-3 (repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  train->add_option("--device", command.device,
                    "cpu, sim, cuda or cuda:N (default: as configured)");
  train->add_option("--math", command.math,
                    "f32, tf32 or bf16: how products are computed (default: as configured)");
  train->add_option("--out", command.out, "Run folder (default: out/NAME)");
  train->add_flag("--resume", command.resume,
                  "Go on from the newest checkpoint in the run folder, with the same bits as if "
                  "never interrupted; start there if there is none");
  train->add_flag("--overwrite", command.overwrite, "Replace the run the folder holds")
      ->excludes("--resume");
  train
      ->add_option("--seeds", command.seeds,
                   "Train with N seeds, each in a folder of its own; seeds.json has mean and "
                   "deviation of every metric")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  train
      ->add_flag("--folds", command.folds,
                 "Cross-validation: train once for each fold of the data set's [split]; folds.json "
                 "has the results together")
      ->excludes("--seeds");
  train->footer(
      "Examples:\n"
      "  heddle train configs/demo.toml\n"
      "  heddle train configs/demo.toml --set train.epochs=2 --set model.hidden=32 --out "
      "out/small\n"
      "  heddle train configs/demo.toml --resume\n"
      "  heddle train configs/mosi/bclstm.toml --seeds 5\n\n"
      "The run folder gets config.toml, metrics.jsonl, checkpoints/, best.safetensors,\n"
      "last.safetensors, summary.json and report.html. Ctrl-C finishes the step and saves.");
  train->callback([&] { chosen = [&] { return run(command); }; });
}

void add_evaluate(CLI::App& app, EvaluateCommand& command, Chosen& chosen) {
  CLI::App* evaluate = app.add_subcommand(
      "evaluate", "Metrics of a trained model, and of every subset of modalities");
  evaluate->add_option("run", command.source, "Run folder, weights file or checkpoint")->required();
  evaluate->add_option("--device", command.device,
                       "cpu, sim, cuda or cuda:N (default: as it was trained)");
  evaluate->add_option("--split", command.split, "train, valid or test")->capture_default_str();
  evaluate->add_option("--set", command.overrides, "KEY=VALUE: override a key of its configuration")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  evaluate->add_option("--modalities", command.modalities,
                       "NAME,NAME: mask the others; all-subsets: all metrics of every subset");
  evaluate
      ->add_option("--missing-rates", command.missing_rates,
                   "RATE,RATE: metrics where each modality of each sample is missing with this "
                   "probability (at least one stays)")
      ->delimiter(',')
      ->type_name("RATE")
      ->check(CLI::Range(0.0, 1.0));
  evaluate->add_option("--missing-seed", command.missing_seed, "Seed of what is missing")
      ->capture_default_str();
  evaluate->add_flag("--json", command.json, "Print JSON");
  evaluate->footer(
      "Examples:\n"
      "  heddle evaluate out/demo --modalities all-subsets\n"
      "  heddle evaluate out/demo --modalities text,audio\n"
      "  heddle evaluate out/demo --missing-rates 0,0.25,0.5,0.75\n"
      "  heddle evaluate out/demo\n"
      "  heddle evaluate out/demo/last.safetensors --split valid --json");
  evaluate->callback([&] { chosen = [&] { return run(command); }; });
}

/// --input NAME=VALUE, any number of times.
void add_inputs(CLI::App& app, std::vector<std::pair<std::string, std::string>>& inputs,
                const char* description) {
  app.add_option_function<std::vector<std::string>>(
         "--input",
         [&inputs](const std::vector<std::string>& values) {
           for (const std::string& value : values) {
             const std::size_t equals = value.find('=');
             check<UsageError>(equals != std::string::npos && equals > 0, "--input ", value,
                               ": expected NAME=VALUE");
             inputs.emplace_back(value.substr(0, equals), value.substr(equals + 1));
           }
         },
         description)
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_predict(CLI::App& app, PredictCommand& command, Chosen& chosen) {
  CLI::App* predict = app.add_subcommand("predict", "What a trained model says of one sample");
  predict->add_option("run", command.source, "Model file, run folder, weights file or checkpoint")
      ->required();
  predict->add_option("--device", command.device,
                      "cpu, sim, cuda or cuda:N (default: as it was trained)");
  predict->add_option("sample", command.sample,
                      "Name or number of a sample of its data (of a video, for models that take "
                      "whole videos)");
  for (const char* name : {"text", "image", "audio", "video"}) {
    predict->add_option_function<std::string>(
        std::string("--") + name,
        [&command, name](const std::string& value) { command.inputs.emplace_back(name, value); },
        name == std::string("text") ? "Words (a .npy file, where the model takes features)"
                                    : "A file: .png or .jpg, .wav, or .npy of raw values");
  }
  add_inputs(*predict, command.inputs, "NAME=VALUE: a modality by its name (repeatable)");
  predict->add_flag("--json", command.json, "Print a line of JSON for each sample");
  predict->footer(
      "Modalities that are not given are masked.\n\n"
      "Examples:\n"
      "  heddle predict out/demo 9017\n"
      "  heddle predict out/demo --text \"what a lovely day\"\n"
      "  heddle predict out/demo --image face.png --audio tone.wav\n"
      "  heddle predict demo.heddle --text \"what a lovely day\" --json");
  predict->callback([&] { chosen = [&] { return run(command); }; });
}

void add_explain(CLI::App& app, ExplainCommand& command, Chosen& chosen) {
  CLI::App* explain =
      app.add_subcommand("explain", "Why a trained model says what it says: a page of samples");
  explain->add_option("run", command.source, "Run folder, weights file or checkpoint")->required();
  explain->add_option("samples", command.samples,
                      "Names or numbers of samples (default: the first of the split)");
  explain->add_option("--split", command.split, "train, valid or test")->capture_default_str();
  explain->add_option("--count", command.count, "How many of the split")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  explain->add_flag("--wrong", command.wrong, "Only samples the model gets wrong");
  explain->add_option("--html", command.html,
                      "The page to write (default: explanations.html beside "
                      "the weights)");
  explain->add_flag("--json", command.json, "Print JSON instead");
  explain->add_option("--device", command.device,
                      "cpu, sim, cuda or cuda:N (default: as it was trained)");
  explain->footer(
      "Examples:\n"
      "  heddle explain out/demo\n"
      "  heddle explain out/demo 9017 9020 --html why.html\n"
      "  heddle explain out/demo --wrong --count 20");
  explain->callback([&] { chosen = [&] { return run(command); }; });
}

void add_deployment(CLI::App& app, ExportCommand& file, ServeCommand& serve, Chosen& chosen) {
  CLI::App* write = app.add_subcommand(
      "export", "Write a trained model as one file that predicts without its data");
  write
      ->add_option("run", file.source,
                   "Run folder, weights file or checkpoint (for --onnx alone: or a model file)")
      ->required();
  CLI::Option* out =
      write->add_option("--out", file.out, "The model file to write, such as demo.heddle");
  write
      ->add_flag("--int8", file.int8,
                 "Weights as whole numbers of 8 bits: a quarter of the size; prints what that "
                 "costs on the test split")
      ->needs(out);
  write->add_option("--onnx", file.onnx,
                    "Write an ONNX file, for other programs to run; prints what goes in and out");
  write->footer(
      "Examples:\n"
      "  heddle export out/demo --out demo.heddle\n"
      "  heddle export out/demo --out small.heddle --int8\n"
      "  heddle export out/demo --onnx demo.onnx");
  write->callback([&] { chosen = [&] { return run(file); }; });

  CLI::App* answer = app.add_subcommand(
      "serve-stdin", "Answer questions from standard input, a JSON object per line");
  answer->add_option("model", serve.source, "Model file, run folder, weights file or checkpoint")
      ->required();
  answer->add_option("--device", serve.device,
                     "cpu, sim, cuda or cuda:N (default: as it was trained; cpu for a model file)");
  answer->footer(
      "A question names inputs: {\"text\": \"a lovely day\", \"image\": \"face.npy\"}; numbers "
      "may\n"
      "be given as lists, \"id\" comes back with the answer, and {\"statistics\": true} asks for "
      "the\n"
      "latencies so far. A question that cannot be answered gets {\"error\": …}, and serving goes "
      "on.\n\n"
      "Example:\n"
      "  echo '{\"text\": \"what a lovely day\"}' | heddle serve-stdin demo.heddle");
  answer->callback([&] { chosen = [&] { return run(serve); }; });
}

void add_retrieve(CLI::App& app, RetrieveCommand& command, Chosen& chosen) {
  CLI::App* retrieve =
      app.add_subcommand("retrieve", "Finds what fits best: pictures by words, words by a picture");
  retrieve->add_option("run", command.source, "Run folder, weights file or checkpoint")->required();
  retrieve->add_option("--device", command.device,
                       "cpu, sim, cuda or cuda:N (default: as it was trained)");
  const auto set_query = [&command](const std::string& name, const std::string& value) {
    check<UsageError>(command.query.first.empty(), "heddle retrieve: --", command.query.first,
                      " and --", name, " are both given; expected one thing to search by");
    command.query = {name, value};
  };
  for (const char* name : {"text", "image", "audio"}) {
    retrieve->add_option_function<std::string>(
        std::string("--") + name,
        [set_query, name](const std::string& value) { set_query(name, value); },
        name == std::string("text") ? "Words to search by"
                                    : "A name in its data, or a .npy file of raw values");
  }
  retrieve
      ->add_option_function<std::string>(
          "--input",
          [set_query](const std::string& value) {
            const std::size_t equals = value.find('=');
            check<UsageError>(equals != std::string::npos && equals > 0, "--input ", value,
                              ": expected NAME=VALUE");
            set_query(value.substr(0, equals), value.substr(equals + 1));
          },
          "NAME=VALUE: search by a modality of another name")
      ->type_name("NAME=VALUE");
  retrieve->add_option("--to", command.target,
                       "Modality to search in (default: the first it was paired with)");
  retrieve->add_option("--split", command.split, "train, valid or test")->capture_default_str();
  retrieve->add_option("--top", command.top, "How many to show")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  retrieve->add_option("--set", command.overrides, "KEY=VALUE: override a key of its configuration")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  retrieve->add_flag("--json", command.json, "Print JSON");
  retrieve->footer(
      "Examples:\n"
      "  heddle retrieve out/flickr8k --text \"a dog runs through the grass\" --top 5\n"
      "  heddle retrieve out/flickr8k --image 1056338697_4f7d7ce270.jpg\n"
      "  heddle retrieve out/crosslingual --input german=\"ein hund rennt\" --to english");
  retrieve->callback([&] { chosen = [&] { return run(command); }; });
}

void add_translate(CLI::App& app, TranslateCommand& command, Chosen& chosen) {
  CLI::App* translate =
      app.add_subcommand("translate", "What a model that writes texts makes of a text");
  translate->add_option("run", command.source, "Run folder, weights file, checkpoint or model file")
      ->required();
  translate->add_option("text", command.texts, "Texts (none: the lines of standard input)");
  translate->add_option("--beam", command.beam, "Hypotheses kept (default: as configured)")
      ->check(CLI::Range(1, 1000));
  translate->add_option("--length-penalty", command.length_penalty,
                        "How lengths count among hypotheses (default: as configured)");
  translate->add_option("--device", command.device,
                        "cpu, sim, cuda or cuda:N (default: as it was trained)");
  add_inputs(*translate, command.inputs,
             "NAME=VALUE: a modality beside every text, a .npy file of raw values (repeatable)");
  translate->add_flag("--json", command.json, "Print a JSON object per text");
  translate->footer(
      "Examples:\n"
      "  heddle translate out/multi30k-translate \"a dog runs\"\n"
      "  heddle translate out/multi30k-translate --beam 5 --json < sentences.txt\n"
      "  heddle translate out/multi30k-images \"a dog runs\" --input image=features.npy");
  translate->callback([&] { chosen = [&] { return run(command); }; });
}

void add_small_commands(CLI::App& app, InspectCommand& inspect, ShowCommand& show,
                        TasksCommand& tasks, Chosen& chosen) {
  CLI::App* file = app.add_subcommand("inspect", "What is in a safetensors file");
  file->add_option("file", inspect.file, "A .safetensors file")->required();
  file->add_flag("--strict", inspect.strict,
                 "What the format advises against, and tensors without checksum, are errors");
  file->footer("Example:\n  heddle inspect out/demo/best.safetensors");
  file->callback([&] { chosen = [&] { return run(inspect); }; });

  CLI::App* data = app.add_subcommand("data", "Look at data");
  data->require_subcommand(1);
  CLI::App* look = data->add_subcommand("show", "One sample: words, picture, sound, label");
  look->add_option("sample", show.sample, "Name or number of the sample")->capture_default_str();
  look->add_option("--config", show.config, "Configuration whose data to show (default: built-in)");
  look->add_option("--seed", show.seed, "Seed of the built-in data")->capture_default_str();
  look->footer(
      "Examples:\n  heddle data show 17\n  heddle data show --config configs/mosi/bclstm.toml 5");
  look->callback([&] { chosen = [&] { return run(show); }; });

  CLI::App* list =
      app.add_subcommand("tasks", "The tasks there are, and whether their data are there");
  list->add_option("--configs", tasks.configs, "Folder of the configurations")
      ->capture_default_str();
  list->add_flag("--json", tasks.json, "Print JSON");
  list->footer("Example:\n  heddle tasks");
  list->callback([&] { chosen = [&] { return run(tasks); }; });

  CLI::App* doctor =
      app.add_subcommand("doctor", "Processor, threads, CUDA, and which backends work and why not");
  doctor->callback([&] { chosen = [] { return run(DoctorCommand{}); }; });
}

void add_kernel(CLI::App& app, KernelCommand& command, Chosen& chosen) {
  CLI::App* kernel =
      app.add_subcommand("kernel", "Run a CUDA kernel on the host and count what a profiler would");
  kernel->add_option("family", command.family, "Kernel family (none: lists them)");
  kernel->add_option("--version", command.version, "Version (default: the last of the ladder)");
  kernel->add_option("--dtype", command.dtype, "f32, f64 or bf16")->capture_default_str();
  kernel->add_flag("--backward", command.backward, "The backward kernel");
  kernel->add_option("--html", command.html, "Write a page with pictures of the accesses");
  kernel->add_option("--svg", command.svg,
                     "Folder for pictures of the worst access to global and to shared memory");
  for (const std::string& name : kernel_size_names()) {
    kernel
        ->add_option_function<std::int64_t>(
            "--" + name,
            [&command, name](const std::int64_t& value) {
              command.sizes.emplace_back(name, value);
            },
            "Size, of the families that list it")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 31))
        ->group("Sizes");
  }
  kernel->footer(
      "Examples:\n"
      "  heddle kernel\n"
      "  heddle kernel softmax --version online --rows 64 --cols 1000\n"
      "  heddle kernel matmul --version naive --m 64 --n 64 --k 64 --html naive.html\n"
      "  heddle kernel softmax --version thread_per_row --svg pictures");
  kernel->callback([&] { chosen = [&] { return run(command); }; });
}

void add_bench(CLI::App& app, BenchReportCommand& command, Chosen& chosen) {
  CLI::App* bench = app.add_subcommand("bench", "Look at benchmarks");
  bench->require_subcommand(1);
  CLI::App* report = bench->add_subcommand(
      "report", "One HTML page of benchmark rows and ladders: ratios, rooflines, what was lost");
  report->add_option("files", command.files, "Files that ./dev bench --out or heddle_ladder wrote")
      ->required();
  report->add_option("--html", command.html, "The page to write")->required();
  report->footer(
      "Examples:\n"
      "  heddle bench report rows.json --html bench.html\n"
      "  heddle bench report rows.json ladder.json --html bench.html");
  report->callback([&] { chosen = [&] { return run(command); }; });
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
