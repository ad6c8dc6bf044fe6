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

void add_request(LineAccess& sum, const Request& request) {
  const bool is_global = sum.space == Space::global;
  const Sectors sectors = is_global ? sectors_of(request) : Sectors{};
  const Wavefronts fronts = is_global ? Wavefronts{} : wavefronts_of(request);
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

bool is_barrier(std::string_view word) {
  return word == "sync_threads" || word == "sync_cluster" || word == "sync_grid";
}

/// Floating-point operations of one thread in a word of the tensor cores; 0 for other words.
int operations_of_word(std::string_view word) {
  struct Product {
    std::string_view word;
    int rows, cols, depth, threads;
  };
  for (const Product& product : {Product{"mma bf16", 16, 8, 16, 32},
                                 {"mma tf32", 16, 8, 8, 32},
                                 {"wgmma bf16 n128", 64, 128, 16, 128},
                                 {"wgmma bf16 n256", 64, 256, 16, 128},
                                 {"wgmma tf32 n128", 64, 128, 8, 128},
                                 {"wgmma tf32 n256", 64, 256, 8, 128}}) {
    if (word == product.word) {
      return 2 * product.rows * product.cols * product.depth / product.threads;
    }
  }
  return 0;
}

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

unsigned lanes_of_a_pass(const Request& request) {
  return request.bytes <= 4 ? 32 : request.bytes <= 8 ? 16 : 8;
}

Wavefronts wavefronts_of(const Request& request) {
  const unsigned lanes = lanes_of_a_pass(request);
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
  const LineKey& key =
      *keys_.insert({what.place.file, what.place.line, what.space, what.reach}).first;
  open_[{who.block, who.thread / 32}].push_back(
      {&key, reinterpret_cast<std::uintptr_t>(what.address), static_cast<std::uint32_t>(what.bytes),
       who.thread % 32});
}

void Profile::operations(const ThreadPlace& /*who*/, int count, Place place) {
  current().operations[{place.file, place.line}] += count;
}

void Profile::word(const ThreadPlace& who, const char* word, Place place) {
  Kernel& kernel = current();
  ++kernel.words[{base_name(place.file), place.line, word}];
  const int mma_operations = operations_of_word(word);
  if (mma_operations > 0) {
    kernel.total.mma_operations += mma_operations;
    operations(who, mma_operations, place);
  }
}

/// The lines that all lanes of a warp come to together: equally often, and with the same number of
/// visits before to the one of them that is visited most.
std::set<const Profile::LineKey*> Profile::common_lines(const std::vector<Visit>& visits) {
  std::map<const LineKey*, std::array<std::uint32_t, 32>> times;
  std::uint32_t active = 0;
  for (const Visit& visit : visits) {
    ++times[visit.line][visit.lane];
    active |= 1u << visit.lane;
  }
  std::set<const LineKey*> common;
  const LineKey* clock = nullptr;
  const auto a_lane = static_cast<unsigned>(std::countr_zero(active));
  for (const auto& [line, of_lane] : times) {
    bool is_common = true;
    for (unsigned lane = 0; lane < 32; ++lane) {
      is_common &= (active >> lane & 1u) == 0 || of_lane[lane] == of_lane[a_lane];
    }
    if (!is_common) {
      continue;
    }
    common.insert(line);
    const std::uint32_t most = clock == nullptr ? 0 : times[clock][a_lane];
    if (of_lane[a_lane] > most || (of_lane[a_lane] == most && *line < *clock)) {
      clock = line;
    }
  }
  std::map<const LineKey*, std::vector<std::uint32_t>> ticks;  // of the clock, at each visit
  std::map<const LineKey*, std::array<std::uint32_t, 32>> seen;
  std::array<std::uint32_t, 32> now{};
  for (const Visit& visit : visits) {
    if (visit.line == clock) {
      ++now[visit.lane];
    } else if (common.contains(visit.line)) {
      std::vector<std::uint32_t>& expected = ticks[visit.line];
      const std::uint32_t time = seen[visit.line][visit.lane]++;
      if (time == expected.size()) {
        expected.push_back(now[visit.lane]);
      } else if (expected[time] != now[visit.lane]) {
        common.erase(visit.line);
      }
    }
  }
  return common;
}

/// Groups what the lanes of a warp did, in the order of each lane, into requests, and adds them to
/// the figures of their lines.
void Profile::settle_warp(const std::vector<Visit>& visits) {
  struct LaneAtLine {
    std::uint32_t visits = 0;
    std::uint32_t tick = 0;     // of the lane's clock at the last visit
    std::uint32_t in_tick = 0;  // how many visits there have been since that tick
  };
  std::map<const LineKey*, std::array<LaneAtLine, 32>> lanes_at;
  const std::set<const LineKey*> common = common_lines(visits);
  std::map<std::tuple<const LineKey*, std::uint32_t, std::uint32_t>, Request> requests;
  std::array<std::uint32_t, 32> clock{};
  for (const Visit& visit : visits) {
    LaneAtLine& lane = lanes_at[visit.line][visit.lane];
    if (common.contains(visit.line)) {
      lane.tick = lane.visits;
      ++clock[visit.lane];
    } else {
      const std::uint32_t now = clock[visit.lane];
      lane.in_tick = lane.visits > 0 && lane.tick == now ? lane.in_tick + 1 : 0;
      lane.tick = now;
    }
    ++lane.visits;
    Request& request = requests[{visit.line, lane.tick, lane.in_tick}];
    request.lanes |= 1u << visit.lane;
    request.address[visit.lane] = visit.address;
    request.bytes = std::max(request.bytes, visit.bytes);
  }
  for (const auto& [when, request] : requests) {
    const LineKey& key = *std::get<0>(when);
    LineAccess& sum = current().lines[key];
    sum.file = base_name(key.file);
    sum.path = key.file;
    sum.line = key.line;
    sum.space = key.space;
    sum.reach = key.reach;
    add_request(sum, request);
  }
}

/// Turns what the launch that ended did into figures of its lines.
void Profile::settle() {
  for (const auto& [warp, visits] : open_) {
    settle_warp(visits);
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
    std::map<std::pair<std::string, unsigned>, std::int64_t> operations;
    for (const auto& [key, count] : kernel.operations) {
      operations[{base_name(key.first), key.second}] += count;
    }
    for (const auto& [key, count] : operations) {
      profile.operations.push_back({key.first, key.second, count});
    }
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
