#include "report/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <locale>
#include <string>

namespace heddle::report {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const std::string bad = "\xEF\xBF\xBD";
const std::string thin = "\xE2\x80\xAF";

TEST(ReportText, EscapesMarkup) {
  EXPECT_EQ(escape_html("<a href=\"x\" b='y'>&"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(escape_html(""), "");
}

TEST(ReportText, KeepsGoodUtf8AndReplacesTheRest) {
  EXPECT_EQ(escape_html("Zürich → 東京 😀"), "Zürich → 東京 😀");
  EXPECT_EQ(escape_html("a\xFF"), "a" + bad);
  EXPECT_EQ(escape_html("\xC0\x80"), bad + bad) << "overlong form of NUL";
  EXPECT_EQ(escape_html("\xED\xA0\x80"), bad + bad + bad) << "surrogate";
  EXPECT_EQ(escape_html("\xF4\x90\x80\x80"), bad + bad + bad + bad) << "above U+10FFFF";
  EXPECT_EQ(escape_html("\xE6\x9D"), bad + bad) << "cut short";
}

TEST(ReportText, ReplacesControlAndReorderingCharacters) {
  EXPECT_EQ(escape_html(std::string_view("a\0b\x1B\n\t\x7F", 7)),
            "a" + bad + "b" + bad + "\n\t" + bad);
  EXPECT_EQ(escape_html("\xE2\x80\xAE"
                        "abc"
                        "\xE2\x81\xA9"),
            bad + "abc" + bad);
  EXPECT_EQ(escape_html("\xE2\x80\x93"), "\xE2\x80\x93") << "a dash is no control";
}

TEST(ReportText, FormatsNumbers) {
  EXPECT_EQ(format_number(0.0), "0");
  EXPECT_EQ(format_number(0.031234), "0.03123");
  EXPECT_EQ(format_number(-1234.5678), "−1,235");
  EXPECT_EQ(format_number(1.5), "1.5");
  EXPECT_EQ(format_number(2.5e-7), "2.5×10⁻⁷");
  EXPECT_EQ(format_number(6.02214e23), "6.02×10²³");
  EXPECT_EQ(format_number(nan), "NaN");
  EXPECT_EQ(format_number(-infinity), "−∞");
  EXPECT_EQ(format_number(5e-324).find("inf"), std::string::npos);
  EXPECT_EQ(format_fixed(-0.0004, 2), "0.00") << "no negative zero";
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(-123), "−123");
  EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::min()), "−9,223,372,036,854,775,808");
}

TEST(ReportText, FormatsFractions) {
  EXPECT_EQ(format_percent(0.9794), "97.9" + thin + "%");
  EXPECT_EQ(format_percent(1.0), "100" + thin + "%");
}

TEST(ReportText, FormatsDurations) {
  EXPECT_EQ(format_duration(0.31), "310 ms");
  EXPECT_EQ(format_duration(0.99999), "1.0 s");
  EXPECT_EQ(format_duration(4.24), "4.2 s");
  EXPECT_EQ(format_duration(59.6), "1 min 0 s");
  EXPECT_EQ(format_duration(125), "2 min 5 s");
  EXPECT_EQ(format_duration(4320), "1 h 12 min");
  EXPECT_EQ(format_duration(nan), "unknown");
  EXPECT_EQ(format_duration(-1), "unknown");
  EXPECT_EQ(format_duration(1e300), "1×10³⁰⁰ s");
}

TEST(ReportText, CoordinatesAreCssNumbers) {
  EXPECT_EQ(coordinate(12.5), "12.5");
  EXPECT_EQ(coordinate(-0.001), "0");
  EXPECT_EQ(coordinate(100.0), "100");
  EXPECT_EQ(coordinate(nan), "0");
  EXPECT_EQ(coordinate(1e-7), "0");
}

struct CommaForPoint : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST(ReportText, DoesNotDependOnTheLocale) {
  const std::locale before =
      std::locale::global(std::locale(std::locale::classic(), new CommaForPoint));
  const std::string number = format_number(12.5);
  const std::string place = coordinate(0.5);
  std::locale::global(before);
  EXPECT_EQ(number, "12.5");
  EXPECT_EQ(place, "0.5");
}

}  // namespace
}  // namespace heddle::report
