#pragma once

// The vocabulary for g++ and clang++: words of the executor (kernels/gpu/sim).

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/recording.h"
#include "core/stream.h"
#include "kernels/gpu/device/launch.h"
#include "kernels/gpu/sim/executor.h"
#include "kernels/gpu/sim/memory_access.h"

namespace heddle::kernels::sim {

using ::heddle::sim::Place;

constexpr std::uint32_t full_mask = 0xFFFFFFFFu;
constexpr int warp_size = 32;

/// Runs the kernel on the host at once, or notes it in the graph that is being captured. Nothing is
/// launched where the grid is empty.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& launch, Arguments&&... arguments) {
  using Call = std::pair<void (*)(Parameters...), std::tuple<Parameters...>>;
  Call call{kernel, std::tuple<Parameters...>(static_cast<Parameters>(arguments)...)};
  const auto run = [shape = ::heddle::sim::LaunchShape{launch.kernel, launch.grid, launch.block,
                                                       launch.shared_bytes, launch.cooperative,
                                                       launch.cluster}](Call& what) {
    ::heddle::sim::run_grid(
        shape,
        [](void* context) {
          Call& given = *static_cast<Call*>(context);
          std::apply(given.first, given.second);
        },
        &what);
  };
  if (Recording* const recording = active_recording()) {
    recording->emplace_back([run, call]() mutable { run(call); });
    return;
  }
  run(call);
}

template <typename Shared>
Shared& shared_memory(Place place = Place::current()) {
  auto& block = *::heddle::sim::current_block;
  if (sizeof(Shared) > block.shared_bytes()) {
    block.fail_here(place,
                    concat("shared memory is too small: the kernel's struct has ", sizeof(Shared),
                           " bytes, the launch gives ", block.shared_bytes()));
  }
  return *reinterpret_cast<Shared*>(block.shared());
}

/// Elements of shared memory whose number is known at launch.
template <typename T>
class SharedElements {
 public:
  SharedElements(T* data, std::int64_t size) : data_(data), size_(size) {}
  ::heddle::sim::Element<T, ::heddle::sim::Space::shared> operator()(
      std::int64_t i, Place place = Place::current()) const {
    ::heddle::sim::check_inside(i, size_, "shared element", place);
    return {data_ + i, place};
  }
  T* address(std::int64_t i, Place place = Place::current()) const {
    ::heddle::sim::check_inside(i, size_, "shared element", place);
    return data_ + i;
  }
  std::int64_t size() const { return size_; }

 private:
  T* data_;
  std::int64_t size_;
};

/// `count` elements from byte `offset` of the block's shared memory (a multiple of 16).
template <typename T>
SharedElements<T> shared_elements(std::size_t offset, std::int64_t count,
                                  Place place = Place::current()) {
  auto& block = *::heddle::sim::current_block;
  const std::size_t bytes = offset + static_cast<std::size_t>(count) * sizeof(T);
  if (bytes > block.shared_bytes()) {
    block.fail_here(place, concat("shared memory is too small: ", bytes,
                                  " bytes are used, the launch gives ", block.shared_bytes()));
  }
  return {reinterpret_cast<T*>(block.shared() + offset), count};
}

/// An array in shared memory: a member of a kernel's struct of shared memory.
template <typename T, int... sizes>
class SharedArray {
  static_assert(sizeof...(sizes) >= 1 && sizeof...(sizes) <= 3);
  using Watched = ::heddle::sim::Element<T, ::heddle::sim::Space::shared>;
  static constexpr std::array<int, sizeof...(sizes)> extent{sizes...};

 public:
  Watched operator()(int i, Place place = Place::current()) requires(sizeof...(sizes) == 1) {
    return {address(i, place), place};
  }
  Watched operator()(int i, int j, Place place = Place::current()) requires(sizeof...(sizes) == 2) {
    return {address(i, j, place), place};
  }
  Watched operator()(int i, int j, int k,
                     Place place = Place::current()) requires(sizeof...(sizes) == 3) {
    return {address(i, j, k, place), place};
  }
  /// For words that reach shared memory themselves (copy_async, load_matrix, vectors).
  T* address(int i, Place place = Place::current()) requires(sizeof...(sizes) == 1) {
    ::heddle::sim::check_inside(i, extent[0], "shared index", place);
    return &data_[i];
  }
  T* address(int i, int j, Place place = Place::current()) requires(sizeof...(sizes) == 2) {
    ::heddle::sim::check_inside(i, extent[0], "first shared index", place);
    ::heddle::sim::check_inside(j, extent[1], "second shared index", place);
    return &data_[i * extent[1] + j];
  }
  T* address(int i, int j, int k, Place place = Place::current()) requires(sizeof...(sizes) == 3) {
    ::heddle::sim::check_inside(i, extent[0], "first shared index", place);
    ::heddle::sim::check_inside(j, extent[1], "second shared index", place);
    ::heddle::sim::check_inside(k, extent[2], "third shared index", place);
    return &data_[(i * extent[1] + j) * extent[2] + k];
  }

 private:
  T data_[(sizes * ...)];
};

// Barriers.

inline void sync_threads(Place place = Place::current()) {
  ::heddle::sim::current_block->sync_threads("sync_threads", place);
}
inline void sync_warp(std::uint32_t mask = full_mask, Place place = Place::current()) {
  ::heddle::sim::current_block->meet(mask, "sync_warp", nullptr, nullptr, place);
}
inline void sync_grid(Place place = Place::current()) {
  ::heddle::sim::current_block->sync_grid(place);
}

/// Lets blocks that wait for `value` (or less) go on; what this thread wrote before is seen by
/// them.
inline void post_flag(std::uint32_t* flag, std::uint32_t value) {
  std::atomic_ref<std::uint32_t>(*flag).store(value, std::memory_order_release);
}
/// Waits until the flag is at least `value`. In a cooperative launch only.
inline void wait_flag(std::uint32_t* flag, std::uint32_t value, Place place = Place::current()) {
  while (std::atomic_ref<std::uint32_t>(*flag).load(std::memory_order_acquire) < value) {
    ::heddle::sim::current_block->wait_for_flag(place);
  }
  ::heddle::sim::current_block->passed_flag();
}

// Words of a warp: all lanes of the mask (that are alive) call them together.

template <typename T>
T shuffle(std::uint32_t mask, T value, int source_lane, Place place = Place::current(),
          const char* word = "shuffle") {
  static_assert(std::is_trivially_copyable_v<T>);
  struct Request {
    T value;
    unsigned source;
    T result;
    bool came;
  };
  Request request{value, static_cast<unsigned>(source_lane) & 31u, value, false};
  ::heddle::sim::current_block->meet(
      mask, word,
      [](const ::heddle::sim::WarpMeeting& meeting) {
        for (unsigned lane = 0; lane < 32; ++lane) {
          if (auto* const mine = static_cast<Request*>(meeting.of_lane[lane])) {
            if (const auto* const other =
                    static_cast<const Request*>(meeting.of_lane[mine->source])) {
              mine->result = other->value;
              mine->came = true;
            }
          }
        }
      },
      &request, place);
  if (!request.came) {
    ::heddle::sim::current_block->fail_here(
        place, concat(word, ": reads lane ", request.source, ", which is not in it"));
  }
  return request.result;
}
template <typename T>
T shuffle_xor(std::uint32_t mask, T value, int lanes, Place place = Place::current()) {
  const int lane = static_cast<int>(::heddle::sim::current_block->thread().lane);
  return shuffle(mask, value, lane ^ lanes, place, "shuffle_xor");
}
/// From the lane `lanes` further on; the last ones keep their own value.
template <typename T>
T shuffle_down(std::uint32_t mask, T value, int lanes, Place place = Place::current()) {
  const int lane = static_cast<int>(::heddle::sim::current_block->thread().lane);
  return shuffle(mask, value, lane + lanes < 32 ? lane + lanes : lane, place, "shuffle_down");
}
/// From the lane `lanes` before; the first ones keep their own value.
template <typename T>
T shuffle_up(std::uint32_t mask, T value, int lanes, Place place = Place::current()) {
  const int lane = static_cast<int>(::heddle::sim::current_block->thread().lane);
  return shuffle(mask, value, lane >= lanes ? lane - lanes : lane, place, "shuffle_up");
}

/// Bit l: whether lane l said true.
inline std::uint32_t ballot(std::uint32_t mask, bool predicate, Place place = Place::current()) {
  struct Request {
    bool predicate;
    std::uint32_t result;
  };
  Request request{predicate, 0};
  ::heddle::sim::current_block->meet(
      mask, "ballot",
      [](const ::heddle::sim::WarpMeeting& meeting) {
        std::uint32_t bits = 0;
        for (unsigned lane = 0; lane < 32; ++lane) {
          const auto* const one = static_cast<const Request*>(meeting.of_lane[lane]);
          bits |= one != nullptr && one->predicate ? 1u << lane : 0u;
        }
        for (void* one : meeting.of_lane) {
          if (one != nullptr) {
            static_cast<Request*>(one)->result = bits;
          }
        }
      },
      &request, place);
  return request.result;
}
inline bool any(std::uint32_t mask, bool predicate, Place place = Place::current()) {
  return ballot(mask, predicate, place) != 0;
}
inline bool all(std::uint32_t mask, bool predicate, Place place = Place::current()) {
  return ballot(mask, !predicate, place) == 0;
}

/// How many bits are 1.
inline int count_bits(std::uint32_t bits) { return std::popcount(bits); }

/// Integers alone: the order of additions is not fixed. Returns the value before.
template <typename T>
T atomic_add(T* address, T value) {
  static_assert(std::is_integral_v<T>, "floating sums must not depend on the order of threads");
  return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}

// Copies to shared memory that go on while the thread computes. They arrive at wait_copies, not
// before, so that a wait that was forgotten shows.

/// `bytes` is 4, 8 or 16, and both addresses are multiples of it. `inside` false writes zeros and
/// does not read.
template <int bytes>
void copy_async(void* to_shared, const void* from_global, bool inside = true,
                Place place = Place::current()) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  auto& block = *::heddle::sim::current_block;
  const auto misaligned = [](const void* address) {
    return reinterpret_cast<std::uintptr_t>(address) % bytes != 0;
  };
  if (misaligned(to_shared) || (inside && misaligned(from_global))) {
    block.fail_here(place, concat("copy_async: an address is no multiple of ", bytes));
  }
  if (inside) {
    ::heddle::sim::record(::heddle::sim::Space::global, ::heddle::sim::Reach::load, from_global,
                          bytes, place);
  }
  ::heddle::sim::record(::heddle::sim::Space::shared, ::heddle::sim::Reach::store, to_shared, bytes,
                        place);
  auto& thread = block.thread();
  thread.copies.push_back({to_shared, inside ? from_global : nullptr, bytes, thread.copy_group});
}
inline void commit_copies() { ++::heddle::sim::current_block->thread().copy_group; }
/// Waits until at most `pending` of this thread's committed groups are on their way.
template <int pending = 0>
void wait_copies() {
  auto& thread = ::heddle::sim::current_block->thread();
  std::size_t kept = 0;
  for (const ::heddle::sim::AsyncCopy& copy : thread.copies) {
    if (copy.group >= thread.copy_group - pending) {
      thread.copies[kept++] = copy;
      continue;
    }
    if (copy.from != nullptr) {
      std::memcpy(copy.to, copy.from, copy.bytes);
    } else {
      std::memset(copy.to, 0, copy.bytes);
    }
    ::heddle::sim::mark_written(copy.to, copy.bytes);
  }
  thread.copies.resize(kept);
}

}  // namespace heddle::kernels::sim
