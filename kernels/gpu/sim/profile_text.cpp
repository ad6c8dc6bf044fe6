#include <cstdio>
#include <string>

#include "core/error.h"
#include "kernels/gpu/sim/profile.h"

namespace heddle::sim {
namespace {

std::string padded(const std::string& text, std::size_t width, bool right = true) {
  const std::string space(text.size() < width ? width - text.size() : 0, ' ');
  return right ? space + text : text + space;
}

std::string ratio(std::int64_t part, std::int64_t whole) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f",
                whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

std::string row(const std::string& place, const std::string& what, const std::string& requests,
                const std::string& lanes, const std::string& bytes, const std::string& cost,
                const std::string& ideal, const std::string& times) {
  return "  " + padded(place, 34, false) + padded(what, 14, false) + padded(requests, 10) +
         padded(lanes, 8) + padded(bytes, 12) + padded(cost, 12) + padded(ideal, 10) +
         padded(times, 8) + "\n";
}

std::string row_of(const LineAccess& access) {
  const bool is_global = access.space == Space::global;
  return row(
      concat(access.file, ':', access.line),
      concat(is_global ? "global " : "shared ", access.reach == Reach::load ? "load" : "store"),
      std::to_string(access.requests), ratio(access.lanes, access.requests),
      std::to_string(access.bytes), std::to_string(access.cost), std::to_string(access.ideal),
      ratio(access.cost, access.ideal));
}

}  // namespace

std::string to_text(const std::vector<LaunchProfile>& kernels) {
  std::string text;
  for (const LaunchProfile& kernel : kernels) {
    text += concat(kernel.kernel, ": ", kernel.launches,
                   kernel.launches == 1 ? " launch, " : " launches, ", kernel.blocks,
                   kernel.blocks == 1 ? " block of " : " blocks of ", kernel.threads, " threads\n");
    std::int64_t loaded = 0;
    std::int64_t stored = 0;
    text += row("line", "access", "requests", "lanes", "bytes", "sectors", "ideal", "times");
    for (const LineAccess& access : kernel.accesses) {
      text += row_of(access);
      if (access.space == Space::global) {
        (access.reach == Reach::load ? loaded : stored) += access.bytes;
      }
    }
    for (const LineWord& word : kernel.words) {
      text += row(concat(word.file, ':', word.line), word.word, std::to_string(word.calls), "", "",
                  "", "", "");
    }
    std::int64_t operations = 0;
    for (const LineOperations& line : kernel.operations) {
      text += row(concat(line.file, ':', line.line), "operations", std::to_string(line.operations),
                  "", "", "", "", "");
      operations += line.operations;
    }
    text += concat("  global memory: ", loaded, " bytes loaded, ", stored, " bytes stored\n");
    if (operations > 0) {
      text += concat("  floating-point operations: ", operations);
      text += kernel.mma_operations > 0
                  ? concat(", of them on tensor cores ", kernel.mma_operations, "\n")
                  : "\n";
    }
    text += "\n";
  }
  text +=
      "lanes: how many of 32 take part, on average (32 without divergence). sectors: of 32 bytes "
      "in\n"
      "global memory; in shared memory, passes through its 32 banks. ideal: as few as the bytes "
      "need.\n"
      "operations: + − · / of floating-point numbers, an exponential and its like are one each, a\n"
      "multiply-add two; comparisons, the larger of two, signs and conversions are none.\n";
  return text;
}

}  // namespace heddle::sim
