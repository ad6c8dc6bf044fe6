#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "report/text.h"
#include "train/report_pictures.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

std::string picture(const ReportSample& sample) {
  const ReportImage& image = *sample.image;
  const std::string size = format_count(image.width) + " × " + format_count(image.height);
  const std::string alt = sample.image_description.empty() ? "Picture of " + escape_html(sample.id)
                                                           : escape_html(sample.image_description);
  return "<figure class=\"picture\"><img class=\"" +
         std::string(std::max(image.width, image.height) <= 112 ? "crisp" : "smooth") +
         "\" src=\"" + image_source(image) + "\" alt=\"" + alt + "\" width=\"" +
         std::to_string(image.width) + "\" height=\"" + std::to_string(image.height) +
         "\"><figcaption>picture, " + size + "</figcaption></figure>";
}

std::string hertz(double value) {
  return value >= 1000.0 ? format_number(value / 1000.0, 2) + " kHz"
                         : format_number(value, 3) + " Hz";
}

std::string sound(const ReportSample& sample) {
  const ReportSpectrogram& spectrogram = *sample.spectrogram;
  std::string caption = "sound";
  if (spectrogram.seconds) {
    caption += ", " + format_number(*spectrogram.seconds, 2) + " s";
  }
  if (spectrogram.lowest_hertz && spectrogram.highest_hertz) {
    caption += ", " + hertz(*spectrogram.lowest_hertz) + " – " + hertz(*spectrogram.highest_hertz);
  }
  return "<figure class=\"spectrogram\"><img class=\"crisp\" src=\"" +
         spectrogram_source(spectrogram) + "\" alt=\"Spectrogram of " + escape_html(sample.id) +
         "\" width=\"" + std::to_string(spectrogram.frames) + "\" height=\"" +
         std::to_string(spectrogram.bins) + "\"><figcaption>" + caption + "</figcaption></figure>";
}

// Words shaded by their weight relative to the largest one of the sentence.
std::string words(const std::vector<ReportWord>& sentence) {
  double largest = 0.0;
  for (const ReportWord& word : sentence) {
    largest =
        word.weight && std::isfinite(*word.weight) ? std::max(largest, *word.weight) : largest;
  }
  std::string html = "<p class=\"words\">";
  for (const ReportWord& word : sentence) {
    const double shade =
        word.weight && std::isfinite(*word.weight) && largest > 0.0 ? *word.weight / largest : 0.0;
    html += "<span style=\"--w:" + coordinate(std::max(0.0, shade)) + "\"";
    if (word.weight) {
      html += " title=\"attention " + format_percent(*word.weight, 0) + "\"";
    }
    html.append(">").append(escape_html(word.text)).append("</span> ");
  }
  return html + "</p>";
}

std::string bars(const std::vector<ReportWeight>& weights) {
  std::string html = "<ul class=\"bars\" aria-label=\"attention per modality\">";
  for (const ReportWeight& weight : weights) {
    html += "<li>" + modality_chip(weight.name) + meter(weight.weight) + "<span class=\"value\">" +
            format_percent(weight.weight, 0) + "</span></li>";
  }
  return html + "</ul>";
}

double probability_of(const ReportSample& sample, std::int64_t label) {
  return label >= 0 && label < static_cast<std::int64_t>(sample.probabilities.size())
             ? sample.probabilities[static_cast<std::size_t>(label)]
             : std::numeric_limits<double>::quiet_NaN();
}

// The most probable classes, where there are more than two (of two, one figure says all).
std::string class_bars(const ReportSample& sample, const std::vector<std::string>& classes) {
  if (sample.probabilities.size() <= 2) {
    return "";
  }
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < sample.probabilities.size(); ++i) {
    order.push_back(static_cast<std::int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const double left = probability_of(sample, a);
    const double right = probability_of(sample, b);
    return (std::isnan(left) ? -1.0 : left) > (std::isnan(right) ? -1.0 : right);
  });
  order.resize(std::min<std::size_t>(order.size(), 4));
  std::string html = "<ul class=\"bars\" aria-label=\"most probable classes\">";
  for (const std::int64_t label : order) {
    html += "<li><span class=\"chip\">" + class_name(classes, label) + "</span>" +
            meter(probability_of(sample, label)) + "<span class=\"value\">" +
            format_percent(probability_of(sample, label), 0) + "</span></li>";
  }
  return html + "</ul>";
}

std::string answer(const ReportSample& sample, const std::vector<std::string>& classes) {
  std::string html = "<dl class=\"answer\">";
  if (sample.predicted >= 0) {
    const double probability = probability_of(sample, sample.predicted);
    html += "<div><dt>predicted</dt><dd>" + class_name(classes, sample.predicted) +
            (std::isnan(probability) ? "" : " <small>" + format_percent(probability) + "</small>") +
            "</dd></div>";
  }
  if (sample.truth >= 0) {
    html += "<div><dt>truth</dt><dd>" + class_name(classes, sample.truth) + "</dd></div>";
  }
  return html + "</dl>";
}

std::string card(const ReportSample& sample, const std::vector<std::string>& classes) {
  const bool judged = sample.truth >= 0 && sample.predicted >= 0;
  const bool right = sample.truth == sample.predicted;
  std::string html = std::string("<li class=\"sample") +
                     (!judged ? ""
                      : right ? " right"
                              : " wrong") +
                     "\"><article><header><span class=\"name\">" + escape_html(sample.id) +
                     "</span>" + (judged ? verdict(right) : "") + "</header>";
  if (sample.image || sample.spectrogram) {
    html += "<div class=\"media\">";
    html += sample.image ? picture(sample) : "";
    html += sample.spectrogram ? sound(sample) : "";
    html += "</div>";
  }
  html += sample.words.empty() ? "" : words(sample.words);
  html += answer(sample, classes) + class_bars(sample, classes);
  html += sample.modality_weights.empty() ? "" : bars(sample.modality_weights);
  if (!sample.facts.empty()) {
    html += "<p class=\"cues\">";
    for (const ReportFact& fact : sample.facts) {
      html += "<span>" + escape_html(fact.name) + " <b>" + escape_html(fact.value) + "</b></span> ";
    }
    html += "</p>";
  }
  return html + "</article></li>\n";
}

bool shaded(const std::vector<ReportSample>& samples) {
  return std::any_of(samples.begin(), samples.end(), [](const ReportSample& sample) {
    return std::any_of(sample.words.begin(), sample.words.end(),
                       [](const ReportWord& word) { return word.weight.has_value(); });
  });
}

}  // namespace

std::string samples_section(const RunReport& report) {
  const ReportWall& wall = report.wall;
  if (wall.samples.empty()) {
    return "";
  }
  const auto wrong =
      std::count_if(wall.samples.begin(), wall.samples.end(), [](const ReportSample& s) {
        return s.truth >= 0 && s.predicted >= 0 && s.truth != s.predicted;
      });
  std::string lead = plural(static_cast<std::int64_t>(wall.samples.size()), "sample") + " of the " +
                     escape_html(wall.split) + " split, as the model saw them.";
  if (shaded(wall.samples)) {
    lead += " The stronger a word is shaded, the more attention the model paid to it.";
  }
  std::string body;
  if (wrong > 0) {
    body += "<input type=\"checkbox\" id=\"only-wrong\"><label for=\"only-wrong\">Show only the " +
            format_count(wrong) + " wrong</label>\n";
  }
  body += "<ul class=\"wall\">\n";
  for (const ReportSample& sample : wall.samples) {
    body += card(sample, wall.classes);
  }
  return section("samples", "A wall of samples", lead, body + "</ul>\n");
}

}  // namespace heddle::report
