#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "core/error.h"
#include "train/report.h"

namespace heddle {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

RunReport full() {
  RunReport report;
  report.title = "a run";
  report.headline.metric = "test accuracy";
  report.headline.value = ReportValue{0.9375, {}};
  report.charts = {
      {"Loss", "step", "nats", ReportUnit::number, {{"train", {1, 2}, {0.7, 0.5}}}, {}, ""}};
  report.subsets = {{{"text", "image"}, 0.86, 0.01, 0.875, ""}, {{"audio"}, 0.75, {}, {}, ""}};
  report.confusions = {{"test", {"no", "yes"}, {{30, 10}, {5, 55}}}};
  report.scatters = {{"test", {-1.0, 0.0, 3.0}, {-0.5, nan, 2.0}}};
  report.metrics = {{"test"},
                    {{"Acc-7", "", ReportUnit::fraction, false, {ReportValue{0.337, 0.011}}}}};
  report.seeds = {"test", {"accuracy"}, {ReportUnit::fraction}, {1, 2, 3}, {{.7}, {.8}, {.9}}};
  report.best_epoch = ReportBestEpoch{"accuracy",
                                      ReportUnit::fraction,
                                      {0.805, 0.004},
                                      ReportValue{0.778, 0.006},
                                      "bc-LSTM 80.3 %"};
  ReportSample sample;
  sample.id = "test 17";
  sample.words = {{"not", 0.6}, {"bad", 0.4}};
  sample.image = ReportImage{2, 2, 3, std::vector<std::uint8_t>(12, 90)};
  sample.spectrogram = ReportSpectrogram{2, 2, {1, 2, 3, 4}, 0.5, 80.0, 4000.0};
  sample.truth = 0;
  sample.predicted = 1;
  sample.probabilities = {0.19, 0.81};
  report.wall = {"test", {"negative", "positive"}, {sample}, {}};
  ReportUtterance said;
  said.text = "but not a whole bunch";
  said.truth = said.predicted = 0;
  report.wall.videos = {{"v1", {said, said}, {{0.25, 0.75}, {0.5, 0.5}}}};
  report.run.command = "heddle train a.toml";
  report.run.configuration = "seed = 1";
  report.run.weights_sha256 = "abc123";
  report.run.parameters = 148226;
  return report;
}

bool has(const std::string& html, const std::string& part) {
  return html.find(part) != std::string::npos;
}

std::size_t occurrences(const std::string& html, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = html.find(part); at != std::string::npos; at = html.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Each part of the page is there with its data and gone without it, with its link.
TEST(ReportPage, SectionsFollowTheData) {
  struct Case {
    std::string mark;
    std::function<void(RunReport&)> remove;
  };
  const std::vector<Case> cases = {
      {"id=\"result\"", [](RunReport& r) { r.headline = {}; }},
      {"id=\"curves\"", [](RunReport& r) { r.charts.clear(); }},
      {"href=\"#curves\"", [](RunReport& r) { r.charts.clear(); }},
      {"id=\"modalities\"", [](RunReport& r) { r.subsets.clear(); }},
      {"id=\"confusion\"", [](RunReport& r) { r.confusions.clear(); }},
      {"id=\"scatter\"", [](RunReport& r) { r.scatters.clear(); }},
      {"href=\"#scatter\"", [](RunReport& r) { r.scatters[0] = {}; }},
      {"Acc-7", [](RunReport& r) { r.metrics = {}; }},
      {"Every seed", [](RunReport& r) { r.seeds = {}; }},
      {"Not the result", [](RunReport& r) { r.best_epoch.reset(); }},
      {"id=\"samples\"", [](RunReport& r) { r.wall.samples.clear(); }},
      {"alt=\"Picture of", [](RunReport& r) { r.wall.samples[0].image.reset(); }},
      {"alt=\"Spectrogram of", [](RunReport& r) { r.wall.samples[0].spectrogram.reset(); }},
      {"class=\"words\"", [](RunReport& r) { r.wall.samples[0].words.clear(); }},
      {"id=\"only-wrong\"", [](RunReport& r) { r.wall.samples[0].predicted = 0; }},
      {"id=\"videos\"", [](RunReport& r) { r.wall.videos.clear(); }},
      {"Attention between", [](RunReport& r) { r.wall.videos[0].weights.clear(); }},
      {"Run it again", [](RunReport& r) { r.run.command.clear(); }},
      {"Configuration, as resolved", [](RunReport& r) { r.run.configuration.clear(); }},
      {"abc123", [](RunReport& r) { r.run.weights_sha256.clear(); }},
  };
  const std::string whole = report_html(full());
  for (const Case& item : cases) {
    EXPECT_TRUE(has(whole, item.mark)) << item.mark;
    RunReport less = full();
    item.remove(less);
    EXPECT_FALSE(has(report_html(less), item.mark)) << item.mark;
  }
}

TEST(ReportPage, SaysTheNumbers) {
  const std::string html = report_html(full());
  const std::string thin = "\xE2\x80\xAF";
  EXPECT_TRUE(has(html, "93.8" + thin + "%")) << "headline";
  EXPECT_TRUE(has(html, "86.0 ± 1.0" + thin + "%")) << "subset with its standard error";
  EXPECT_TRUE(has(html, "of 87.5" + thin + "% possible")) << "best possible";
  EXPECT_TRUE(has(html, "33.7 ± 1.1" + thin + "%")) << "metric over seeds";
  EXPECT_TRUE(has(html, "80.0 ± 10.0" + thin + "%")) << "mean and deviation of the seeds";
  EXPECT_TRUE(has(html, "80.5 ± 0.4" + thin + "%")) << "best epoch";
  EXPECT_TRUE(has(html, "85 of 100 right")) << "confusion";
  EXPECT_TRUE(has(html, "Predicted against true numbers of 2 samples")) << "scatter";
  EXPECT_TRUE(has(html, "1 sample with a number that is NaN")) << "scatter";
  EXPECT_TRUE(has(html, "91.7" + thin + "%")) << "recall of yes";
  EXPECT_TRUE(has(html, "84.6" + thin + "%")) << "precision of yes";
  EXPECT_TRUE(has(html, "--w:0.67\" title=\"attention 40" + thin + "%\">bad")) << "shade of a word";
  EXPECT_TRUE(has(html, "148,226"));
  EXPECT_TRUE(has(html, "looks at 2 (75" + thin + "%)"));
}

TEST(ReportPage, RightAndWrongAreWords) {
  const std::string html = report_html(full());
  EXPECT_TRUE(has(html, "</svg>wrong</strong>"));
  EXPECT_TRUE(has(html, "</svg>right</strong>"));
}

TEST(ReportPage, NoTextBecomesMarkup) {
  const std::string attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\xFF";
  RunReport report = full();
  report.title = report.description = report.notice = report.headline.metric = attack;
  report.headline.sentence = attack;
  report.headline.facts = {{attack, attack}};
  report.charts[0].title = report.charts[0].x_label = report.charts[0].y_label = attack;
  report.charts[0].series[0].name = report.charts[0].mark_label = attack;
  report.charts[0].marked_x = 1.5;
  report.subsets[0].modalities = {attack};
  report.subsets[0].note = attack;
  report.confusions[0].split = report.confusions[0].classes[0] = attack;
  report.metrics.columns[0] = report.metrics.rows[0].name = attack;
  report.metrics.rows[0].explanation = attack;
  report.seeds.split = report.seeds.metrics[0] = attack;
  report.best_epoch->metric = report.best_epoch->published = attack;
  ReportSample& sample = report.wall.samples[0];
  sample.id = sample.image_description = sample.words[0].text = attack;
  sample.modality_weights = {{attack, 0.5}};
  sample.facts = {{attack, attack}};
  report.wall.split = report.wall.classes[0] = report.wall.classes[1] = attack;
  report.wall.videos[0].id = report.wall.videos[0].utterances[0].text = attack;
  report.wall.videos[0].utterances[0].modality_weights = {{attack, 0.5}};
  report.run = {attack,
                attack + "\n#" + attack + "\n[" + attack + "\n" + attack + "=" + attack,
                attack,
                attack,
                attack,
                attack,
                attack,
                attack,
                attack,
                1,
                1,
                1,
                1.0,
                {1},
                {{attack, attack}}};
  const std::string html = report_html(report);
  EXPECT_EQ(occurrences(html, "<script"), 1u) << "the page's own";
  EXPECT_FALSE(has(html, "<img src=x"));
  EXPECT_FALSE(has(html, attack.substr(0, 20)));
  EXPECT_FALSE(has(html, "'>")) << "a quote of the attack that ends an attribute";
  EXPECT_FALSE(has(html, "\xFF"));
  EXPECT_GT(occurrences(html, "&lt;script&gt;alert(1)&lt;/script&gt;"), 40u);
}

TEST(ReportPage, NamesNothingOutsideItself) {
  const std::string html = report_html(full());
  for (const std::string part :
       {"http:", "https:", "//cdn", "@import", "url(", "<link rel=\"sty"}) {
    EXPECT_FALSE(has(html, part)) << part;
  }
  EXPECT_EQ(occurrences(html, " src=\""), occurrences(html, " src=\"data:image/png;base64,"));
}

TEST(ReportPage, AnEmptyReportIsAPage) {
  const std::string html = report_html({});
  EXPECT_TRUE(has(html, "<title>Run"));
  EXPECT_TRUE(has(html, "</html>"));
  EXPECT_FALSE(has(html, "<section"));
  EXPECT_FALSE(has(html, "<nav"));
}

TEST(ReportPage, SurvivesNumbersThatAreNone) {
  RunReport report = full();
  report.headline.value = ReportValue{nan, nan};
  report.charts[0].series[0].y = {nan, nan};
  report.subsets[0] = {{}, nan, nan, nan, ""};
  report.metrics.rows[0].values = {std::nullopt};
  report.seeds.values = {{nan}, {INFINITY}, {0.1}};
  report.wall.samples[0].words[0].weight = nan;
  report.wall.samples[0].probabilities = {nan, nan, INFINITY};
  report.wall.samples[0].predicted = 77;
  report.wall.videos[0].weights = {{nan, nan}, {0, 0}};
  report.run.seconds = nan;
  const std::string html = report_html(report);
  EXPECT_TRUE(has(html, "No finite values were recorded"));
  EXPECT_TRUE(has(html, "class 77"));
  EXPECT_FALSE(has(html, "width:nan"));
  EXPECT_FALSE(has(html, "--w:nan"));
}

TEST(ReportPage, TenThousandPointsStaySmall) {
  RunReport report;
  ReportSeries series{"train", {}, {}};
  for (int i = 0; i < 10000; ++i) {
    series.x.push_back(i);
    series.y.push_back(1.0 / (1 + i) + 0.01 * (i * 7919 % 100));
  }
  report.charts = {{"Loss", "step", "", ReportUnit::number, {series}, {}, ""}};
  const std::string html = report_html(report);
  EXPECT_LT(html.size(), 80000u);
  EXPECT_TRUE(has(html, "mean over 200 values"));
}

TEST(ReportPage, OnePointIsADot) {
  RunReport report;
  report.charts = {{"Loss", "epoch", "", ReportUnit::number, {{"train", {1}, {0.5}}}, 1.0, "best"}};
  EXPECT_TRUE(has(report_html(report), "class=\"line s0 dot\""));
}

TEST(ReportPage, SameReportSameBytes) { EXPECT_EQ(report_html(full()), report_html(full())); }

TEST(ReportPage, RefusesTablesThatDoNotFit) {
  const std::vector<std::function<void(RunReport&)>> breaks = {
      [](RunReport& r) { r.charts[0].series[0].y.pop_back(); },
      [](RunReport& r) { r.confusions[0].counts.pop_back(); },
      [](RunReport& r) { r.confusions[0].counts[0].pop_back(); },
      [](RunReport& r) { r.scatters[0].truth.pop_back(); },
      [](RunReport& r) { r.metrics.rows[0].values.clear(); },
      [](RunReport& r) { r.seeds.units.clear(); },
      [](RunReport& r) { r.seeds.values.pop_back(); },
      [](RunReport& r) { r.seeds.values[1].clear(); },
      [](RunReport& r) { r.wall.samples[0].image->pixels.pop_back(); },
      [](RunReport& r) { r.wall.samples[0].spectrogram->values.pop_back(); },
      [](RunReport& r) { r.wall.videos[0].weights.pop_back(); },
  };
  for (const auto& spoil : breaks) {
    RunReport report = full();
    spoil(report);
    EXPECT_THROW(report_html(report), Error);
  }
}

}  // namespace
}  // namespace heddle
