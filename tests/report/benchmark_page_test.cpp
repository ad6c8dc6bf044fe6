#include <gtest/gtest.h>

#include <string>

#include "report/benchmark.h"
#include "report/benchmark_groups.h"
#include "tests/report/benchmark_samples.h"

namespace heddle {
namespace {

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

// Ratios 4, 1 and 0.5 to A, 2 to B, and B twice not measured.
BenchmarkFile three_cases() {
  return made_up_file({made_up_row("rows 1", "A", 1, 4), made_up_row("rows 1", "B", 1, 2),
                       made_up_row("rows 2", "A", 2, 2), made_up_row("rows 2", "B", 2, 0),
                       made_up_row("rows 3", "A", 4, 2), made_up_row("rows 3", "B", 4, 0)});
}

TEST(BenchmarkPage, MeansAndWorstRows) {
  const std::vector<BenchmarkFile> files = {three_cases()};
  const std::vector<report::Family> families = report::families_of(files);
  ASSERT_EQ(families.size(), 1u);
  ASSERT_EQ(families[0].settings.size(), 1u);
  EXPECT_EQ(families[0].settings[0].cases.size(), 3u);
  EXPECT_EQ(families[0].settings[0].rates.copy_gb_per_s, 10.0);
  const std::vector<report::Standing> all = report::standings(families[0].settings[0]);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].opponent, "A");
  EXPECT_NEAR(all[0].geometric_mean, 1.2599, 1e-4) << "cube root of 4 · 1 · 0.5";
  EXPECT_EQ(all[0].worst->what.name, "rows 3");
  EXPECT_EQ(all[0].measured, 3u);
  EXPECT_EQ(all[0].lost, 1u) << "1 is no loss";
  EXPECT_EQ(all[1].measured, 1u);
  EXPECT_EQ(all[1].absent, 2u);

  const std::string html = benchmark_html(files);
  EXPECT_TRUE(has(
      html,
      "<b>A</b>, f32: geometric mean <b>1.26</b> of 3 rows, worst <b class=\"lost\">✗ 0.500</b> "
      "at rows 3, forward"));
  EXPECT_TRUE(has(html, "<p class=\"figure\">1 of 4</p>"));
  EXPECT_TRUE(has(html, "✗ 1 of 3"));
  EXPECT_TRUE(has(html, "in 7 turns"));
}

// Averages never mix threads, files, or accuracy classes.
TEST(BenchmarkPage, SettingsStandApart) {
  BenchmarkFile first = made_up_file({made_up_row("rows 1", "A", 1, 4)});
  first.rows.push_back(first.rows[0]);
  first.rows[1].threads = 1;
  first.rows.push_back(first.rows[0]);
  first.rows[2].math = "bf16";
  first.rows.push_back(first.rows[0]);
  first.rows[3].opponent_math = "tf32";
  const std::vector<BenchmarkFile> files = {first,
                                            made_up_file({made_up_row("rows 1", "A", 2, 1)})};
  const std::vector<report::Family> families = report::families_of(files);
  ASSERT_EQ(families.at(0).settings.size(), 4u);
  EXPECT_EQ(families[0].settings[1].rates.copy_gb_per_s, 0.0) << "none measured for one thread";
  EXPECT_EQ(report::standings(families[0].settings[0]).size(), 2u);
  EXPECT_EQ(families[0].settings[3].file, 1u);
  const std::string html = benchmark_html(files);
  EXPECT_TRUE(has(html, "2 threads, ours bf16, file 1"));
  EXPECT_EQ(occurrences(html, "another accuracy class than ours"), 2u);
  EXPECT_TRUE(has(html, "so there is no roof"));
}

TEST(BenchmarkPage, LosingRowsAreMarked) {
  const std::string html = benchmark_html({three_cases()});
  EXPECT_EQ(occurrences(html, "<li class=\"is-lost\">"), 1u);
  EXPECT_EQ(occurrences(html, "<i class=\"loss\""), 1u);
  EXPECT_EQ(occurrences(html, "<strong class=\"lost\">✗ slower</strong>"), 1u);
  EXPECT_EQ(occurrences(html, "<li class=\"is-won\">"), 3u);
  EXPECT_EQ(occurrences(html, "class=\"mark-lost\""), 2u) << "in the roofline and its key";
  EXPECT_EQ(occurrences(html, "spread includes 1"), 1u) << "0.82 to 1.22 of rows 2";
}

TEST(BenchmarkPage, SaysWhatWasNotMeasuredAndWhy) {
  BenchmarkFile file = three_cases();
  file.rows[3].note = file.rows[5].note = "B has no such kernel";
  const std::string html = benchmark_html({file});
  EXPECT_TRUE(has(html, "id=\"absent\""));
  EXPECT_TRUE(has(html, "<p>B has no such kernel</p><small>rows 2, forward; rows 3, forward"));
  file.rows[3].note = file.rows[5].note = "";
  EXPECT_TRUE(has(benchmark_html({file}), "no reason was written"));
  file.rows.resize(3);
  EXPECT_FALSE(has(benchmark_html({file}), "id=\"absent\""));
}

TEST(BenchmarkPage, WithoutOpponents) {
  const std::string html = benchmark_html({made_up_file({made_up_row("rows 1", "", 1, 0)})});
  EXPECT_FALSE(has(html, "id=\"overall\""));
  EXPECT_FALSE(has(html, "id=\"absent\""));
  EXPECT_FALSE(has(html, "class=\"rungs\""));
  EXPECT_TRUE(has(html, "Measured alone"));
  EXPECT_TRUE(has(html, "ours 1 ms"));
  EXPECT_TRUE(has(html, "10\xE2\x80\xAF% of the roof")) << "0.1 of 1 ms";
}

TEST(BenchmarkPage, LaddersShowEveryVersion) {
  const std::string html = benchmark_html({parse_benchmark_file("l.json", ladder_json())});
  EXPECT_FALSE(has(html, "id=\"overall\""));
  EXPECT_EQ(occurrences(html, "<i class=\"time\""), 3u);
  EXPECT_TRUE(has(html, "<b>4 ms</b> first"));
  EXPECT_TRUE(has(html, "<b>1 ms</b> 4.00×<small><strong class=\"best\">★ fastest"));
  EXPECT_TRUE(has(html, "<b>8 ms</b> 0.500×<small><strong class=\"lost\">✗ slower than the first"));
  for (const char* label : {">1a</text>", ">1b</text>", ">1c</text>"}) {
    EXPECT_TRUE(has(html, label)) << label;
  }
  EXPECT_TRUE(has(html, "its times say nothing about a GPU"));
}

TEST(BenchmarkPage, TextIsEscaped) {
  const std::string hostile = "<script>alert(\"x\")</script>&'\xFF";
  BenchmarkFile file = made_up_file(
      {made_up_row(hostile, hostile, 2, 1), made_up_row(hostile, "B" + hostile, 1, 0)});
  for (BenchmarkRow& row : file.rows) {
    row.what.family = row.what.direction = row.math = row.opponent_math = row.note = hostile;
  }
  file.name = file.machine = file.commit = file.date = file.rates[0].on = hostile;
  BenchmarkFile ladder = parse_benchmark_file("l.json", ladder_json());
  for (LadderRow& row : ladder.ladder) {
    row.what = file.rows[0].what;
    row.dtype = row.version = row.math = row.note = hostile;
  }
  const std::string html = benchmark_html({file, ladder});
  EXPECT_FALSE(has(html, "<script"));
  EXPECT_FALSE(has(html, "\xFF"));
  EXPECT_TRUE(has(html, "&lt;script&gt;"));
}

// Zero operations, zero bytes and absurd times leave nothing undefined on the page.
TEST(BenchmarkPage, OddNumbersDrawNoNan) {
  BenchmarkFile file =
      made_up_file({made_up_row("copy", "A", 1e-12, 1e12), made_up_row("none", "A", 1e12, 1e-12),
                    made_up_row("free", "A", 1, 1)});
  file.rows[0].what.operations = 0;
  file.rows[1].what.bytes = 0;
  file.rows[2].what.bytes = 1e-300;
  file.rows[2].what.operations = 1e300;
  const std::string html = benchmark_html({file});
  EXPECT_TRUE(has(html, "without arithmetic or without traffic"));
  EXPECT_FALSE(has(html, "nan"));
  EXPECT_FALSE(has(html, "NaN"));
  EXPECT_FALSE(has(html, "=\"inf"));
}

}  // namespace
}  // namespace heddle
