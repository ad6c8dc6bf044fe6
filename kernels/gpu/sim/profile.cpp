#include "kernels/gpu/sim/profile.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <utility>

namespace heddle::sim {
namespace {

constexpr std::uintptr_t sector_bytes = 32;
constexpr std::uintptr_t bank_bytes = 4;
constexpr std::uintptr_t banks = 32;

/// Calls visit(first, end, lane) for the bytes of each lane that took part.
template <typename Visit>
void for_each_lane(const Request& request, Visit&& visit) {
  for (std::uint32_t lanes = request.lanes; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
    visit(request.address[lane], request.address[lane] + request.bytes, lane);
  }
}

std::int64_t pieces(std::int64_t bytes, std::uintptr_t piece) {
  const auto per = static_cast<std::int64_t>(piece);
  return (bytes + per - 1) / per;
}

/// Passes for lanes first … first + count − 1.
Wavefronts wavefronts_of_lanes(const Request& request, unsigned first, unsigned count) {
  std::array<std::set<std::uintptr_t>, banks> words;
  std::set<std::uintptr_t> all;
  for_each_lane(request, [&](std::uintptr_t begin, std::uintptr_t end, unsigned lane) {
    if (lane < first || lane >= first + count) {
      return;
    }
    for (std::uintptr_t word = begin / bank_bytes; word * bank_bytes < end; ++word) {
      words[word % banks].insert(word);
      all.insert(word);
    }
  });
  std::size_t most = 0;
  for (const std::set<std::uintptr_t>& bank : words) {
    most = std::max(most, bank.size());
  }
  return {static_cast<std::int64_t>(most), pieces(static_cast<std::int64_t>(all.size()), banks)};
}

std::string base_name(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

bool is_barrier(std::string_view word) { return word == "sync_threads" || word == "sync_grid"; }

}  // namespace

Sectors sectors_of(const Request& request) {
  std::set<std::uintptr_t> touched;
  std::set<std::uintptr_t> bytes;
  for_each_lane(request, [&](std::uintptr_t begin, std::uintptr_t end, unsigned /*lane*/) {
    for (std::uintptr_t byte = begin; byte < end; ++byte) {
      touched.insert(byte / sector_bytes);
      bytes.insert(byte);
    }
  });
  return {static_cast<std::int64_t>(touched.size()),
          pieces(static_cast<std::int64_t>(bytes.size()), sector_bytes)};
}

Wavefronts wavefronts_of(const Request& request) {
  const unsigned lanes = request.bytes <= 4 ? 32 : request.bytes <= 8 ? 16 : 8;
  Wavefronts sum;
  for (unsigned first = 0; first < 32; first += lanes) {
    const Wavefronts part = wavefronts_of_lanes(request, first, lanes);
    sum.needed += part.needed;
    sum.ideal += part.ideal;
  }
  return sum;
}

Profile::Kernel& Profile::current() { return kernels_[running_]; }

void Profile::begin_launch(const char* kernel, std::size_t blocks, std::size_t threads) {
  settle();
  const auto found = std::find_if(kernels_.begin(), kernels_.end(),
                                  [&](const Kernel& one) { return one.total.kernel == kernel; });
  running_ = static_cast<std::size_t>(found - kernels_.begin());
  if (found == kernels_.end()) {
    kernels_.emplace_back().total.kernel = kernel;
  }
  LaunchProfile& total = current().total;
  ++total.launches;
  total.blocks += static_cast<std::int64_t>(blocks);
  total.threads = static_cast<std::int64_t>(threads);
}

void Profile::access(const ThreadPlace& who, const Access& what) {
  Line& line = open_[{what.place.file, what.place.line, what.space, what.reach}];
  const std::uint64_t thread = std::uint64_t{who.block} << 10 | who.thread;
  Request& request = line.requests[{who.block, who.thread / 32, line.times[thread]++}];
  const unsigned lane = who.thread % 32;
  request.lanes |= 1u << lane;
  request.address[lane] = reinterpret_cast<std::uintptr_t>(what.address);
  request.bytes = std::max(request.bytes, static_cast<std::uint32_t>(what.bytes));
}

void Profile::word(const ThreadPlace& /*who*/, const char* word, Place place) {
  Kernel& kernel = current();
  ++kernel.words[{base_name(place.file), place.line, word}];
  if (std::strcmp(word, "mma bf16") == 0) {
    kernel.total.mma_operations += 2 * 16 * 8 * 16 / 32;
  } else if (std::strcmp(word, "mma tf32") == 0) {
    kernel.total.mma_operations += 2 * 16 * 8 * 8 / 32;
  }
}

/// Turns the requests of the launch that ended into figures of its lines.
void Profile::settle() {
  for (const auto& [key, line] : open_) {
    LineAccess& sum = current().lines[key];
    sum.file = base_name(key.file);
    sum.line = key.line;
    sum.space = key.space;
    sum.reach = key.reach;
    for (const auto& [place, request] : line.requests) {
      const Sectors sectors = sectors_of(request);
      const Wavefronts fronts = wavefronts_of(request);
      const bool is_global = key.space == Space::global;
      const std::int64_t cost = is_global ? sectors.touched : fronts.needed;
      const std::int64_t ideal = is_global ? sectors.ideal : fronts.ideal;
      const int lanes = std::popcount(request.lanes);
      if (cost - ideal > sum.worst_excess) {
        sum.worst_excess = cost - ideal;
        sum.worst = request;
      }
      ++sum.requests;
      sum.lanes += lanes;
      sum.bytes += std::int64_t{lanes} * request.bytes;
      sum.cost += cost;
      sum.ideal += ideal;
    }
  }
  open_.clear();
}

std::vector<LaunchProfile> Profile::kernels() {
  settle();
  std::vector<LaunchProfile> result;
  for (const Kernel& kernel : kernels_) {
    LaunchProfile profile = kernel.total;
    for (const auto& [key, line] : kernel.lines) {
      profile.accesses.push_back(line);
    }
    std::stable_sort(profile.accesses.begin(), profile.accesses.end(),
                     [](const LineAccess& left, const LineAccess& right) {
                       return std::tie(left.file, left.line, left.space, left.reach) <
                              std::tie(right.file, right.line, right.space, right.reach);
                     });
    for (const auto& [key, lanes] : kernel.words) {
      const auto& [file, line, word] = key;
      const std::int64_t per = is_barrier(word) ? std::max<std::int64_t>(profile.threads, 1) : 32;
      profile.words.push_back({file, line, word, (lanes + per - 1) / per});
    }
    result.push_back(std::move(profile));
  }
  return result;
}

}  // namespace heddle::sim
