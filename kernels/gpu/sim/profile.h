#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "kernels/gpu/sim/recorder.h"

namespace heddle::sim {

/// The accesses of one warp's instruction, lane by lane: what the figures of a line are made of.
struct Request {
  std::uint32_t lanes = 0;                   // which took part
  std::array<std::uintptr_t, 32> address{};  // of each of them
  std::uint32_t bytes = 0;                   // per lane
};

/// Sectors of 32 bytes a request touches in global memory, and how few would do for its bytes.
struct Sectors {
  std::int64_t touched = 0;
  std::int64_t ideal = 0;
};
Sectors sectors_of(const Request& request);

/// Passes through the 32 banks (4 bytes wide) of shared memory that a request needs, and how few
/// would do. Accesses of 8 and 16 bytes go in halves and quarters of a warp, as on NVIDIA GPUs
/// since Maxwell.
struct Wavefronts {
  std::int64_t needed = 0;
  std::int64_t ideal = 0;
};
Wavefronts wavefronts_of(const Request& request);

/// One line of a kernel that reaches memory.
struct LineAccess {
  std::string file;
  unsigned line = 0;
  Space space = Space::global;
  Reach reach = Reach::load;
  std::int64_t requests = 0;  // of warps
  std::int64_t lanes = 0;  // that took part, summed over requests; 32 · requests without divergence
  std::int64_t bytes = 0;  // asked for
  std::int64_t cost = 0;   // sectors, or wavefronts
  std::int64_t ideal = 0;
  Request worst;  // the one with most sectors (wavefronts) above its ideal
  std::int64_t worst_excess = -1;
};

/// One line that holds a barrier or a word of a warp.
struct LineWord {
  std::string file;
  unsigned line = 0;
  std::string word;
  std::int64_t calls = 0;  // of warps (lanes / 32, rounded up); barriers: of blocks
};

struct LaunchProfile {
  std::string kernel;
  std::int64_t launches = 0;
  std::int64_t blocks = 0;           // summed over launches
  std::int64_t threads = 0;          // of a block
  std::vector<LineAccess> accesses;  // by file, line
  std::vector<LineWord> words;
  std::int64_t mma_operations = 0;  // multiplications and additions on tensor cores
};

/// Counts, from what the executor tells, what a profiler of a GPU would: how each line's accesses
/// fall into sectors and banks, barriers, divergence. Lanes that come to the same line for the k-th
/// time are taken as one request of their warp, although the executor ran them one by one.
class Profile : public Recorder {
 public:
  void begin_launch(const char* kernel, std::size_t blocks, std::size_t threads) override;
  void access(const ThreadPlace& who, const Access& what) override;
  void word(const ThreadPlace& who, const char* word, Place place) override;

  /// What was counted so far, by kernel in the order of the first launch.
  std::vector<LaunchProfile> kernels();

 private:
  struct LineKey {
    const char* file;
    unsigned line;
    Space space;
    Reach reach;
    auto operator<=>(const LineKey&) const = default;
  };
  struct RequestKey {
    unsigned block;
    unsigned warp;
    std::uint64_t time;  // of the line, counted by each lane
    auto operator<=>(const RequestKey&) const = default;
  };
  struct Line {
    std::map<RequestKey, Request> requests;
    std::unordered_map<std::uint64_t, std::uint64_t> times;  // of (block, thread)
  };
  struct Kernel {
    LaunchProfile total;
    std::map<LineKey, LineAccess> lines;
    std::map<std::tuple<std::string, unsigned, std::string>, std::int64_t> words;  // lanes
  };

  Kernel& current();
  void settle();

  std::vector<Kernel> kernels_;
  std::size_t running_ = 0;
  std::map<LineKey, Line> open_;
};

/// The table `heddle kernel` prints.
std::string to_text(const std::vector<LaunchProfile>& kernels);
/// One page that needs no network: the table, and for each line a picture of lanes × addresses
/// (global) or lanes × banks (shared).
std::string to_html(const std::vector<LaunchProfile>& kernels, const std::string& title);

}  // namespace heddle::sim
