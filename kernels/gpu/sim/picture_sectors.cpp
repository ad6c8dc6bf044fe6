#include <algorithm>
#include <utility>

#include "core/error.h"
#include "kernels/gpu/sim/picture_parts.h"

namespace heddle::sim {
namespace {

/// The sectors touched, in order, each with how many of its bytes are asked for.
std::vector<std::pair<std::uintptr_t, int>> sectors_with_use(const Request& request) {
  std::vector<std::uintptr_t> bytes;
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (std::uint32_t i = 0; takes_part(request, lane) && i < request.bytes; ++i) {
      bytes.push_back(request.address[lane] + i);
    }
  }
  std::sort(bytes.begin(), bytes.end());
  bytes.erase(std::unique(bytes.begin(), bytes.end()), bytes.end());
  std::vector<std::pair<std::uintptr_t, int>> sectors;
  for (const std::uintptr_t byte : bytes) {
    if (sectors.empty() || sectors.back().first != byte / 32) {
      sectors.emplace_back(byte / 32, 0);
    }
    ++sectors.back().second;
  }
  return sectors;
}

}  // namespace

Drawing draw_sectors(const Request& request) {
  const Sectors count = sectors_of(request);
  constexpr int row = 6;
  constexpr int rows = 32 * row;
  const auto sectors = sectors_with_use(request);
  int gaps = 0;
  for (std::size_t s = 1; s < sectors.size(); ++s) {
    gaps += sectors[s].first != sectors[s - 1].first + 1 ? 1 : 0;
  }
  const double gap = gaps > 0 ? std::min(6.0, 0.25 * drawing_width / gaps) : 0;
  const double width =
      std::min(40.0, (drawing_width - gaps * gap) / static_cast<double>(sectors.size()));
  std::vector<double> begin;  // of each sector, in pixels
  std::string svg;
  double x = drawing_left;
  for (std::size_t s = 0; s < sectors.size(); ++s) {
    x += s > 0 && sectors[s].first != sectors[s - 1].first + 1 ? gap : 0;
    begin.push_back(x);
    svg += box(x, drawing_top, width - 0.5, rows, sectors[s].second == 32 ? "#e4efe4" : "#f6dcd5");
    x += width;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    const double y = drawing_top + static_cast<double>(lane) * row;
    if (lane % 8 == 0 || lane == 31) {
      svg += label(drawing_left - 6, y + row, concat(lane == 0 ? "lane " : "", lane),
                   " text-anchor=\"end\" font-size=\"10\"");
    }
    if (!takes_part(request, lane)) {
      continue;
    }
    // A lane's bytes may lie in two sectors.
    std::uintptr_t byte = request.address[lane];
    const std::uintptr_t end = byte + request.bytes;
    while (byte < end) {
      const std::uintptr_t stop = std::min(end, (byte / 32 + 1) * 32);
      const auto found = std::lower_bound(sectors.begin(), sectors.end(), std::pair{byte / 32, 0});
      const double first = begin[static_cast<std::size_t>(found - sectors.begin())];
      svg += box(first + static_cast<double>(byte % 32) * width / 32, y,
                 std::max(1.0, static_cast<double>(stop - byte) * width / 32 - 0.5), row - 1,
                 colour(lane, 45));
      byte = stop;
    }
  }
  const int y = drawing_top + rows + 12;
  const double side = std::min(14.0, drawing_width / 2.0 / static_cast<double>(sectors.size()));
  const auto squares = [&](double at, const char* name, std::int64_t number_of, const char* fill) {
    svg += label(drawing_left - 6, at + 10, name, " text-anchor=\"end\" font-size=\"10\"");
    for (std::int64_t s = 0; s < number_of; ++s) {
      svg += box(drawing_left + static_cast<double>(s) * side, at, side - 1.5, 12, fill);
    }
    svg += label(drawing_left + static_cast<double>(number_of) * side + 6, at + 10,
                 concat(number_of, number_of == 1 ? " sector" : " sectors", " of 32 bytes"),
                 " font-size=\"11\"");
  };
  squares(y, "moved", count.touched, count.touched == count.ideal ? "#5f9a5f" : "#cf5f45");
  squares(y + 18, "ideal", count.ideal, "#5f9a5f");
  return {svg, y + 42, ""};
}

}  // namespace heddle::sim
