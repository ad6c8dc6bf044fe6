#include <algorithm>
#include <bit>
#include <string>

#include "core/error.h"
#include "kernels/gpu/sim/profile.h"

namespace heddle::sim {
namespace {

constexpr int cell = 7;  // pixels

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// A colour for each lane, so that neighbours look alike.
std::string colour(unsigned lane) { return concat("hsl(", lane * 11, " 65% 52%)"); }

std::string rectangle(int x, int y, int width, unsigned lane) {
  return concat("<rect x=\"", x, "\" y=\"", y, "\" width=\"", width, "\" height=\"", cell - 1,
                "\" fill=\"", colour(lane), "\"><title>lane ", lane, "</title></rect>");
}

/// Rows are lanes, columns addresses in words of 4 bytes from the lowest on; sectors are ruled.
/// Long gaps are closed up, which a break in the ruling shows.
std::string global_picture(const Request& request) {
  std::vector<std::uintptr_t> sectors;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((request.lanes >> lane & 1u) != 0) {
      for (std::uintptr_t s = request.address[lane] / 32;
           s * 32 < request.address[lane] + request.bytes; ++s) {
        sectors.push_back(s);
      }
    }
  }
  std::sort(sectors.begin(), sectors.end());
  sectors.erase(std::unique(sectors.begin(), sectors.end()), sectors.end());
  const auto width = static_cast<int>(sectors.size()) * 8 * cell;
  std::string svg = concat("<svg width=\"", width + 2, "\" height=\"", 32 * cell + 2, "\">");
  for (std::size_t s = 0; s < sectors.size(); ++s) {
    const int x = static_cast<int>(s) * 8 * cell;
    const bool follows = s > 0 && sectors[s] == sectors[s - 1] + 1;
    svg += concat("<rect x=\"", x, "\" y=\"0\" width=\"", 8 * cell, "\" height=\"", 32 * cell,
                  "\" class=\"", follows || s == 0 ? "sector" : "sector jump", "\"/>");
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((request.lanes >> lane & 1u) == 0) {
      continue;
    }
    const std::uintptr_t first = request.address[lane];
    const auto found = std::lower_bound(sectors.begin(), sectors.end(), first / 32);
    const auto column = static_cast<int>(found - sectors.begin()) * 8 * cell +
                        static_cast<int>(first % 32) * cell / 4;
    svg += rectangle(column, static_cast<int>(lane) * cell,
                     std::max(2, static_cast<int>(request.bytes) * cell / 4 - 1), lane);
  }
  return svg + "</svg>";
}

/// Columns are the 32 banks; the words asked of a bank stand on top of each other, in the order of
/// lanes: the height is the number of passes.
std::string shared_picture(const Request& request) {
  std::array<std::vector<std::pair<std::uintptr_t, unsigned>>, 32> of_bank;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((request.lanes >> lane & 1u) == 0) {
      continue;
    }
    for (std::uintptr_t word = request.address[lane] / 4;
         word * 4 < request.address[lane] + request.bytes; ++word) {
      auto& bank = of_bank[word % 32];
      if (std::none_of(bank.begin(), bank.end(),
                       [&](const auto& known) { return known.first == word; })) {
        bank.emplace_back(word, lane);
      }
    }
  }
  std::size_t height = 1;
  for (const auto& bank : of_bank) {
    height = std::max(height, bank.size());
  }
  std::string svg = concat("<svg width=\"", 32 * cell + 2, "\" height=\"",
                           static_cast<int>(height) * cell + 2, "\">");
  for (int bank = 0; bank < 32; ++bank) {
    svg += concat("<rect x=\"", bank * cell, "\" y=\"0\" width=\"", cell, "\" height=\"",
                  static_cast<int>(height) * cell, "\" class=\"sector\"/>");
    int y = 0;
    for (const auto& [word, lane] : of_bank[static_cast<std::size_t>(bank)]) {
      svg += rectangle(bank * cell, y, cell - 1, lane);
      y += cell;
    }
  }
  return svg + "</svg>";
}

std::string section(const LineAccess& access) {
  const bool is_global = access.space == Space::global;
  return concat(
      "<h3>", escaped(access.file), ':', access.line, ", ", is_global ? "global " : "shared ",
      access.reach == Reach::load ? "load" : "store", "</h3><p>", access.requests,
      " requests, on average ",
      static_cast<double>(access.lanes) /
          static_cast<double>(std::max<std::int64_t>(1, access.requests)),
      " lanes; ", access.cost, is_global ? " sectors" : " passes", " where ", access.ideal,
      " would do. Below: the request that costs most above its ideal.</p><div class=\"picture\">",
      is_global ? global_picture(access.worst) : shared_picture(access.worst), "</div>");
}

}  // namespace

std::string to_html(const std::vector<LaunchProfile>& kernels, const std::string& title) {
  std::string page = concat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>",
      escaped(title),
      "</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem "
      "auto;padding:0 "
      "1rem;color:#222;background:#fff}pre{overflow:auto;background:#f5f5f5;padding:1rem;font-size:"
      "13px}"
      ".picture{overflow:auto}.sector{fill:none;stroke:#ccc}.jump{stroke:#c33}"
      "@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#262626}"
      ".sector{stroke:#444}}</style></head><body><h1>",
      escaped(title),
      "</h1><p>Counted by running the kernel on the host, thread by thread. Pictures of global "
      "memory: "
      "rows are the lanes of a warp, columns addresses; each frame is a sector of 32 bytes, a red "
      "frame "
      "begins after a gap. Pictures of shared memory: columns are its 32 banks, and words of the "
      "same "
      "bank stand on top of each other, one pass each.</p>");
  page += concat("<pre>", escaped(to_text(kernels)), "</pre>");
  for (const LaunchProfile& kernel : kernels) {
    page += concat("<h2>", escaped(kernel.kernel), "</h2>");
    for (const LineAccess& access : kernel.accesses) {
      page += section(access);
    }
  }
  return page + "</body></html>\n";
}

}  // namespace heddle::sim
