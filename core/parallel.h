#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace heddle {

/// Threads that share the work of `parallel_for`: `HEDDLE_THREADS`, else the cores this process may
/// use.
int thread_count();
/// Errors: count < 1. Not while a parallel_for runs.
void set_thread_count(int count);

namespace detail {
using TileFunction = void (*)(const void* body, std::int64_t tile);
void run_tiles(std::int64_t tiles, TileFunction call, const void* body);
/// Whether this thread runs one of several tiles now.
bool& inside_tiles();
}  // namespace detail

/// Calls body(tile) for 0 ≤ tile < tiles, on several threads where there is more than one tile.
/// The tiles are fixed by the problem, never by the number of threads, so results do not depend on
/// it. Inside, subnormal numbers are flushed to zero (FTZ and DAZ), on the calling thread too.
/// Called from inside one of several tiles, or while another thread's tiles have the pool, it runs
/// in place. The first exception of the lowest tile is rethrown.
template <typename Body>
void parallel_for(std::int64_t tiles, const Body& body) {
  detail::run_tiles(
      tiles, [](const void* b, std::int64_t tile) { (*static_cast<const Body*>(b))(tile); }, &body);
}

/// Splits [0, count) into tiles of `tile_size` (the last may be shorter): body(begin, end).
template <typename Body>
void parallel_ranges(std::int64_t count, std::int64_t tile_size, const Body& body) {
  parallel_for((count + tile_size - 1) / tile_size, [&](std::int64_t tile) {
    const std::int64_t begin = tile * tile_size;
    body(begin, begin + tile_size < count ? begin + tile_size : count);
  });
}

}  // namespace heddle
