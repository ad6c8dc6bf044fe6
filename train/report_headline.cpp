#include <algorithm>
#include <cmath>
#include <string>

#include "report/text.h"
#include "train/report_sections.h"
#include "train/report_values.h"

namespace heddle::report {
namespace {

// Three threads, one per modality, that cross and become one cloth.
constexpr std::string_view threads =
    R"(<svg class="threads" viewBox="0 0 1200 60" preserveAspectRatio="none" aria-hidden="true">)"
    R"(<path class="text" d="M0 10C150 10 200 50 350 50S550 10 700 12 900 30 1200 30"/>)"
    R"(<path class="image" d="M0 30C120 30 170 8 330 10S520 52 690 48 900 32 1200 32"/>)"
    R"(<path class="audio" d="M0 50C140 50 210 28 340 30S540 32 695 30 900 28 1200 28"/></svg>)";

std::string headline_figure(const ReportHeadline& headline) {
  if (!headline.value) {
    return "";
  }
  std::string html = "<div class=\"result\"><p class=\"metric\">" + escape_html(headline.metric) +
                     "</p><p class=\"figure\">" +
                     format_value(headline.value->mean, headline.unit) + "</p>";
  std::string under;
  if (headline.value->deviation) {
    under = "± " + format_value(*headline.value->deviation, headline.unit) +
            " standard deviation over seeds";
  } else if (headline.standard_error) {
    under = "± " + format_value(*headline.standard_error, headline.unit) + " standard error";
  }
  if (headline.best_possible) {
    under += (under.empty() ? "" : " · ") + std::string("best possible ") +
             format_value(*headline.best_possible, headline.unit);
  }
  return html + (under.empty() ? "" : "<p class=\"under\">" + under + "</p>") + "</div>\n";
}

}  // namespace

std::string page_header(const RunReport& report) {
  const std::string title = report.title.empty() ? "Run" : escape_html(report.title);
  std::string html =
      "<header>\n<p class=\"brand\">Heddle <span>run report</span></p>\n<h1>" + title + "</h1>\n";
  if (!report.description.empty()) {
    html += "<p class=\"description\">" + escape_html(report.description) + "</p>\n";
  }
  html += std::string(threads) + "\n</header>\n";
  return html;
}

std::string result_section(const RunReport& report) {
  const ReportHeadline& headline = report.headline;
  std::string html;
  if (!report.notice.empty()) {
    html += "<p class=\"notice\" role=\"note\">" + escape_html(report.notice) + "</p>\n";
  }
  std::string body = headline_figure(headline);
  if (!headline.sentence.empty() || !headline.facts.empty()) {
    body += "<div class=\"context\">";
    if (!headline.sentence.empty()) {
      body += "<p class=\"sentence\">" + escape_html(headline.sentence) + "</p>";
    }
    if (!headline.facts.empty()) {
      body += "<dl class=\"facts\">\n";
      for (const ReportFact& fact : headline.facts) {
        body += definition(fact.name, escape_html(fact.value));
      }
      body += "</dl>";
    }
    body += "</div>\n";
  }
  if (!body.empty()) {
    html += "<section id=\"result\" class=\"headline\" aria-label=\"Result\">\n" + body +
            "</section>\n";
  }
  return html;
}

}  // namespace heddle::report
