#pragma once

#include <cstddef>

namespace heddle {

// Memory of small objects that live by the hundred and end together, such as the nodes of a tape.
// The C library keeps no more than seven freed blocks of a size at hand; what is given back here is
// kept by the thread, up to some thousands, and taken again without a lock.

/// At least `bytes` bytes, aligned as operator new does. Errors: std::bad_alloc.
void* take_small_block(std::size_t bytes);
/// Of any thread; `bytes` as when taken.
void give_back_small_block(void* block, std::size_t bytes) noexcept;

/// For containers and std::allocate_shared.
template <typename T>
struct SmallBlockAllocator {
  using value_type = T;

  SmallBlockAllocator() = default;
  template <typename U>
  SmallBlockAllocator(const SmallBlockAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  static_assert(alignof(T) <= alignof(std::max_align_t));
  T* allocate(std::size_t count) { return static_cast<T*>(take_small_block(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept {
    give_back_small_block(block, count * sizeof(T));
  }
  template <typename U>
  bool operator==(const SmallBlockAllocator<U>&) const {
    return true;
  }
};

}  // namespace heddle
