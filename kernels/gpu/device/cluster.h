#pragma once

// Thread-block clusters: up to 8 blocks that run at the same time, wait for each other and reach
// each other's shared memory. On sm_90 and later; a launcher asks limits_of(stream).cluster first,
// and hands on where it is 1. PTX ISA: barrier.cluster, mapa, st.shared::cluster.
//
// A peer's shared memory may be reached after the first sync_cluster (before it, the peer may not
// have begun), and a block may end only after a sync_cluster that follows the last access to it.

#include <cstdint>

#include "kernels/gpu/device/views.h"

#if !defined(__CUDACC__)
#include "kernels/gpu/sim/cluster.h"
#endif

namespace heddle::kernels::HEDDLE_BACKEND {

#if defined(__CUDACC__)

namespace detail {

/// The address, in the cluster's shared memory, of what is at `address` in block `rank`.
__device__ __forceinline__ std::uint32_t peer_address([[maybe_unused]] int rank,
                                                      [[maybe_unused]] const void* address) {
  std::uint32_t result = 0;
#if __CUDA_ARCH__ >= 900
  asm("mapa.shared::cluster.u32 %0, %1, %2;"
      : "=r"(result)
      : "r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(address))), "r"(rank));
#else
  __trap();  // the host does not launch clusters here
#endif
  return result;
}

}  // namespace detail

/// This block's place in its cluster: blockIdx.x modulo the size.
__device__ __forceinline__ int cluster_rank() {
  int rank = 0;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#else
  __trap();
#endif
  return rank;
}
__device__ __forceinline__ int cluster_size() {
  int size = 1;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
#else
  __trap();
#endif
  return size;
}

/// All threads of all blocks of the cluster; what they wrote before is seen by all after it.
__device__ __forceinline__ void sync_cluster() {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "barrier.cluster.arrive.release;\n\t"
      "barrier.cluster.wait.acquire;" ::
          : "memory");
#else
  __trap();
#endif
}

/// Stores N neighbouring elements (4, 8 or 16 bytes, aligned) in the shared memory of block `rank`,
/// where `address` is in this block's own.
template <int N, typename T>
__device__ __forceinline__ void store_peer(int rank, T* address, const Vector<T, N>& value) {
  static_assert(sizeof(value) == 4 || sizeof(value) == 8 || sizeof(value) == 16);
  [[maybe_unused]] const std::uint32_t to = detail::peer_address(rank, address);
  [[maybe_unused]] const auto* const word = reinterpret_cast<const std::uint32_t*>(&value);
#if __CUDA_ARCH__ >= 900
  if constexpr (sizeof(value) == 16) {
    asm volatile("st.shared::cluster.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(word[0]),
                 "r"(word[1]), "r"(word[2]), "r"(word[3])
                 : "memory");
  } else if constexpr (sizeof(value) == 8) {
    asm volatile("st.shared::cluster.v2.b32 [%0], {%1, %2};" ::"r"(to), "r"(word[0]), "r"(word[1])
                 : "memory");
  } else {
    asm volatile("st.shared::cluster.b32 [%0], %1;" ::"r"(to), "r"(word[0]) : "memory");
  }
#endif
}
/// Loads what `store_peer` would overwrite.
template <int N, typename T>
__device__ __forceinline__ Vector<T, N> load_peer(int rank, const T* address) {
  Vector<T, N> value;
  static_assert(sizeof(value) == 4 || sizeof(value) == 8 || sizeof(value) == 16);
  [[maybe_unused]] const std::uint32_t from = detail::peer_address(rank, address);
  [[maybe_unused]] auto* const word = reinterpret_cast<std::uint32_t*>(&value);
#if __CUDA_ARCH__ >= 900
  if constexpr (sizeof(value) == 16) {
    asm volatile("ld.shared::cluster.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(word[0]), "=r"(word[1]), "=r"(word[2]), "=r"(word[3])
                 : "r"(from)
                 : "memory");
  } else if constexpr (sizeof(value) == 8) {
    asm volatile("ld.shared::cluster.v2.b32 {%0, %1}, [%2];"
                 : "=r"(word[0]), "=r"(word[1])
                 : "r"(from)
                 : "memory");
  } else {
    asm volatile("ld.shared::cluster.b32 %0, [%1];" : "=r"(word[0]) : "r"(from) : "memory");
  }
#endif
  return value;
}

#else

inline int cluster_rank(Place place = Place::current()) {
  const auto& block = *::heddle::sim::current_block;
  block.cluster("cluster_rank", place);
  return static_cast<int>(block.cluster_rank());
}
inline int cluster_size(Place place = Place::current()) {
  return static_cast<int>(::heddle::sim::current_block->cluster("cluster_size", place).size());
}
inline void sync_cluster(Place place = Place::current()) {
  ::heddle::sim::current_block->sync_cluster(place);
}

template <int N, typename T>
void store_peer(int rank, T* address, const Vector<T, N>& value, Place place = Place::current()) {
  static_assert(sizeof(value) == 4 || sizeof(value) == 8 || sizeof(value) == 16);
  auto& block = *::heddle::sim::current_block;
  detail::check_vector<N>(address, place);
  auto& cluster = block.cluster("store_peer", place);
  unsigned char* const to = cluster.reach(block, rank, address, sizeof(value), "store_peer", place);
  ::heddle::sim::record(::heddle::sim::Space::shared, ::heddle::sim::Reach::store, to,
                        sizeof(value), place);
  ::heddle::sim::mark_written(to, sizeof(value), cluster.block(rank));
  *reinterpret_cast<Vector<T, N>*>(to) = value;
}
template <int N, typename T>
Vector<T, N> load_peer(int rank, const T* address, Place place = Place::current()) {
  static_assert(sizeof(T) * N == 4 || sizeof(T) * N == 8 || sizeof(T) * N == 16);
  auto& block = *::heddle::sim::current_block;
  detail::check_vector<N>(address, place);
  auto& cluster = block.cluster("load_peer", place);
  const unsigned char* const from =
      cluster.reach(block, rank, address, sizeof(T) * N, "load_peer", place);
  ::heddle::sim::record(::heddle::sim::Space::shared, ::heddle::sim::Reach::load, from,
                        sizeof(T) * N, place);
  ::heddle::sim::check_written(from, sizeof(T) * N, place, cluster.block(rank));
  return *reinterpret_cast<const Vector<T, N>*>(from);
}

#endif

}  // namespace heddle::kernels::HEDDLE_BACKEND
