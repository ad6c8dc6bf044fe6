#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernels/gpu/sim/place.h"

namespace heddle::sim {

class Block;

constexpr unsigned warpgroup_size = 128;

/// Bytes of a block's shared memory.
struct SharedRange {
  const unsigned char* first;
  std::size_t bytes;

  bool overlaps(const SharedRange& other) const {
    return first < other.first + other.bytes && other.first < first + bytes;
  }
};

/// What works on a block's shared memory behind its threads' backs: the copy engine, whose copies
/// complete on transaction barriers, and the tensor cores that serve warp groups. Everything
/// happens as late as a GPU may let it: a copy when a thread waits for it, a product when a warp
/// waits for its group. So a wait that was forgotten shows in every schedule, and memory that is
/// used twice at a time is an error. (PTX ISA: mbarrier, cp.async.bulk.tensor, wgmma.)
class AsyncProxy {
 public:
  explicit AsyncProxy(Block& block) : block_(block) {}
  AsyncProxy(const AsyncProxy&) = delete;
  AsyncProxy& operator=(const AsyncProxy&) = delete;

  // Transaction barriers, by their addresses. A phase ends when all its arrivals have come and as
  // many bytes as they announced. Errors: KernelError on a barrier without `init`; more arrivals or
  // bytes than expected; see also `begin_copy`.

  void init(const void* barrier, unsigned arrivals, Place place);
  /// Arrives once, and announces bytes to the phase.
  void arrive(const void* barrier, std::size_t bytes, const char* word, Place place);
  /// Waits for the end of the phase of that parity: the first phase has parity 0, and a barrier
  /// that nobody used yet counts as having ended one of parity 1.
  void wait(const void* barrier, unsigned parity, Place place);
  /// `perform` writes `to`. Errors: products or other copies on their way use it.
  void begin_copy(const void* barrier, SharedRange to, std::function<void()> perform, Place place);

  // Warp groups: 128 neighbouring threads, the first a multiple of 128.

  /// All of them come together; the last one calls `complete` with what each brought.
  /// Errors: KernelError where the block has no such group, or its threads are in different words.
  void meet(const char* word, void* request, void (*complete)(void* const* requests), Place place);
  /// Called by `complete`. Errors: bytes that nothing has written, that ordinary stores have
  /// written (the tensor cores may not see them yet), or that a copy on its way will write.
  void begin_product(const std::vector<SharedRange>& reads, std::function<void()> perform,
                     const char* word, Place place);
  /// The running thread's products since the last call form a group.
  void commit_products();
  /// Until at most `pending` groups of the running thread are on their way.
  void wait_products(std::uint64_t pending);

  /// Products that the running thread began, and those of them it has waited for.
  std::uint64_t begun() const;
  std::uint64_t waited() const;

  /// Errors: KernelError where the block ended with copies or products on their way.
  void check_end() const;
  /// "; barrier at byte 4096: its phase lacks 1 arrivals and 8192 bytes", for reports.
  std::string waits() const;

 private:
  struct Copy {
    SharedRange to;
    std::function<void()> perform;
    unsigned thread;
    Place place;
  };
  struct Barrier {
    unsigned arrivals = 0;  // of a phase
    unsigned lacking = 0;   // of this phase
    unsigned phase = 0;     // how many have ended
    std::size_t announced = 0;
    std::vector<Copy> copies;
    char identity[2] = {};  // for ThreadSanitizer

    std::size_t brought() const;
  };
  struct Product {
    std::vector<SharedRange> reads;
    std::function<void()> perform;  // empty once it is done
  };
  struct Group {
    std::array<void*, warpgroup_size> requests{};
    unsigned came = 0;
    const char* word = "";
    Place place;
    std::deque<Product> products;  // that not every warp has waited for
    std::uint64_t retired = 0;     // how many were before the first of them
    std::array<std::uint64_t, warpgroup_size / 32> waited{};  // by a lane of each warp
  };
  struct OfThread {
    std::uint64_t begun = 0;
    std::uint64_t waited = 0;
    std::vector<std::uint64_t> committed;  // products begun at each commit
  };

  Barrier& barrier(const void* address, const char* word, Place place);
  void settle(const void* address, Barrier& barrier, bool is_awaited, Place place);
  Group& group() { return groups_[thread() / warpgroup_size]; }
  unsigned thread() const;
  OfThread& of_thread() { return threads_[thread()]; }
  std::size_t byte_of(const void* address) const;

  Block& block_;
  std::map<const void*, Barrier> barriers_;
  std::map<unsigned, Group> groups_;
  std::map<unsigned, OfThread> threads_;
};

}  // namespace heddle::sim
