#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "kernels/gpu/sim/picture_parts.h"

namespace heddle::sim {
namespace {

/// The words of 4 bytes that lanes `first` … `first + count − 1` ask of each bank, with the lanes
/// that share them.
struct BankWord {
  std::uintptr_t word;
  std::vector<unsigned> lanes;
};
std::array<std::vector<BankWord>, 32> words_by_bank(const Request& request, unsigned first,
                                                    unsigned count) {
  std::array<std::vector<BankWord>, 32> banks;
  for (unsigned lane = first; lane < first + count; ++lane) {
    if (!takes_part(request, lane)) {
      continue;
    }
    for (std::uintptr_t word = request.address[lane] / 4;
         word * 4 < request.address[lane] + request.bytes; ++word) {
      std::vector<BankWord>& bank = banks[word % 32];
      const auto found = std::find_if(bank.begin(), bank.end(),
                                      [&](const BankWord& known) { return known.word == word; });
      if (found == bank.end()) {
        bank.push_back({word, {lane}});
      } else {
        found->lanes.push_back(lane);
      }
    }
  }
  return banks;
}

}  // namespace

Drawing draw_banks(const Request& request) {
  constexpr int cell = drawing_width / 32;
  constexpr int row = 14;
  std::string boxes;
  std::string lanes;
  std::string labels;
  const unsigned together = lanes_of_a_pass(request);
  int y = drawing_top + 14;
  int pass = 0;
  std::size_t degree = 0;
  for (int bank = 0; bank < 32; ++bank) {
    if (bank % 4 == 0 || bank == 31) {
      labels += label(drawing_left + bank * cell + cell / 2.0, drawing_top + 9,
                      concat(bank == 0 ? "bank " : "", bank), " text-anchor=\"middle\"");
    }
  }
  for (unsigned first = 0; first < 32; first += together) {
    const auto banks = words_by_bank(request, first, together);
    std::size_t passes = 0;
    for (const std::vector<BankWord>& bank : banks) {
      passes = std::max(passes, bank.size());
    }
    if (passes == 0) {
      continue;
    }
    degree = std::max(degree, passes);
    boxes += box(drawing_left, y, 32 * cell, static_cast<int>(passes) * row, "#f1f1f1");
    for (std::size_t p = 0; p < passes; ++p) {
      labels +=
          label(drawing_left - 6, y + row - 3, concat("pass ", ++pass), " text-anchor=\"end\"");
      for (int bank = 0; bank < 32; ++bank) {
        const auto& words = banks[static_cast<std::size_t>(bank)];
        if (p >= words.size()) {
          continue;
        }
        const std::vector<unsigned>& by = words[p].lanes;
        const std::string shared_by = by.size() > 1 ? "+" : "";
        boxes += box(drawing_left + bank * cell, y, cell - 1, row - 1, colour(by.front(), 80));
        lanes += label(drawing_left + bank * cell + (cell - 1) / 2.0, y + row - 4,
                       concat(by.front(), shared_by));
      }
      y += row;
    }
    y += 4;
  }
  return {concat(boxes, "<g font-size=\"9\" text-anchor=\"middle\">\n", lanes,
                 "</g>\n<g font-size=\"10\">\n", labels, "</g>\n"),
          y + 12, degree > 1 ? concat("; a ", degree, "-way bank conflict") : "; no bank conflict"};
}

}  // namespace heddle::sim
