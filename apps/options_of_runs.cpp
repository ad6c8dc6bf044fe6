#include <CLI/CLI.hpp>

#include "apps/command_options.h"
#include "apps/commands.h"

namespace heddle {

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
  train->add_flag(
      "--folds", command.folds,
      "Cross-validation: train once for each fold of the data set's [split]; folds.json "
      "has the results together. With --seeds: all of it for each seed, and seeds.json "
      "has mean and deviation over seeds");
  train
      ->add_flag(
          "--separately", command.separately,
          "Of several tasks trained together (task.kind = \"joint\"): also train each alone, "
          "with as many steps and samples; transfer.json sets them side by side")
      ->excludes("--folds");
  train->footer(
      "Examples:\n"
      "  heddle train configs/demo.toml\n"
      "  heddle train configs/demo.toml --set train.epochs=2 --set model.hidden=32 --out "
      "out/small\n"
      "  heddle train configs/demo.toml --resume\n"
      "  heddle train configs/mosi/bclstm.toml --seeds 5\n"
      "  heddle train configs/joint/twins.toml --separately --seeds 3\n\n"
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
      "  heddle evaluate out/joint_twins      (every task of a joint run)\n"
      "  heddle evaluate out/demo/last.safetensors --split valid --json");
  evaluate->callback([&] { chosen = [&] { return run(command); }; });
}

}  // namespace heddle
