#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/browser/made_up_reports.h"

namespace heddle {
namespace {

ReportImage face(bool smiles, bool winks, std::uint64_t seed) {
  Noise noise(seed);
  ReportImage image{32, 32, 3, {}};
  const double x0 = noise.between(13, 19);
  const double y0 = noise.between(13, 18);
  const double radius = noise.between(9, 12);
  const std::array<double, 3> skin = {noise.between(150, 250), noise.between(120, 215),
                                      noise.between(60, 170)};
  const std::array<double, 3> ground = {noise.between(20, 120), noise.between(40, 140),
                                        noise.between(60, 190)};
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      const double u = (x - x0) / radius;
      const double v = (y - y0) / radius;
      bool ink = false;
      for (const double side : {-1.0, 1.0}) {
        const double du = u - 0.38 * side;
        const double dv = v + 0.25;
        ink = ink || (winks && side > 0 ? std::abs(dv) < 0.07 && std::abs(du) < 0.24
                                        : du * du + dv * dv < 0.022);
      }
      const double curve = 0.42 + (smiles ? 1.0 : -1.0) * (0.12 - 0.75 * u * u);
      ink = ink || (std::abs(u) < 0.52 && std::abs(v - curve) < 0.085);
      const bool inside = u * u + v * v < 1.0;
      for (std::size_t c = 0; c < 3; ++c) {
        const double value = (ink && inside ? 40.0 : inside ? skin[c] : ground[c]);
        image.pixels.push_back(static_cast<std::uint8_t>(
            std::min(255.0, std::max(0.0, value + noise.between(-14, 14)))));
      }
    }
  }
  return image;
}

ReportSpectrogram tone(bool rises, std::uint64_t seed) {
  Noise noise(seed);
  ReportSpectrogram sound{48, 24, {}, 0.5, 80.0, 4000.0};
  const double middle = noise.between(8, 15);
  for (int frame = 0; frame < 48; ++frame) {
    const double centre = middle + (rises ? 1.0 : -1.0) * 5.0 * (frame / 47.0 - 0.5);
    for (int bin = 0; bin < 24; ++bin) {
      const double distance = bin - centre;
      const double overtone = bin - centre - 6.0;
      sound.values.push_back(static_cast<float>(4.0 * std::exp(-distance * distance / 1.6) +
                                                2.0 * std::exp(-overtone * overtone / 1.6) +
                                                noise.between(-1.2, 1.0)));
    }
  }
  return sound;
}

ReportSample built_in_sample(std::size_t index) {
  const std::vector<std::vector<std::string>> sentences = {
      {"honestly", "the", "soup", "was", "not", "bad", "at", "all"},
      {"i", "think", "this", "film", "is", "dreadful"},
      {"well", "the", "journey", "was", "lovely"},
      {"my", "neighbour", "says", "the", "concert", "was", "not", "great"},
      {"so", "the", "weather", "is", "wonderful", "today"},
      {"to", "be", "fair", "the", "book", "was", "not", "terrible"}};
  const std::vector<std::vector<double>> weights = {{.01, .02, .03, .05, .38, .44, .04, .03},
                                                    {.02, .03, .04, .05, .06, .80},
                                                    {.04, .03, .07, .04, .82},
                                                    {.01, .02, .03, .02, .03, .04, .40, .45},
                                                    {.03, .02, .06, .05, .79, .05},
                                                    {.01, .01, .02, .02, .04, .03, .42, .45}};
  const bool smiles = index % 3 != 1;
  const bool winks = index % 4 == 3;
  const bool rises = index % 2 == 0;
  Noise noise(index + 40);
  ReportSample sample;
  sample.id = "test " + std::to_string(17 * index + 5);
  const std::size_t which = index % sentences.size();
  for (std::size_t i = 0; i < sentences[which].size(); ++i) {
    sample.words.push_back({sentences[which][i], weights[which][i]});
  }
  const bool good = which != 1 && which != 3;
  sample.image = face(smiles, winks, index + 1);
  sample.image_description =
      std::string("A face that ") + (smiles ? "smiles" : "frowns") + (winks ? " and winks" : "");
  sample.spectrogram = tone(rises, index + 7);
  const double text = noise.between(.3, .5);
  const double image = noise.between(.2, .4);
  sample.modality_weights = {{"text", text}, {"image", image}, {"audio", 1.0 - text - image}};
  sample.truth = (good != winks) + smiles + rises >= 2 ? 1 : 0;
  const bool wrong = index == 4 || index == 13;
  sample.predicted = wrong ? 1 - sample.truth : sample.truth;
  const double sure = wrong ? noise.between(.52, .7) : noise.between(.93, .9999);
  sample.probabilities = {1.0 - sure, sure};
  if (sample.predicted == 0) {
    std::swap(sample.probabilities[0], sample.probabilities[1]);
  }
  sample.facts = {{"words", good ? "good" : "bad"},
                  {"mouth", smiles ? "smiles" : "frowns"},
                  {"pitch", rises ? "rises" : "falls"},
                  {"wink", winks ? "yes" : "no"}};
  return sample;
}

}  // namespace

RunReport built_in_report() {
  RunReport report;
  report.title = "demo";
  report.description =
      "A sentence, a picture of a face and half a second of sound; the label is what two of the "
      "three say, and a wink in the picture turns the meaning of the words around.";
  report.headline = {"test accuracy",
                     ReportUnit::fraction,
                     ReportValue{0.984, std::nullopt},
                     0.004,
                     1.0,
                     "Words, picture and sound together. No one of them allows more than 75 %, so "
                     "the model has learned to combine them.",
                     {{"training time", "41 s"},
                      {"parameters", "148,226"},
                      {"steps", "1,500"},
                      {"samples", "8,000"}}};
  report.charts.push_back({"Loss",
                           "step",
                           "cross-entropy, nats",
                           ReportUnit::number,
                           {falling_loss("train", 1500, 1, 0.045, 0.35),
                            falling_loss("validation", 30, 50, 0.062, 0.05)},
                           1300.0,
                           "best validation"});
  ReportSeries accuracy = falling_loss("validation", 30, 50, 0.062, 0.05);
  for (double& y : accuracy.y) {
    y = std::min(0.99, 1.06 - 0.78 * y);
  }
  ReportSeries text_only = accuracy;
  text_only.name = "words alone";
  for (double& y : text_only.y) {
    y = 0.5 + 0.25 * (y - 0.5);
  }
  report.charts.push_back({"Accuracy",
                           "step",
                           "",
                           ReportUnit::fraction,
                           {accuracy, text_only},
                           1300.0,
                           "best validation"});
  report.subsets = {{{}, 0.503, 0.0158, 0.5, ""},
                    {{"text"}, 0.618, 0.0154, 0.625, ""},
                    {{"image"}, 0.741, 0.0139, 0.75, ""},
                    {{"audio"}, 0.752, 0.0137, 0.75, ""},
                    {{"text", "image"}, 0.866, 0.0108, 0.875, ""},
                    {{"text", "audio"}, 0.742, 0.0138, 0.75, ""},
                    {{"image", "audio"}, 0.745, 0.0138, 0.75, ""},
                    {{"text", "image", "audio"}, 0.984, 0.004, 1.0, ""}};
  report.confusions = {{"test", {"negative", "positive"}, {{488, 9}, {7, 496}}}};
  report.metrics.columns = {"train", "validation", "test"};
  const auto row = [](const std::string& name, double a, double b, double c, ReportUnit unit) {
    return ReportMetric{name,
                        "",
                        unit,
                        unit == ReportUnit::number,
                        {ReportValue{a, {}}, ReportValue{b, {}}, ReportValue{c, {}}}};
  };
  report.metrics.rows = {row("Accuracy", .991, .986, .984, ReportUnit::fraction),
                         row("Weighted F1", .991, .986, .984, ReportUnit::fraction),
                         row("Macro F1", .991, .986, .9839, ReportUnit::fraction),
                         row("Cross-entropy", .0311, .0642, .0687, ReportUnit::number)};
  report.wall.classes = {"negative", "positive"};
  for (std::size_t i = 0; i < 18; ++i) {
    report.wall.samples.push_back(built_in_sample(i));
  }
  report.run = some_machine("heddle train configs/demo.toml --out out/demo --set seed=1");
  return report;
}

}  // namespace heddle
