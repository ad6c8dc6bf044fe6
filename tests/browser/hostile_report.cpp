#include <cstdint>
#include <limits>
#include <string>

#include "tests/browser/made_up_reports.h"

namespace heddle {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

RunReport hostile_report() {
  const std::string attack =
      "<script>window.broken=1</script><img src=x onerror=\"window.broken=1\">"
      "\"' onload='window.broken=1' &amp; \xff\xc0\x80 \xE2\x80\xAE rtl";
  const std::string endless(300, 'm');
  RunReport report = built_in_report();
  report.title = attack + endless;
  report.description = attack + endless;
  report.notice = attack;
  report.headline.metric = attack;
  report.headline.sentence = endless;
  report.headline.value = ReportValue{nan, infinity};
  report.headline.facts = {{attack, attack}, {endless, endless}};
  ReportChart one{attack, attack, attack, ReportUnit::number, {{attack, {1.0}, {0.5}}},
                  1.0,    attack};
  ReportChart none{"all NaN", "step", "", ReportUnit::number, {{"x", {1, 2}, {nan, infinity}}},
                   {},        ""};
  ReportChart gaps{"gaps",
                   "step",
                   endless,
                   ReportUnit::fraction,
                   {{"a", {1, 2, 3, 4, 5, nan}, {.5, nan, .7, -infinity, .6, .5}}, {"b", {}, {}}},
                   9.0,
                   "outside"};
  ReportChart wide{"extreme",
                   "step",
                   "",
                   ReportUnit::number,
                   {{"huge", {0, 1}, {-1e300, 1e300}}, {"tiny", {0, 1e9}, {1e-300, 0}}},
                   nan,
                   "x"};
  report.charts = {one, none, gaps, wide, ReportChart{}};
  report.subsets = {{{attack, endless}, nan, infinity, -3.0, attack},
                    {{"text"}, {}, {}, {}, ""},
                    {{"text"}, 7.0, 9.0, 2.0, ""}};
  report.confusions = {{attack, {attack, endless}, {{0, 0}, {0, 9000000000}}}, {"none", {}, {}}};
  report.metrics = {{attack},
                    {{attack, endless, ReportUnit::number, true, {ReportValue{infinity, nan}}}}};
  report.seeds = {attack, {attack}, {ReportUnit::number}, {~std::uint64_t{0}}, {{nan}}};
  report.best_epoch = ReportBestEpoch{attack, ReportUnit::fraction, {nan, {}}, {}, attack};
  report.wall.samples.resize(2);
  for (ReportSample& sample : report.wall.samples) {
    sample.id = attack;
    sample.image_description = attack;
    sample.words = {{attack, nan}, {endless, infinity}, {"", -1.0}};
    sample.probabilities = {nan, infinity, -1.0};
    sample.modality_weights = {{attack, nan}, {endless, 1e300}};
    sample.predicted = 99;
    sample.facts = {{attack, endless}};
    sample.spectrogram =
        ReportSpectrogram{1, 1, {std::numeric_limits<float>::quiet_NaN()}, {}, {}, {}};
    sample.image = ReportImage{1, 1, 4, {1, 2, 3, 4}};
  }
  report.wall.classes = {attack};
  ReportUtterance said;
  said.text = endless;
  said.truth = 5;
  said.predicted = 0;
  said.score = nan;
  said.modality_weights = {{attack, nan}};
  report.wall.videos = {{attack, {said, said}, {{nan, nan}, {1.0, 0.0}}}, {endless, {}, {}}};
  report.run.command = attack + endless;
  report.run.configuration = "a = 1\n" + attack + "\n[" + endless + "]\n";
  report.run.processor = endless;
  report.run.weights_sha256 = attack;
  report.run.seconds = nan;
  report.run.more = {{attack, attack}};
  return report;
}

}  // namespace heddle
