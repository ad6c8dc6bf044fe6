#include "core/small_blocks.h"

#include <array>
#include <new>

namespace heddle {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_blocks = false;  // what is used after it was freed must show
#else
constexpr bool keeps_blocks = true;
#endif

constexpr std::size_t step = 32;  // bytes between sizes
constexpr std::size_t sizes = 16;
constexpr int most_kept = 4096;  // of a size, by one thread

struct Free {
  Free* next;
};

/// Without constructor and destructor, so that it may be used before and after everything else.
struct Lists {
  std::array<Free*, sizes> first;
  std::array<int, sizes> count;
  bool registered;  // what frees the blocks at the end of the thread
  bool closed;
};
constinit thread_local Lists lists{};

struct AtEndOfThread {
  ~AtEndOfThread() {
    lists.closed = true;
    for (Free*& first : lists.first) {
      while (first != nullptr) {
        Free* const block = first;
        first = block->next;
        ::operator delete(block);
      }
    }
  }
};

void free_at_end_of_thread() {
  lists.registered = true;
  thread_local const AtEndOfThread at_end;
}

/// Index of the smallest size that holds `bytes`, which is not 0.
std::size_t index_of(std::size_t bytes) { return (bytes - 1) / step; }

}  // namespace

void* take_small_block(std::size_t bytes) {
  if (!keeps_blocks || bytes == 0 || bytes > step * sizes) {
    return ::operator new(bytes);
  }
  const std::size_t i = index_of(bytes);
  Free* const block = lists.first[i];
  if (block == nullptr) {
    return ::operator new((i + 1) * step);
  }
  lists.first[i] = block->next;
  --lists.count[i];
  return block;
}

void give_back_small_block(void* block, std::size_t bytes) noexcept {
  if (!keeps_blocks || bytes == 0 || bytes > step * sizes) {
    ::operator delete(block);
    return;
  }
  const std::size_t i = index_of(bytes);
  if (lists.closed || lists.count[i] == most_kept) {
    ::operator delete(block);
    return;
  }
  if (!lists.registered) {
    free_at_end_of_thread();
  }
  lists.first[i] = new (block) Free{lists.first[i]};
  ++lists.count[i];
}

}  // namespace heddle
