#pragma once

// Tiles from global to shared memory by the copy engine (sm_90), and the barriers that say when
// they are there. One thread asks for a tile; nobody's registers or instructions carry it.
//
//   init_barrier(barrier, arrivals)          once, by one thread; then fence_barriers, sync_threads
//   arrive(barrier)                          one of the phase's arrivals
//   arrive_expecting(barrier, bytes)         and announces what the phase's copies will bring
//   copy_tile_async(to, map, x, y, z, barrier)   begins to bring a tile
//   wait_barrier(barrier, parity)            until the phase of that parity has ended: 0 for the
//                                            first, then 1, 0, … A wait for parity 1 before any
//                                            phase ended returns at once.
//
// A phase ends when `arrivals` threads have arrived and all announced bytes are there. Under sim a
// tile arrives when somebody waits for it, not before (sim/async_proxy.h). PTX ISA: mbarrier,
// cp.async.bulk.tensor.

#include <cstdint>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/device/tensor_map.h"

#if !defined(__CUDACC__)
#include "kernels/gpu/sim/async_proxy.h"
#endif

namespace heddle::kernels::HEDDLE_BACKEND {

/// In shared memory; opaque.
struct alignas(8) TransactionBarrier {
  std::uint64_t state;
};

#if defined(__CUDACC__)

namespace detail {
__device__ __forceinline__ std::uint32_t shared_address(const void* address) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(address));
}
}  // namespace detail

/// shared_memory for a struct with tiles: it begins at a multiple of `tile_alignment`.
template <typename Shared>
__device__ __forceinline__ Shared& tile_memory() {
  extern __shared__ __align__(1024) unsigned char heddle_tiles[];
  return *reinterpret_cast<Shared*>(heddle_tiles);
}

__device__ __forceinline__ void init_barrier([[maybe_unused]] TransactionBarrier* barrier,
                                             [[maybe_unused]] int arrivals) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(detail::shared_address(barrier)),
               "r"(arrivals)
               : "memory");
#endif
}
/// Makes what init_barrier did known to the copy engine.
__device__ __forceinline__ void fence_barriers() {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "fence.mbarrier_init.release.cluster;\n\t"
      "fence.proxy.async.shared::cta;" ::
          : "memory");
#endif
}
__device__ __forceinline__ void arrive([[maybe_unused]] TransactionBarrier* barrier) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(detail::shared_address(barrier))
               : "memory");
#endif
}
__device__ __forceinline__ void arrive_expecting([[maybe_unused]] TransactionBarrier* barrier,
                                                 [[maybe_unused]] int bytes) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   detail::shared_address(barrier)),
               "r"(bytes)
               : "memory");
#endif
}
__device__ __forceinline__ void wait_barrier([[maybe_unused]] TransactionBarrier* barrier,
                                             [[maybe_unused]] int parity) {
#if __CUDA_ARCH__ >= 900
  std::uint32_t has_ended = 0;
  do {  // each try sleeps for a while
    asm volatile(
        "{\n\t"
        ".reg .pred ended;\n\t"
        "mbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, ended;\n\t"
        "}"
        : "=r"(has_ended)
        : "r"(detail::shared_address(barrier)), "r"(parity)
        : "memory");
  } while (has_ended == 0);
#endif
}
/// The tile whose first element is element `along` of line `line` of matrix `matrix`, to shared
/// memory at a multiple of `tile_alignment`. The map is a kernel's __grid_constant__ parameter.
__device__ __forceinline__ void copy_tile_async([[maybe_unused]] void* to,
                                                [[maybe_unused]] const TensorMap& map,
                                                [[maybe_unused]] int along,
                                                [[maybe_unused]] int line,
                                                [[maybe_unused]] int matrix,
                                                [[maybe_unused]] TransactionBarrier* barrier) {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3, %4}], [%5];" ::"r"(detail::shared_address(to)),
      "l"(&map), "r"(along), "r"(line), "r"(matrix), "r"(detail::shared_address(barrier))
      : "memory");
#endif
}

#else

template <typename Shared>
Shared& tile_memory(Place place = Place::current()) {
  return shared_memory<Shared>(place);
}

inline void init_barrier(TransactionBarrier* barrier, int arrivals,
                         Place place = Place::current()) {
  ::heddle::sim::current_block->async_proxy().init(barrier, static_cast<unsigned>(arrivals), place);
}
inline void fence_barriers() {}
inline void arrive(TransactionBarrier* barrier, Place place = Place::current()) {
  ::heddle::sim::current_block->async_proxy().arrive(barrier, 0, "arrive", place);
}
inline void arrive_expecting(TransactionBarrier* barrier, int bytes,
                             Place place = Place::current()) {
  ::heddle::sim::current_block->async_proxy().arrive(barrier, static_cast<std::size_t>(bytes),
                                                     "arrive_expecting", place);
}
inline void wait_barrier(TransactionBarrier* barrier, int parity, Place place = Place::current()) {
  ::heddle::sim::current_block->async_proxy().wait(barrier, static_cast<unsigned>(parity), place);
}

namespace detail {

/// What of a tile's lines lies inside, as calls visit(line of the tile, its first byte in global
/// memory, elements).
template <typename Visit>
void for_each_line(const TileSource& source, int along, int line, int matrix, const Visit& visit) {
  const int elements = tile_line_bytes / bytes_of(source.element);
  for (int l = 0; l < source.tile_lines; ++l) {
    const bool is_inside = along >= 0 && along < source.length && line + l >= 0 &&
                           line + l < source.lines && matrix >= 0 && matrix < source.matrices;
    const std::int64_t left = is_inside ? source.length - along : 0;
    visit(l,
          static_cast<const unsigned char*>(source.data) +
              (is_inside ? matrix * source.matrix_stride + (line + l) * source.line_stride +
                               std::int64_t{along} * bytes_of(source.element)
                         : 0),
          left < elements ? static_cast<int>(left) : elements);
  }
}

inline void write_tile(unsigned char* to, const TileSource& source, int along, int line,
                       int matrix) {
  const int bytes = bytes_of(source.element);
  for_each_line(source, along, line, matrix, [&](int l, const unsigned char* from, int count) {
    for (int i = 0; i < tile_line_bytes / bytes; ++i) {
      unsigned char* const at =
          to + swizzled(static_cast<std::uint32_t>(l * tile_line_bytes + i * bytes));
      if (i >= count) {
        std::memset(at, 0, static_cast<std::size_t>(bytes));
      } else if (source.element == TileElement::tf32) {
        float value;
        std::memcpy(&value, from + i * bytes, sizeof(value));
        value = to_tf32(value);
        std::memcpy(at, &value, sizeof(value));
      } else {
        std::memcpy(at, from + i * bytes, static_cast<std::size_t>(bytes));
      }
    }
  });
}

}  // namespace detail

inline void copy_tile_async(void* to, const TensorMap& map, int along, int line, int matrix,
                            TransactionBarrier* barrier, Place place = Place::current()) {
  auto& block = *::heddle::sim::current_block;
  const TileSource source = map.source;
  auto* const first = static_cast<unsigned char*>(to);
  if ((first - block.shared()) % tile_alignment != 0) {
    block.fail_here(place,
                    concat("copy_tile_async: the tile begins at byte ", first - block.shared(),
                           " of shared memory; expected a multiple of ", tile_alignment));
  }
  if (::heddle::sim::active_recorder != nullptr) {
    detail::for_each_line(
        source, along, line, matrix, [&](int l, const unsigned char* from, int count) {
          using ::heddle::sim::Reach;
          using ::heddle::sim::Space;
          if (count > 0) {
            ::heddle::sim::record(Space::global, Reach::load, from,
                                  static_cast<unsigned>(count * bytes_of(source.element)), place);
          }
          ::heddle::sim::record(Space::shared, Reach::store, first + l * tile_line_bytes,
                                tile_line_bytes, place);
        });
  }
  block.async_proxy().begin_copy(
      barrier, {first, static_cast<std::size_t>(source.tile_lines) * tile_line_bytes},
      [=] { detail::write_tile(first, source, along, line, matrix); }, place);
}

#endif

}  // namespace heddle::kernels::HEDDLE_BACKEND
