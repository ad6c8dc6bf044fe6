#pragma once

#include <cstring>
#include <type_traits>
#include <utility>

#include "kernels/gpu/sim/block.h"
#include "kernels/gpu/sim/sanitizers.h"

namespace heddle::sim {

[[noreturn]] inline void outside(Place place, const char* what, long long index, long long size) {
  current_block->fail_here(place, concat(what, ' ', index, " is outside; expected 0 … ", size - 1));
}

inline void check_inside(long long index, long long size, const char* what, Place place) {
  if (index < 0 || index >= size) [[unlikely]] {
    outside(place, what, index, size);
  }
}

inline void record(Space space, Reach reach, const void* address, std::size_t bytes, Place place) {
  if (active_recorder != nullptr) [[unlikely]] {
    hide_begin();  // what the recorder keeps is touched by all threads in turn
    active_recorder->access(current_block->who(), {space, reach, address, bytes, place});
    hide_end();
  }
}

/// Floating-point operations of the thread that runs.
inline void record_operations(int count, Place place) {
  if (active_recorder != nullptr && current_block != nullptr) [[unlikely]] {
    hide_begin();
    active_recorder->operations(current_block->who(), count, place);
    hide_end();
  }
}

/// How a byte of shared memory came to its value (0: not at all). The tensor cores that serve warp
/// groups see ordinary stores only behind a fence of which the vocabulary has no word.
constexpr unsigned char written_by_store = 1;
constexpr unsigned char written_by_copy = 2;  // of tiles, by the copy engine

/// Marks bytes of shared memory as written. Plain memory is not looked up: `address` is shared.
inline void mark_written(const void* address, std::size_t bytes, Block& of = *current_block) {
  unsigned char* const written = of.written();
  if (written != nullptr && of.owns_shared(address)) {
    std::memset(written + (static_cast<const unsigned char*>(address) - of.shared()),
                written_by_store, bytes);
  }
}

inline void check_written(const void* address, std::size_t bytes, Place place,
                          Block& of = *current_block) {
  const unsigned char* const written = of.written();
  if (written == nullptr || !of.owns_shared(address)) {
    return;
  }
  const auto first =
      static_cast<std::size_t>(static_cast<const unsigned char*>(address) - of.shared());
  for (std::size_t i = 0; i < bytes; ++i) {
    if (written[first + i] == 0) [[unlikely]] {
      current_block->fail_here(
          place, concat("reads shared memory that nothing has written, byte ", first, " of ",
                        of.shared_bytes(), &of == current_block ? "" : " of " + of.name()));
    }
  }
}

template <typename T>
T load(Space space, const T* address, Place place) {
  record(space, Reach::load, address, sizeof(T), place);
  if (space == Space::shared) {
    check_written(address, sizeof(T), place);
  }
  return *address;
}

template <typename T>
void store(Space space, T* address, const T& value, Place place) {
  record(space, Reach::store, address, sizeof(T), place);
  if (space == Space::shared) {
    mark_written(address, sizeof(T));
  }
  *address = value;
}

/// One element under watch: reads and writes are checked and told to the recorder.
template <typename T, Space space>
class Element {
 public:
  Element(T* address, Place place) : address_(address), place_(place) {}
  Element(const Element&) = default;

  operator T() const { return load(space, address_, place_); }
  // It stands for a place in memory, as T& does in the other build: assigning stores there and
  // changes nothing in this object.
  // NOLINTBEGIN(misc-unconventional-assign-operator,bugprone-unhandled-self-assignment)
  const Element& operator=(const T& value) const {
    store(space, address_, value, place_);
    return *this;
  }
  const Element& operator=(const Element& other) const { return *this = static_cast<T>(other); }
  // NOLINTEND(misc-unconventional-assign-operator,bugprone-unhandled-self-assignment)
  template <typename V>
  const Element& operator+=(const V& value) const {
    record_one_operation();
    return *this = static_cast<T>(static_cast<T>(*this) + value);
  }
  template <typename V>
  const Element& operator-=(const V& value) const {
    record_one_operation();
    return *this = static_cast<T>(static_cast<T>(*this) - value);
  }
  template <typename V>
  const Element& operator*=(const V& value) const {
    record_one_operation();
    return *this = static_cast<T>(static_cast<T>(*this) * value);
  }
  /// For words that reach memory themselves.
  T* address() const { return address_; }

 private:
  void record_one_operation() const {
    if constexpr (!std::is_integral_v<T>) {
      record_operations(1, place_);
    }
  }

  T* address_;
  Place place_;
};

}  // namespace heddle::sim
