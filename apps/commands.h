#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heddle {

// What each command of the program was asked to do. `run` does it, writes to standard output, and
// returns the exit code; what goes wrong is thrown (apps/main.cpp turns it into an exit code).

struct TrainCommand {
  std::string config;
  std::vector<std::string> overrides;
  std::string device;  // empty: as configured
  std::string math;    // empty: as configured
  std::string out;     // empty: out/<name>
  bool resume = false;
  bool overwrite = false;
  std::int64_t seeds = 0;   // 0: one run; else so many, each in a folder of its own
  bool folds = false;       // cross-validation: every fold of the data set
  bool separately = false;  // of a joint run: each member alone too
  std::string typed;        // the command line, for the report
};
int run(const TrainCommand& command);

struct EvaluateCommand {
  std::string source;  // run folder, weights file or checkpoint
  std::string split = "test";
  std::vector<std::string> overrides;
  std::string device;  // empty: as it was trained
  /// Empty: all shown, and the accuracy of every subset. "all-subsets": all metrics of every
  /// subset. Else names joined by commas: the others are masked.
  std::string modalities;
  std::vector<double> missing_rates;  // to be evaluated at, beside the rest
  std::uint64_t missing_seed = 1;
  bool json = false;
};
int run(const EvaluateCommand& command);

struct PredictCommand {
  std::string source;
  std::string device;  // empty: as it was trained
  std::string sample;  // name or number of a sample (video) of the data set; empty: inputs
  /// Modality and what it is: words for tokens, the path of a file (.png, .jpg, .wav, .npy) for
  /// anything else.
  std::vector<std::pair<std::string, std::string>> inputs;
  bool json = false;
};
int run(const PredictCommand& command);

struct ExplainCommand {
  std::string source;                // run folder, weights file or checkpoint
  std::string device;                // empty: as it was trained
  std::vector<std::string> samples;  // names or numbers; empty: the first of the split
  std::string split = "test";
  std::int64_t count = 12;
  bool wrong = false;  // only samples the model gets wrong
  std::string html;    // empty: explanations.html beside the weights
  bool json = false;
};
int run(const ExplainCommand& command);

struct ExportCommand {
  std::string source;  // run folder, weights file or checkpoint; for ONNX alone, a model file too
  std::string out;     // the model file to write; empty: none
  bool int8 = false;   // its weights as whole numbers of 8 bits
  std::string onnx;    // the ONNX file to write; empty: none
};
int run(const ExportCommand& command);

struct ServeCommand {
  std::string source;  // model file, run folder, weights file or checkpoint
  std::string device;  // empty: as it was trained; of a model file: cpu
};
/// Reads questions from standard input, a JSON object per line, and answers each with a line.
int run(const ServeCommand& command);

struct RetrieveCommand {
  std::string source;
  std::string device;  // empty: as it was trained
  /// Modality and what to search by: words; or a name in the data, or the path of a .npy file.
  std::pair<std::string, std::string> query;
  std::string target;  // modality to search in; empty: the first paired with the query's
  std::string split = "test";
  std::vector<std::string> overrides;
  std::int64_t top = 5;
  bool json = false;
};
int run(const RetrieveCommand& command);

struct TranslateCommand {
  std::string source;              // run folder, weights file, checkpoint or model file
  std::string device;              // empty: as it was trained
  std::vector<std::string> texts;  // empty: lines of standard input
  /// Modality and what it is, beside every text, as in PredictCommand.
  std::vector<std::pair<std::string, std::string>> inputs;
  std::int64_t beam = 0;                 // 0: as configured
  std::optional<double> length_penalty;  // absent: as configured
  bool json = false;
};
int run(const TranslateCommand& command);

struct InspectCommand {
  std::string file;
  bool strict = false;  // what the format advises against is an error
};
int run(const InspectCommand& command);

struct ShowCommand {
  std::string config;  // empty: built-in data
  std::string sample = "0";
  std::uint64_t seed = 1;  // of the built-in data
};
int run(const ShowCommand& command);

struct KernelCommand {
  std::string family;   // empty: lists all with their versions
  std::string version;  // empty: the last, which is the best
  std::string dtype = "f32";
  bool backward = false;
  std::vector<std::pair<std::string, std::int64_t>> sizes;  // by name; others as the family says
  std::string html;                                         // a page with pictures, where given
  std::string svg;  // a folder for pictures of the worst accesses, where given
};
int run(const KernelCommand& command);
/// What the sizes of kernels are called, for the command line.
std::vector<std::string> kernel_size_names();

struct BenchReportCommand {
  std::vector<std::string> files;  // of benchmark rows or ladders
  std::string html;
};
int run(const BenchReportCommand& command);

struct TasksCommand {
  std::string configs = "configs";  // the folder to look in
  bool json = false;
};
int run(const TasksCommand& command);

struct DoctorCommand {};
int run(const DoctorCommand& command);

}  // namespace heddle
