#include <algorithm>
#include <string>

#include "core/error.h"
#include "kernels/gpu/sim/picture.h"
#include "kernels/gpu/sim/picture_parts.h"

namespace heddle::sim {
namespace {

std::string section(const LineAccess& access, const std::string& kernel) {
  const bool is_global = access.space == Space::global;
  return concat("<h3>", escaped(access.file), ':', access.line, ", ",
                is_global ? "global " : "shared ", access.reach == Reach::load ? "load" : "store",
                "</h3><p>", access.requests, " requests, on average ",
                static_cast<double>(access.lanes) /
                    static_cast<double>(std::max<std::int64_t>(1, access.requests)),
                " lanes; ", access.cost, is_global ? " sectors" : " passes", " where ",
                access.ideal, " would do.</p><div class=\"picture\">", to_svg(access, kernel),
                "</div>");
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
      ".picture{overflow:auto}"
      "@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#262626}"
      "}"
      "</style></head><body><h1>",
      escaped(title),
      "</h1><p>Counted by running the kernel on the host, thread by thread. Each picture is the "
      "request of a warp that costs most above its ideal. Global memory: rows are the lanes of the "
      "warp, columns addresses, each strip a sector of 32 bytes (red: not all of it is asked for). "
      "Shared memory: columns are its 32 banks; words of the same bank go in passes after each "
      "other; a number is the lane that asks, with + where others ask for the same word.</p>");
  page += concat("<pre>", escaped(to_text(kernels)), "</pre>");
  for (const LaunchProfile& kernel : kernels) {
    page += concat("<h2>", escaped(kernel.kernel), "</h2>");
    for (const LineAccess& access : kernel.accesses) {
      page += section(access, kernel.kernel);
    }
  }
  return page + "</body></html>\n";
}

}  // namespace heddle::sim
