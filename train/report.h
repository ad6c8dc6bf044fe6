#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

// What `report.html` is made from: plain data that the training loop fills. Everything is optional;
// what is empty is left out of the page. Texts are UTF-8 as they come (the page escapes them);
// numbers may be NaN or infinite (the page shows them as such, and charts leave a gap).

/// A fraction in [0, 1] is shown as a percentage, anything else as a number.
enum class ReportUnit { fraction, number };

/// A figure with its spread over seeds, if there were several.
struct ReportValue {
  double mean = 0.0;
  std::optional<double> deviation;  // sample standard deviation over seeds
};

/// One line of a chart. x and y have the same length; x does not decrease. Any number of points.
struct ReportSeries {
  std::string name;  // "train", "validation"
  std::vector<double> x;
  std::vector<double> y;
};

/// Lines over the steps or epochs of a run: loss, accuracy, learning rate.
struct ReportChart {
  std::string title;             // "Loss"
  std::string x_label = "step";  // "step", "epoch"
  std::string y_label;           // "cross-entropy (nats)"
  ReportUnit unit = ReportUnit::number;
  std::vector<ReportSeries> series;
  std::optional<double> marked_x;  // a vertical mark, such as the step of the best checkpoint
  std::string mark_label;          // "best validation"
};

/// counts[truth][predicted], one row and column per class.
struct ReportConfusion {
  std::string split = "test";
  std::vector<std::string> classes;
  std::vector<std::vector<std::int64_t>> counts;
};

/// Predicted numbers against true ones, as many of both.
struct ReportScatter {
  std::string split = "test";
  std::vector<double> truth;
  std::vector<double> predicted;
};

/// Accuracy with only these modalities given and the others masked.
struct ReportSubset {
  std::vector<std::string> modalities;  // "text", "image", "audio"
  std::optional<double> accuracy;
  std::optional<double> standard_error;  // of the accuracy
  std::optional<double> best_possible;   // known for the built-in data only
  std::string note;                      // "trained alone", else empty
};

/// One row of the table of metrics: a value per column of `ReportMetrics::columns`.
struct ReportMetric {
  std::string name;         // "Acc-2 (negative / non-negative)"
  std::string explanation;  // one sentence, or empty
  ReportUnit unit = ReportUnit::fraction;
  bool lower_is_better = false;
  std::vector<std::optional<ReportValue>> values;
};

struct ReportMetrics {
  std::vector<std::string> columns;  // "validation", "test"
  std::vector<ReportMetric> rows;
};

/// Metrics of each seed of a `--seeds N` run; values[seed][metric], in the order of `metrics`.
struct ReportSeeds {
  std::string split = "test";
  std::vector<std::string> metrics;
  std::vector<ReportUnit> units;  // one per metric
  std::vector<std::uint64_t> seeds;
  std::vector<std::vector<double>> values;
};

/// The figure one gets by choosing the epoch by its test accuracy: shown apart, never as result.
struct ReportBestEpoch {
  std::string metric = "accuracy";
  ReportUnit unit = ReportUnit::fraction;
  ReportValue value;                  // test_best_epoch
  std::optional<ReportValue> honest;  // the same metric, epoch chosen on validation
  std::string published;              // "bc-LSTM, Poria et al. 2017: 80.3 %", or empty
};

/// A word and the attention paid to it; the weights of one sample sum to one.
struct ReportWord {
  std::string text;
  std::optional<double> weight;
};

/// 8-bit pixels, row-major, channels interleaved; 1 (grey), 3 (RGB) or 4 (RGBA) channels.
struct ReportImage {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t channels = 3;
  std::vector<std::uint8_t> pixels;  // width · height · channels
};

/// Log-mel frames, values[frame · bins + bin]; bin 0 is the lowest frequency.
struct ReportSpectrogram {
  std::int64_t frames = 0;
  std::int64_t bins = 0;
  std::vector<float> values;
  std::optional<double> seconds;       // duration of all frames
  std::optional<double> lowest_hertz;  // of bin 0
  std::optional<double> highest_hertz;
};

/// A named number between 0 and 1, drawn as a small bar: the attention paid to a modality.
struct ReportWeight {
  std::string name;  // "text", "image", "audio"
  double weight = 0.0;
};

struct ReportFact {
  std::string name;
  std::string value;
};

/// One test sample on the wall. `truth` and `predicted` index `ReportWall::classes`; negative where
/// there is none.
struct ReportSample {
  std::string id;  // "test 17"
  std::vector<ReportWord> words;
  std::optional<ReportImage> image;
  std::string image_description;  // alternative text; a plain one is made where this is empty
  std::optional<ReportSpectrogram> spectrogram;
  std::vector<ReportWeight> modality_weights;
  std::int64_t truth = -1;
  std::int64_t predicted = -1;
  std::vector<double> probabilities;  // per class; may be empty
  std::vector<ReportFact> facts;      // "wink": "yes"; "true score": "1.40"
};

/// One utterance of a video, for models that label every utterance of a sequence.
struct ReportUtterance {
  std::string text;
  std::int64_t truth = -1;
  std::int64_t predicted = -1;
  std::vector<double> probabilities;  // per class; may be empty
  std::optional<double> score;        // the true score where labels are graded (MOSI: −3 … 3)
  std::optional<double> predicted_score;
  std::vector<ReportWeight> modality_weights;
};

/// A video and its utterances in order; weights[i][j] is the attention that utterance i pays to
/// utterance j (each row sums to one). Empty for models without such attention.
struct ReportVideo {
  std::string id;
  std::vector<ReportUtterance> utterances;
  std::vector<std::vector<double>> weights;
};

struct ReportWall {
  std::string split = "test";
  std::vector<std::string> classes;  // "negative", "positive"
  std::vector<ReportSample> samples;
  std::vector<ReportVideo> videos;
};

/// What ran, where, and how to run it again.
struct ReportRun {
  std::string command;         // as typed: repeats the run
  std::string configuration;   // the resolved TOML
  std::string processor;       // "AMD EPYC 7B13, 2 cores"
  std::string device;          // "cpu", "cuda:0 (NVIDIA L4)"
  std::string compiler;        // "g++ 12.2.0, -O3 -march=x86-64-v3"
  std::string version;         // "heddle 0.1.0"
  std::string system;          // "Linux 6.1, x86-64"
  std::string started;         // "2025-03-14 09:26 UTC"
  std::string weights_sha256;  // 64 hexadecimal digits
  std::optional<std::int64_t> threads;
  std::optional<std::int64_t> parameters;
  std::optional<std::int64_t> steps;
  std::optional<double> seconds;
  std::vector<std::uint64_t> seeds;
  std::vector<ReportFact> more;  // shown after the rest: "data": "builtin, 8,000 / 1,000 / 1,000"
};

/// The first thing read: one figure and what it means.
struct ReportHeadline {
  std::string metric;  // "test accuracy"
  ReportUnit unit = ReportUnit::fraction;
  std::optional<ReportValue> value;
  std::optional<double> standard_error;
  std::optional<double> best_possible;
  std::string sentence;  // "Words, picture and sound together; best on validation at step 1,200."
  std::vector<ReportFact> facts;  // up to four small figures: "training time": "41 s"
};

struct RunReport {
  std::string title;        // "demo", the name of the run
  std::string description;  // one or two sentences on model and data
  std::string notice;       // shown at the top: "stopped by SIGINT at step 300", else empty
  ReportHeadline headline;
  std::vector<ReportChart> charts;
  std::vector<ReportSubset> subsets;
  std::vector<ReportConfusion> confusions;
  std::vector<ReportScatter> scatters;
  ReportMetrics metrics;
  ReportSeeds seeds;
  std::optional<ReportBestEpoch> best_epoch;
  ReportWall wall;
  ReportRun run;
};

/// The whole page, one HTML file of text, inline SVG and base64 PNG: no network, readable without
/// JavaScript. The same report gives the same bytes.
/// Errors: a picture or spectrogram whose values do not match its size, x and y of a series, the
/// rows of a confusion matrix or of a table, or the numbers of a scatter of unequal length.
std::string report_html(const RunReport& report);

}  // namespace heddle
