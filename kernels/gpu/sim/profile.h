#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
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
/// How many lanes' accesses go through the banks together: 32, or 16 or 8 where they are wide.
unsigned lanes_of_a_pass(const Request& request);

/// One line of a kernel that reaches memory.
struct LineAccess {
  std::string file;
  std::string path;  // of the file, as the compiler was given it
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

/// Floating-point operations of one line: + − · / and elementary functions (device/numbers.h says
/// what counts), those of tensor cores among them.
struct LineOperations {
  std::string file;
  unsigned line = 0;
  std::int64_t operations = 0;
};

struct LaunchProfile {
  std::string kernel;
  std::int64_t launches = 0;
  std::int64_t blocks = 0;           // summed over launches
  std::int64_t threads = 0;          // of a block
  std::vector<LineAccess> accesses;  // by file, line
  std::vector<LineWord> words;
  std::vector<LineOperations> operations;  // by file, line
  std::int64_t mma_operations = 0;         // those on tensor cores
};

/// Counts, from what the executor tells, what a profiler of a GPU would: how each line's accesses
/// fall into sectors and banks, barriers, divergence.
///
/// The executor runs lanes one by one, so which of their visits to a line were one request of the
/// warp is inferred. Lines to which all its lanes come equally often, at the same points of what
/// they all do, are common: the k-th visits of all lanes are one request. The visits to common
/// lines are also a clock: at other lines (a lane outside the matrix skips its load, say) what is
/// done between two of its ticks belongs together.
class Profile : public Recorder {
 public:
  void begin_launch(const char* kernel, std::size_t blocks, std::size_t threads) override;
  void access(const ThreadPlace& who, const Access& what) override;
  void operations(const ThreadPlace& who, int count, Place place) override;
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
  /// A lane's access at a line.
  struct Visit {
    const LineKey* line;
    std::uintptr_t address;
    std::uint32_t bytes;
    std::uint32_t lane;
  };
  struct Kernel {
    LaunchProfile total;
    std::map<LineKey, LineAccess> lines;
    std::map<std::tuple<std::string, unsigned, std::string>, std::int64_t> words;  // lanes
    std::map<std::pair<const char*, unsigned>, std::int64_t> operations;
  };

  Kernel& current();
  static std::set<const LineKey*> common_lines(const std::vector<Visit>& visits);
  void settle_warp(const std::vector<Visit>& visits);
  void settle();

  std::vector<Kernel> kernels_;
  std::size_t running_ = 0;
  std::set<LineKey> keys_;                                            // of the visits
  std::map<std::pair<unsigned, unsigned>, std::vector<Visit>> open_;  // by (block, warp)
};

/// The table `heddle kernel` prints.
std::string to_text(const std::vector<LaunchProfile>& kernels);
/// One page that needs no network: the table, and for each line a picture of lanes × addresses
/// (global) or lanes × banks (shared).
std::string to_html(const std::vector<LaunchProfile>& kernels, const std::string& title);

}  // namespace heddle::sim
