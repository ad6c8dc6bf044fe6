#include "kernels/gpu/sim/picture.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

#include "core/error.h"
#include "kernels/gpu/sim/picture_parts.h"

namespace heddle::sim {
namespace {

/// "64 sectors, 8 would do: 8.00 times as many".
std::string needed(std::int64_t cost, std::int64_t ideal, Space space) {
  const char* const what = space == Space::global ? " sector" : " pass";
  const char* const many = space == Space::global ? "s" : "es";
  const std::string count = concat(cost, what, cost == 1 ? "" : many);
  if (cost == ideal) {
    return count + ", none too many";
  }
  char times[32];
  std::snprintf(times, sizeof(times), "%.2f",
                static_cast<double>(cost) / static_cast<double>(ideal));
  return concat(count, ", ", ideal, " would do: ", times, " times as many");
}

/// Line `line` of a source file, without its indentation; empty where it cannot be read.
std::string source_text(const std::string& path, unsigned line) {
  std::ifstream file(path);
  if (!file) {
    const std::size_t below = path.rfind("kernels/gpu/");
    if (below == std::string::npos) {
      return {};
    }
    file = std::ifstream(path.substr(below));
  }
  std::string text;
  for (unsigned i = 0; i < line; ++i) {
    if (!std::getline(file, text)) {
      return {};
    }
  }
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

std::string figures_of(const LineAccess& access) {
  const Request& request = access.worst;
  const Sectors sectors = sectors_of(request);
  const Wavefronts wavefronts = wavefronts_of(request);
  int lanes = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    lanes += takes_part(request, lane) ? 1 : 0;
  }
  const bool is_global = access.space == Space::global;
  const std::int64_t cost = is_global ? sectors.touched : wavefronts.needed;
  const std::int64_t ideal = is_global ? sectors.ideal : wavefronts.ideal;
  return concat(is_global ? "global " : "shared ", access.reach == Reach::load ? "load" : "store",
                ", worst request of a warp: ", lanes, lanes == 1 ? " lane × " : " lanes × ",
                request.bytes, " bytes; ", needed(cost, ideal, access.space));
}

}  // namespace

const LineAccess* worst_line(const std::vector<LaunchProfile>& kernels, Space space) {
  const auto waste = [](const LineAccess& access) {
    return std::pair{access.cost - access.ideal, access.cost};
  };
  const LineAccess* worst = nullptr;
  for (const LaunchProfile& kernel : kernels) {
    for (const LineAccess& access : kernel.accesses) {
      if (access.space == space && (worst == nullptr || waste(access) > waste(*worst))) {
        worst = &access;
      }
    }
  }
  return worst;
}

std::string to_svg(const LineAccess& access, const std::string& title) {
  const bool is_global = access.space == Space::global;
  const Drawing drawing = is_global ? draw_sectors(access.worst) : draw_banks(access.worst);
  const std::string figures = figures_of(access) + drawing.note;
  const std::string of_line =
      concat("whole line: ", access.requests, access.requests == 1 ? " request; " : " requests; ",
             needed(access.cost, access.ideal, access.space));
  const std::string source = source_text(access.path, access.line);
  return concat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", picture_width, "\" height=\"",
      drawing.height, "\" viewBox=\"0 0 ", picture_width, " ", drawing.height,
      "\" font-family=\"system-ui,sans-serif\" font-size=\"12\" fill=\"#222\" role=\"img\">\n",
      "<title>", escaped(title), "; ", escaped(figures), "</title>\n",
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      label(12, 19, escaped(title), " font-size=\"14\" font-weight=\"bold\""),
      label(12, 36,
            concat(escaped(access.file), "<tspan class=\"line\">:", access.line, "</tspan>  ",
                   escaped(source)),
            " font-family=\"monospace\" font-size=\"11\" xml:space=\"preserve\""),
      label(12, 53, escaped(figures)), label(12, 70, escaped(of_line), " fill=\"#555\""),
      drawing.svg, "</svg>\n");
}

}  // namespace heddle::sim
