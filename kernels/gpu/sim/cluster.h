#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/gpu/sim/executor.h"
#include "kernels/gpu/sim/place.h"

namespace heddle::sim {

class Block;

/// Blocks that are alive together: they have a barrier of their own and reach each other's shared
/// memory. What a GPU leaves undefined is an error in every schedule: reaching a block that may not
/// have begun (no barrier of the cluster lies before), and one that may have ended (none lies
/// between the access and its end).
class Cluster {
 public:
  /// The blocks in the order of their ranks; each is told that it belongs here.
  explicit Cluster(const std::vector<Block*>& blocks);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  unsigned size() const { return size_; }
  /// Before the blocks begin (anew).
  void begin();
  /// Lets all go on where all that have not ended wait at the barrier. Errors: KernelError where
  /// they wait in different lines.
  bool release_if_met();
  /// Errors: KernelError where another block reached this one after its last barrier.
  void check_end(const Block& block) const;

  /// Where in the shared memory of block `rank` stands what `address` is in that of `from`, which
  /// runs. Notes the access. Errors: KernelError, see above; rank or address outside.
  unsigned char* reach(const Block& from, int rank, const void* address, std::size_t bytes,
                       const char* word, Place place);
  /// The block of that rank, which `reach` has checked.
  Block& block(int rank) const { return *blocks_[static_cast<std::size_t>(rank)]; }

  /// For ThreadSanitizer: of the barrier that comes next.
  char* barrier_identity() { return &identity_[epoch_ & 1u]; }

 private:
  struct LastReach {
    bool is_set = false;
    unsigned epoch = 0;
    const Block* from = nullptr;
    unsigned thread = 0;
    const char* word = "";
    Place place;
  };

  [[noreturn]] void fail_reach(const LastReach& reach, const Block& to) const;

  unsigned size_;
  std::array<Block*, most_cluster> blocks_{};
  std::array<LastReach, most_cluster> last_reach_{};
  unsigned epoch_ = 0;  // barriers passed
  char identity_[2] = {};
};

}  // namespace heddle::sim
