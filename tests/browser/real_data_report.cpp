#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/browser/made_up_reports.h"

namespace heddle {
namespace {

ReportVideo video(const std::string& id, std::size_t count, std::uint64_t seed, bool attends) {
  const std::vector<std::string> said = {"anyhow it was really good",
                                         "they didnt really do a whole bunch of background info on "
                                         "why she has to fight and be prepared",
                                         "i mean they did a little bit of it",
                                         "but not a whole bunch",
                                         "so thats the only thing i didnt like about the movie",
                                         "the acting is superb and the music stays with you",
                                         "umm"};
  Noise noise(seed);
  ReportVideo made;
  made.id = id;
  double mood = 0.4;
  for (std::size_t i = 0; i < count; ++i) {
    mood = std::max(-2.8, std::min(2.8, mood + noise.between(-1.6, 1.6)));
    ReportUtterance utterance;
    utterance.text = said[(i + seed) % said.size()];
    utterance.score = std::round(mood * 5.0) / 5.0;
    utterance.predicted_score = 0.6 * mood + noise.between(-1.5, 1.5);
    utterance.truth = *utterance.score >= 0 ? 1 : 0;
    utterance.predicted = *utterance.predicted_score >= 0 ? 1 : 0;
    const double sure = 1.0 / (1.0 + std::exp(-1.6 * std::abs(*utterance.predicted_score)));
    utterance.probabilities = {1.0 - sure, sure};
    if (utterance.predicted == 0) {
      std::swap(utterance.probabilities[0], utterance.probabilities[1]);
    }
    if (attends) {
      std::vector<double> row;
      double sum = 0.0;
      for (std::size_t j = 0; j < count; ++j) {
        const double distance = static_cast<double>(i) - static_cast<double>(j);
        row.push_back(std::exp(-distance * distance / 9.0 + noise.between(-1, 1)));
        sum += row.back();
      }
      for (double& weight : row) {
        weight /= sum;
      }
      made.weights.push_back(row);
    }
    made.utterances.push_back(utterance);
  }
  return made;
}

}  // namespace

RunReport real_data_report() {
  RunReport report;
  report.title = "CMU-MOSI, text + audio + video";
  report.description =
      "A bidirectional LSTM over the utterances of a film review, with one label per "
      "utterance; five random starts.";
  report.headline = {"test accuracy, negative or positive",
                     ReportUnit::fraction,
                     ReportValue{0.778, 0.006},
                     std::nullopt,
                     std::nullopt,
                     "Every choice was made on a validation part of the training videos. The best "
                     "single modality, text, reaches 77.1 ± 0.3 %.",
                     {{"videos", "52 / 10 / 31"}, {"training time", "3 min 12 s"}}};
  report.charts.push_back(
      {"Loss",
       "epoch",
       "cross-entropy, nats",
       ReportUnit::number,
       {falling_loss("train", 60, 20, 0.2, 0.03), falling_loss("validation", 60, 20, .45, .04),
        falling_loss("test", 60, 20, .47, .03)},
       std::nullopt,
       ""});
  report.subsets = {{{"text"}, .771, .003, std::nullopt, "trained alone"},
                    {{"audio"}, .573, .011, std::nullopt, "trained alone"},
                    {{"video"}, .561, .014, std::nullopt, "trained alone"},
                    {{"text", "audio", "video"}, .778, .006, std::nullopt, ""}};
  report.confusions = {{"test", {"negative", "positive"}, {{379, 88}, {78, 207}}},
                       {"test, seven classes",
                        {"−3", "−2", "−1", "0", "1", "2", "3"},
                        {{8, 14, 9, 2, 1, 0, 0},
                         {6, 40, 50, 15, 8, 3, 0},
                         {2, 30, 70, 40, 20, 8, 1},
                         {0, 10, 36, 44, 30, 12, 2},
                         {0, 4, 20, 38, 60, 34, 6},
                         {0, 1, 6, 14, 40, 52, 10},
                         {0, 0, 1, 2, 8, 24, 12}}}};
  report.metrics.columns = {"validation", "test"};
  const auto row = [](const std::string& name, const std::string& why, ReportUnit unit, double a,
                      double b, double spread) {
    return ReportMetric{
        name, why, unit, name == "MAE", {ReportValue{a, spread * 1.3}, ReportValue{b, spread}}};
  };
  report.metrics.rows = {
      row("Acc-2, negative / non-negative", "A score of 0 counts as positive.",
          ReportUnit::fraction, .781, .778, .006),
      row("Acc-2, negative / positive", "Utterances with a score of 0 are left out.",
          ReportUnit::fraction, .794, .789, .007),
      row("F1, weighted", "", ReportUnit::fraction, .78, .776, .006),
      row("Acc-7", "Scores rounded to −3 … 3.", ReportUnit::fraction, .351, .337, .011),
      row("MAE", "Mean distance from the true score, −3 … 3.", ReportUnit::number, .981, 1.012,
          .021),
      row("Correlation", "Pearson, with the true score.", ReportUnit::number, .651, .6432, .0093)};
  report.seeds = {
      "test",
      {"Acc-2", "weighted F1", "Acc-7", "MAE"},
      {ReportUnit::fraction, ReportUnit::fraction, ReportUnit::fraction, ReportUnit::number},
      {1, 2, 3, 4, 5},
      {{.774, .772, .331, 1.02},
       {.787, .786, .352, .988},
       {.771, .769, .325, 1.041},
       {.779, .777, .341, 1.004},
       {.78, .779, .336, 1.007}}};
  report.best_epoch = ReportBestEpoch{"Acc-2, negative / non-negative", ReportUnit::fraction,
                                      ReportValue{.805, .004}, ReportValue{.778, .006},
                                      "bc-LSTM 80.3 % (Poria et al., ACL 2017)"};
  report.wall.classes = {"negative", "positive"};
  report.wall.videos = {video("03bSnISJMiM", 13, 9, true), video("0h-zjBukYpk", 24, 4, true),
                        video("tmZoasNr4rU", 9, 5, false)};
  report.run = some_machine("heddle train configs/mosi.toml --seeds 5 --out out/mosi");
  report.run.seeds = {1, 2, 3, 4, 5};
  report.run.more = {{"data", "CMU-MOSI, split_bclstm: 52 / 10 / 31 videos"}};
  return report;
}

}  // namespace heddle
