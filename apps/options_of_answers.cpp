#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apps/command_options.h"
#include "apps/commands.h"
#include "core/error.h"

namespace heddle {
namespace {

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

}  // namespace

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

}  // namespace heddle
