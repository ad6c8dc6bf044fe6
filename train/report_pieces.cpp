#include <algorithm>
#include <cctype>
#include <cmath>

#include "report/text.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

enum class Modality { text, image, audio, other };

Modality modality_of(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), lower) != names.end();
  };
  if (is({"text", "words", "language"})) {
    return Modality::text;
  }
  if (is({"image", "picture", "video", "vision", "visual"})) {
    return Modality::image;
  }
  return is({"audio", "sound", "speech", "acoustic"}) ? Modality::audio : Modality::other;
}

struct Mark {
  const char* style;
  const char* shape;
};

Mark mark_of(Modality modality) {
  switch (modality) {
    case Modality::text:
      return {"text", R"(<circle cx="6" cy="6" r="5"/>)"};
    case Modality::image:
      return {"image", R"(<rect x="1.5" y="1.5" width="9" height="9"/>)"};
    case Modality::audio:
      return {"audio", R"(<path d="M6 .8 11.6 11H.4z"/>)"};
    case Modality::other:
      break;
  }
  return {"other", R"(<path d="M6 0l6 6-6 6-6-6z"/>)"};
}

}  // namespace

std::string modality_chip(const std::string& name) {
  const Mark mark = mark_of(modality_of(name));
  std::string html = "<span class=\"chip ";
  html.append(mark.style).append("\"><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\">");
  return html.append(mark.shape).append("</svg>").append(escape_html(name)).append("</span>");
}

std::string meter(double value) {
  const double shown = std::isnan(value) ? 0.0 : std::clamp(value, 0.0, 1.0);
  return "<span class=\"meter\" aria-hidden=\"true\"><i style=\"width:" +
         coordinate(100.0 * shown) + "%\"></i></span>";
}

std::string verdict(bool right) {
  return right ? R"(<strong class="verdict"><svg viewBox="0 0 16 16" aria-hidden="true">)"
                 R"(<path d="M2.5 8.5l3.5 4 7.5-9"/></svg>right</strong>)"
               : R"(<strong class="verdict"><svg viewBox="0 0 16 16" aria-hidden="true">)"
                 R"(<path d="M3 3l10 10M13 3L3 13"/></svg>wrong</strong>)";
}

std::string class_name(const std::vector<std::string>& classes, std::int64_t index) {
  return index >= 0 && index < static_cast<std::int64_t>(classes.size())
             ? escape_html(classes[static_cast<std::size_t>(index)])
             : "class " + format_count(index);
}

}  // namespace heddle::report
