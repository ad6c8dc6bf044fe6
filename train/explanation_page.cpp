#include "train/explanation_page.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "report/page.h"
#include "report/text.h"
#include "train/report_pictures.h"
#include "train/report_sections.h"
#include "train/sample_pictures.h"

namespace heddle {
namespace {

using report::coordinate;
using report::escape_html;
using report::format_fixed;

constexpr const char* style = R"css(
.explained{display:grid;gap:26px;margin-top:1.2em}
.explained article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:18px 20px;display:grid;gap:16px}
.explained header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1.4em;padding:0}
.explained .said{font-size:1.15rem}
.right .verdict{color:var(--right)}.wrong .verdict{color:var(--wrong)}
.verdict{display:inline-flex;align-items:center;gap:.35em;font-weight:650;font-size:.9rem}
.verdict svg{width:.95em;height:.95em;fill:none;stroke:currentColor;stroke-width:2.6}
.chip{display:inline-flex;align-items:center;gap:.4em}
.chip svg{width:.72em;height:.72em;flex:none}
.chip.text svg{fill:var(--text)}.chip.image svg{fill:var(--image)}.chip.audio svg{fill:var(--audio)}.chip.other svg{fill:var(--soft)}
.shares li{display:grid;grid-template-columns:minmax(90px,auto) minmax(0,1fr) 5em;gap:12px;align-items:center;font-size:.92rem}
.shares li>svg{width:100%;height:18px;display:block}
.shares .value{text-align:right}
.for{fill:var(--s0);background:rgb(var(--tint)/calc(var(--w)*.55))}
.against{fill:var(--s1);background:rgb(var(--wrong-tint)/calc(var(--w)*.55))}
.zero{stroke:var(--soft);stroke-width:1;vector-effect:non-scaling-stroke}
.words{font-family:var(--serif);font-size:1.18rem;line-height:1.7;margin:0}
.words span{padding:.1em .2em;border-radius:3px;border-bottom:3px solid rgb(var(--heat)/var(--a,0))}
.evidence{display:flex;flex-wrap:wrap;gap:20px 28px;align-items:flex-start}
.cells{position:relative;width:256px;max-width:100%}
.cells img,.frames img{display:block;width:100%;image-rendering:pixelated}
.cells>svg{position:absolute;inset:0;width:100%;height:100%}
.frames{flex:1 1 300px;min-width:0;max-width:520px}
.frames img{height:120px}
.frames>svg{display:block;width:100%;height:46px;margin-top:4px}
.evidence figcaption{font-size:.8rem;color:var(--soft);margin-top:4px}
.legend span{padding:.1em .4em;border-radius:3px;--w:1}
.subset-values{width:auto}
details summary{color:var(--soft)}
)css";

std::string signed_number(double value) { return (value > 0 ? "+" : "") + format_fixed(value, 3); }

double largest_size(const std::vector<double>& values) {
  double largest = 0.0;
  for (const double value : values) {
    largest = std::isfinite(value) ? std::max(largest, std::abs(value)) : largest;
  }
  return largest;
}

const char* side_of(double value) { return value >= 0 ? "for" : "against"; }

/// Bars to the left (against) and to the right (for) of a middle line.
std::string signed_bars(const std::vector<std::string>& names_html,
                        const std::vector<double>& values) {
  const double largest = std::max(largest_size(values), 1e-12);
  std::string html = "<ul class=\"shares\">";
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double length = 50.0 * std::abs(values[i]) / largest;
    html += "<li>" + names_html[i] +
            "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            "<rect class=\"" +
            side_of(values[i]) + "\" x=\"" + coordinate(values[i] >= 0 ? 50.0 : 50.0 - length) +
            "\" y=\"1\" width=\"" + coordinate(length) +
            "\" height=\"8\"/><path class=\"zero\" d=\"M50 0V10\"/></svg><span class=\"value\">" +
            signed_number(values[i]) + "</span></li>";
  }
  return html + "</ul>";
}

class Card {
 public:
  Card(const RunConfig& config, const Dataset& dataset, const std::vector<std::string>& modalities,
       const Explanation& explanation)
      : config_(config), dataset_(dataset), modalities_(modalities), explained_(explanation) {}

  std::string html() const {
    const bool judged = explained_.truth >= 0 && explained_.predicted >= 0;
    const bool right = explained_.truth == explained_.predicted;
    std::string body = std::string("<li") +
                       (!judged ? ""
                        : right ? " class=\"right\""
                                : " class=\"wrong\"") +
                       "><article><header><strong>" +
                       escape_html(dataset_.name_of_sample(explained_.sample)) + "</strong>" +
                       (judged ? report::verdict(right) : "") + "</header>" + said();
    body += "<div><p class=\"note\">What each modality adds to that, of " +
            format_fixed(explained_.subsets.front(), 3) +
            " without any (Shapley values; they add up)</p>" + shares() + "</div>";
    body += evidence() + subsets() + attention();
    return body + "</article></li>\n";
  }

 private:
  std::string class_name(std::int64_t index) const {
    return report::class_name(dataset_.class_names, index);
  }

  std::string said() const {
    std::string html = "<p class=\"said\">";
    if (explained_.predicted >= 0) {
      html += "<b>" + class_name(explained_.predicted) + "</b> with probability " +
              format_fixed(explained_.value, 3);
    } else {
      html += "score <b>" + format_fixed(explained_.value, 3) + "</b>";
    }
    if (explained_.truth >= 0) {
      html += "; truth: " + class_name(explained_.truth);
    }
    return html + "</p>";
  }

  std::string shares() const {
    std::vector<std::string> names;
    for (const std::string& name : modalities_) {
      names.push_back(report::modality_chip(name));
    }
    return signed_bars(names, explained_.shapley);
  }

  std::string evidence() const {
    std::string words;
    std::string figures;
    for (const PartEffects& part : explained_.parts) {
      const Modality& modality = dataset_.modality(part.modality);
      switch (part.kind) {
        case ModalityKind::tokens:
          words += words_of(modality, part);
          break;
        case ModalityKind::image:
          figures += cells_of(modality, part);
          break;
        case ModalityKind::sequence:
          figures += windows_of(modality, part);
          break;
        case ModalityKind::features:
          figures += features_of(part);
          break;
      }
    }
    return words + (figures.empty() ? "" : "<div class=\"evidence\">" + figures + "</div>");
  }

  std::string words_of(const Modality& modality, const PartEffects& part) const {
    const std::vector<std::string> words = modality.words(explained_.sample);
    const double largest = std::max(largest_size(part.effects), 1e-12);
    const double most = std::max(largest_size(explained_.time_weights), 1e-12);
    const bool attended = explained_.time_modality == part.modality;
    std::string html = "<p class=\"words\">";
    for (std::size_t i = 0; i < words.size() && i < part.effects.size(); ++i) {
      html += std::string("<span class=\"") + side_of(part.effects[i]) +
              "\" style=\"--w:" + coordinate(std::abs(part.effects[i]) / largest) +
              (attended ? ";--a:" + coordinate(explained_.time_weights[i] / most) : "") +
              "\" title=\"without it " + signed_number(-part.effects[i]) + ", gradient · input " +
              signed_number(part.gradients[i]) +
              (attended ? ", attention " + format_fixed(explained_.time_weights[i], 3) : "") +
              "\">" + escape_html(words[i]) + "</span> ";
    }
    return html + "</p>";
  }

  std::string cells_of(const Modality& modality, const PartEffects& part) const {
    const std::optional<ReportImage> image = image_of(modality, explained_.sample);
    if (!image) {
      return "";
    }
    const double largest = std::max(largest_size(part.effects), 1e-12);
    std::string html = "<figure><div class=\"cells\"><img alt=\"" + escape_html(part.modality) +
                       "\" src=\"" + report::image_source(*image) + "\"><svg viewBox=\"0 0 " +
                       std::to_string(image->width) + " " + std::to_string(image->height) +
                       "\" preserveAspectRatio=\"none\">";
    for (std::int64_t cell = 0; cell < part.rows * part.cols; ++cell) {
      const double effect = part.effects[static_cast<std::size_t>(cell)];
      html += std::string("<rect class=\"") + side_of(effect) + "\" x=\"" +
              std::to_string(cell % part.cols * part.step) + "\" y=\"" +
              std::to_string(cell / part.cols * part.step) + "\" width=\"" +
              std::to_string(part.step) + "\" height=\"" + std::to_string(part.step) +
              "\" fill-opacity=\"" + coordinate(0.7 * std::abs(effect) / largest) +
              "\"><title>without it " + signed_number(-effect) + ", gradient · input " +
              signed_number(part.gradients[static_cast<std::size_t>(cell)]) + "</title></rect>";
    }
    return html + "</svg></div><figcaption>" + report::modality_chip(part.modality) +
           " cells, largest effect " + format_fixed(largest, 3) + "</figcaption></figure>";
  }

  std::string windows_of(const Modality& modality, const PartEffects& part) const {
    const ReportSpectrogram frames = spectrogram_of(modality, explained_.sample, config_.data);
    if (frames.frames == 0) {
      return "";
    }
    const double largest = std::max(largest_size(part.effects), 1e-12);
    std::string html = "<figure class=\"frames\"><img alt=\"" + escape_html(part.modality) +
                       "\" src=\"" + report::spectrogram_source(frames) + "\"><svg viewBox=\"0 0 " +
                       std::to_string(frames.frames) +
                       " 40\" preserveAspectRatio=\"none\"><path class=\"zero\" d=\"M0 20H" +
                       std::to_string(frames.frames) + "\"/>";
    for (std::size_t i = 0; i < part.effects.size(); ++i) {
      const double height = 19.0 * std::abs(part.effects[i]) / largest;
      html += std::string("<rect class=\"") + side_of(part.effects[i]) + "\" x=\"" +
              std::to_string(static_cast<std::int64_t>(i) * part.step) + "\" y=\"" +
              coordinate(part.effects[i] >= 0 ? 20.0 - height : 20.0) + "\" width=\"" +
              std::to_string(part.step) + "\" height=\"" + coordinate(height) +
              "\"><title>without it " + signed_number(-part.effects[i]) + ", gradient · input " +
              signed_number(part.gradients[i]) + "</title></rect>";
    }
    return html + "</svg><figcaption>" + report::modality_chip(part.modality) +
           " windows, largest effect " + format_fixed(largest, 3) + "</figcaption></figure>";
  }

  static std::string features_of(const PartEffects& part) {
    std::vector<std::string> names;
    for (const std::int64_t feature : part.features) {
      names.push_back("<span>feature " + std::to_string(feature) + "</span>");
    }
    return "<figure class=\"frames\">" + signed_bars(names, part.effects) + "<figcaption>" +
           report::modality_chip(part.modality) +
           ": the features that change most</figcaption></figure>";
  }

  std::string subsets() const {
    std::string html =
        "<details><summary>With some modalities only</summary><table class=\"subset-values\">";
    for (std::size_t subset = 1; subset < explained_.subsets.size(); ++subset) {
      std::string names;
      for (std::size_t m = 0; m < modalities_.size(); ++m) {
        if ((subset >> m & 1u) != 0) {
          names += (names.empty() ? "" : " + ") + escape_html(modalities_[m]);
        }
      }
      html += "<tr><th scope=\"row\">" + names + "</th><td>" +
              format_fixed(explained_.subsets[subset], 3) + "</td></tr>";
    }
    return html + "</table></details>";
  }

  std::string attention() const {
    if (explained_.modality_weights.size() != modalities_.size()) {
      return "";
    }
    std::string html = "<p class=\"note\">Attention:";
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      html += " " + report::modality_chip(modalities_[m]) + " " +
              format_fixed(explained_.modality_weights[m], 2);
    }
    return html + "</p>";
  }

  const RunConfig& config_;
  const Dataset& dataset_;
  const std::vector<std::string>& modalities_;
  const Explanation& explained_;
};

}  // namespace

std::string explanation_page(const RunConfig& config, const Dataset& dataset,
                             const std::vector<std::string>& modalities,
                             const std::vector<Explanation>& explanations) {
  std::string cards;
  for (const Explanation& explanation : explanations) {
    cards += Card(config, dataset, modalities, explanation).html();
  }
  const std::string lead =
      "Each part was left out in turn and the model asked again. "
      "<span class=\"legend\"><span class=\"for\">blue</span> speaks for what the model said, "
      "<span class=\"against\">orange</span> against it</span>; the stronger, the more it changes. "
      "A line under a word is the attention paid to it. Leaving out one part at a time cannot show "
      "parts that stand in for each other.";
  const std::string inside =
      "<header><p class=\"brand\">Heddle <span>explanations</span></p><h1>" +
      escape_html(config.name) + "</h1><p class=\"description\">" +
      escape_html(config.description) + "</p></header><main>" +
      report::section("samples",
                      report::plural(static_cast<std::int64_t>(explanations.size()), "sample"),
                      lead, "<ul class=\"explained\">" + cards + "</ul>") +
      "</main>";
  return report::html_page(config.name + " · Heddle explanations", style, inside, "");
}

}  // namespace heddle
