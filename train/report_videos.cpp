#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "core/error.h"
#include "report/text.h"
#include "train/report_pictures.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

// True and predicted score along the video, where the labels are graded.
std::string scores(const ReportVideo& video) {
  ReportSeries truth{"truth", {}, {}};
  ReportSeries predicted{"predicted", {}, {}};
  for (std::size_t i = 0; i < video.utterances.size(); ++i) {
    const ReportUtterance& utterance = video.utterances[i];
    if (utterance.score) {
      truth.x.push_back(static_cast<double>(i + 1));
      truth.y.push_back(*utterance.score);
    }
    if (utterance.predicted_score) {
      predicted.x.push_back(static_cast<double>(i + 1));
      predicted.y.push_back(*utterance.predicted_score);
    }
  }
  if (truth.x.size() < 2) {
    return "";
  }
  ReportChart chart;
  chart.title = "Score along the video";
  chart.x_label = "utterance";
  chart.series = {truth};
  if (!predicted.x.empty()) {
    chart.series.push_back(predicted);
  }
  return line_chart(chart);
}

std::string attention_map(const ReportVideo& video) {
  if (video.weights.empty()) {
    return "";
  }
  check(video.weights.size() == video.utterances.size(), "report: video ", video.id, " has ",
        video.weights.size(), " rows of attention for ", video.utterances.size(), " utterances");
  return "<figure class=\"attention\"><img class=\"crisp\" src=\"" +
         attention_source(video.weights) + "\" width=\"" +
         std::to_string(video.weights.front().size()) + "\" height=\"" +
         std::to_string(video.weights.size()) + "\" alt=\"Attention between the utterances of " +
         escape_html(video.id) +
         "\"><figcaption>Attention. Row: the utterance being judged; column: the utterance it "
         "looks at; brighter is more.</figcaption></figure>\n";
}

// "looks at 3 (41 %), 5 (20 %)": the two utterances with the largest weights.
std::string looks_at(const std::vector<double>& weights) {
  std::vector<std::size_t> order;
  order.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (std::isfinite(weights[i])) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
  std::string text;
  for (std::size_t rank = 0; rank < std::min<std::size_t>(order.size(), 2); ++rank) {
    text.append(rank == 0 ? "looks at " : ", ").append(std::to_string(order[rank] + 1));
    text.append(" (").append(format_percent(weights[order[rank]], 0)).append(")");
  }
  return text;
}

std::string row(const ReportVideo& video, std::size_t index,
                const std::vector<std::string>& classes) {
  const ReportUtterance& utterance = video.utterances[index];
  const bool judged = utterance.truth >= 0 && utterance.predicted >= 0;
  const bool right = utterance.truth == utterance.predicted;
  std::string html = std::string("<li class=\"utterance") +
                     (!judged ? ""
                      : right ? " right"
                              : " wrong") +
                     "\"><span class=\"number\">" + std::to_string(index + 1) +
                     "</span><span class=\"said\">" + escape_html(utterance.text) +
                     "</span><span class=\"told\">";
  if (utterance.predicted >= 0) {
    html += "<b>" + class_name(classes, utterance.predicted) + "</b>";
    const auto label = static_cast<std::size_t>(utterance.predicted);
    if (label < utterance.probabilities.size()) {
      html += " " + format_percent(utterance.probabilities[label], 0);
    }
  }
  if (utterance.truth >= 0) {
    html += " <small>truth " + class_name(classes, utterance.truth) +
            (utterance.score ? " (" + format_fixed(*utterance.score, 1) + ")" : "") + "</small>";
  }
  if (index < video.weights.size()) {
    html += " <small>" + looks_at(video.weights[index]) + "</small>";
  }
  html += "</span>";
  html += judged ? verdict(right) : "";
  if (!utterance.modality_weights.empty()) {
    html += "<ul class=\"bars\" aria-label=\"attention per modality\">";
    for (const ReportWeight& weight : utterance.modality_weights) {
      html += "<li>" + modality_chip(weight.name) + meter(weight.weight) +
              "<span class=\"value\">" + format_percent(weight.weight, 0) + "</span></li>";
    }
    html += "</ul>";
  }
  return html + "</li>\n";
}

std::string video_block(const ReportVideo& video, const std::vector<std::string>& classes,
                        bool open) {
  const auto right = std::count_if(
      video.utterances.begin(), video.utterances.end(),
      [](const ReportUtterance& u) { return u.truth >= 0 && u.truth == u.predicted; });
  std::string html = std::string("<details class=\"video\"") + (open ? " open" : "") +
                     "><summary><b>" + escape_html(video.id) + "</b> <span>" + format_count(right) +
                     " of " +
                     plural(static_cast<std::int64_t>(video.utterances.size()), "utterance") +
                     " right</span></summary>\n<div class=\"charts\">" + scores(video) +
                     attention_map(video) + "</div>\n<ol class=\"utterances\">\n";
  for (std::size_t i = 0; i < video.utterances.size(); ++i) {
    html += row(video, i, classes);
  }
  return html + "</ol></details>\n";
}

}  // namespace

std::string videos_section(const RunReport& report) {
  const ReportWall& wall = report.wall;
  if (wall.videos.empty()) {
    return "";
  }
  std::string body;
  for (std::size_t i = 0; i < wall.videos.size(); ++i) {
    body += video_block(wall.videos[i], wall.classes, i == 0);
  }
  return section("videos", "Videos, utterance by utterance",
                 "The model judges every utterance in the light of the others of its video; " +
                     escape_html(wall.split) + " split.",
                 body);
}

}  // namespace heddle::report
