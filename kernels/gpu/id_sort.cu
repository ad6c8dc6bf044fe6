#include "kernels/gpu/id_sort.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int digits = 256;  // of 8 bits

__device__ __forceinline__ std::uint32_t key_of(std::int64_t id, std::uint32_t rows) {
  return id >= 0 && id < static_cast<std::int64_t>(rows) ? static_cast<std::uint32_t>(id) : rows;
}
__device__ __forceinline__ int digit_of(std::uint32_t key, int shift) {
  return static_cast<int>(key >> shift & 255u);
}

/// How many earlier items of this warp have the same digit, `seen` of them before this call, which
/// adds this call's. Lanes with the same digit find each other by 8 ballots, one for each bit.
template <typename Seen>
__device__ __forceinline__ std::uint32_t rank_in_warp(int digit, bool is_item, Seen&& seen) {
  const auto lane = static_cast<int>(threadIdx.x % 32);
  std::uint32_t same = ballot(full_mask, is_item);
  HEDDLE_UNROLL
  for (int bit = 0; bit < 8; ++bit) {
    const bool is_set = (digit >> bit & 1) != 0;
    const std::uint32_t set = ballot(full_mask, is_set);
    same &= is_set ? set : ~set;
  }
  const std::uint32_t before = seen(digit);
  sync_warp();
  const std::uint32_t below = same & ((1u << lane) - 1u);
  if (is_item && below == 0) {
    seen(digit) = before + static_cast<std::uint32_t>(count_bits(same));
  }
  sync_warp();
  return before + static_cast<std::uint32_t>(count_bits(below));
}

/// Σ of `value` over the threads of the block before this one. `of_warp` has one element per warp.
template <int warps>
__device__ __forceinline__ std::uint32_t sum_before(std::uint32_t value,
                                                    SharedArray<std::uint32_t, warps>& of_warp) {
  const auto lane = static_cast<int>(threadIdx.x % 32);
  const auto warp = static_cast<int>(threadIdx.x / 32);
  std::uint32_t sum = value;
  HEDDLE_UNROLL
  for (int step = 1; step < 32; step *= 2) {
    const std::uint32_t left = shuffle_up(full_mask, sum, step);
    sum += lane >= step ? left : 0u;
  }
  if (lane == 31) {
    of_warp(warp) = sum;
  }
  sync_threads();
  std::uint32_t before = 0;
  for (int w = 0; w < warp; ++w) {
    before += of_warp(w);
  }
  sync_threads();
  return before + sum - value;
}

// ---- one block: all ids in shared memory -------------------------------------------------------

constexpr int lone_threads = 512;
constexpr int lone_warps = lone_threads / 32;
constexpr int lone_items = static_cast<int>(IdSort::one_block_ids) / lone_threads;

struct LoneSortShared {
  SharedArray<std::uint32_t, static_cast<int>(IdSort::one_block_ids)> key;
  SharedArray<std::uint16_t, static_cast<int>(IdSort::one_block_ids)> place;
  SharedArray<std::uint32_t, lone_warps, digits> count;
  SharedArray<std::uint32_t, lone_warps> of_warp;
};

// Grid 1, block 512, 40 KB of shared memory. Reads 8 and writes 8 bytes per id, whatever the number
// of steps; in exchange one multiprocessor alone works.
__global__ void sort_in_one_block(Row<const std::int64_t> ids, std::uint32_t rows, int bits,
                                  Row<std::uint32_t> keys, Row<std::uint32_t> places) {
  auto& shared = shared_memory<LoneSortShared>();
  const auto thread = static_cast<int>(threadIdx.x);
  const int lane = thread % 32;
  const int warp = thread / 32;
  const auto count = static_cast<int>(ids.size);
  const int rounds = (count + lone_threads - 1) / lone_threads;
  for (int i = thread; i < rounds * lone_threads; i += lone_threads) {
    shared.key(i) = i < count ? key_of(ids(i), rows) : ~0u;  // the rest stays behind all keys
    shared.place(i) = static_cast<std::uint16_t>(i);
  }
  std::uint32_t key[lone_items];
  std::uint16_t place[lone_items];
  std::uint32_t rank[lone_items];
  for (int shift = 0; shift < bits; shift += 8) {
    for (int d = lane; d < digits; d += 32) {
      shared.count(warp, d) = 0u;
    }
    sync_threads();
    // Each warp has neighbouring items, so that the order of warps is the order of items.
    HEDDLE_UNROLL
    for (int r = 0; r < lone_items; ++r) {
      if (r < rounds) {
        const int item = (warp * rounds + r) * 32 + lane;
        key[r] = shared.key(item);
        place[r] = shared.place(item);
        rank[r] = rank_in_warp(digit_of(key[r], shift), true,
                               [&](int d) -> decltype(auto) { return shared.count(warp, d); });
      }
    }
    sync_threads();
    std::uint32_t total = 0;
    if (thread < digits) {
      for (int w = 0; w < lone_warps; ++w) {
        const std::uint32_t here = shared.count(w, thread);
        shared.count(w, thread) = total;
        total += here;
      }
    }
    const std::uint32_t smaller_digits = sum_before(total, shared.of_warp);
    if (thread < digits) {
      for (int w = 0; w < lone_warps; ++w) {
        shared.count(w, thread) = shared.count(w, thread) + smaller_digits;
      }
    }
    sync_threads();
    HEDDLE_UNROLL
    for (int r = 0; r < lone_items; ++r) {
      if (r < rounds) {
        const std::uint32_t to = shared.count(warp, digit_of(key[r], shift)) + rank[r];
        shared.key(static_cast<int>(to)) = key[r];
        shared.place(static_cast<int>(to)) = place[r];
      }
    }
    sync_threads();
  }
  for (int i = thread; i < count; i += lone_threads) {
    keys(i) = shared.key(i);
    places(i) = static_cast<std::uint32_t>(shared.place(i));
  }
}

// ---- many blocks: count, sum, move, for each 8 bits --------------------------------------------

constexpr int tile_threads = digits;  // thread d also works for digit d
constexpr int tile_warps = tile_threads / 32;
constexpr int tile_items = 16;  // per thread
constexpr int tile = tile_threads * tile_items;

/// What a step sorts: the ids as given in the first one, the result of the one before later.
struct Unsorted {
  Row<const std::int64_t> ids;  // empty in later steps
  std::uint32_t rows;
  Row<const std::uint32_t> keys, places;

  __device__ __forceinline__ std::uint32_t key(std::int64_t i) const {
    return ids.size > 0 ? key_of(ids(i), rows) : keys(i);
  }
  __device__ __forceinline__ std::uint32_t place(std::int64_t i) const {
    return ids.size > 0 ? static_cast<std::uint32_t>(i) : places(i);
  }
};

struct CountShared {
  SharedArray<std::uint32_t, digits> count;
};

// Grid ⌈ids / 4096⌉, block 256, 1 KB. Reads 8 bytes per id. Counts are integers: their order does
// not matter.
__global__ void count_digits(Unsorted items, std::int64_t size, int shift,
                             Matrix<std::uint32_t> counts) {
  auto& shared = shared_memory<CountShared>();
  const auto thread = static_cast<int>(threadIdx.x);
  shared.count(thread) = 0u;
  sync_threads();
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * tile;
  for (int r = 0; r < tile_items; ++r) {
    const std::int64_t i = first + r * tile_threads + thread;
    if (i < size) {
      atomic_add(shared.count.address(digit_of(items.key(i), shift)), 1u);
    }
  }
  sync_threads();
  counts(thread, blockIdx.x) = shared.count(thread);
}

struct SumShared {
  SharedArray<std::uint32_t, tile_warps> of_warp;
  SharedArray<std::uint32_t, 1> before;
};

// Grid 256 (one block per digit), block 256. counts[d, b] becomes how many items with digit d the
// blocks before b have; totals[d] how many there are in all.
__global__ void sum_counts(Matrix<std::uint32_t> counts, Row<std::uint32_t> totals) {
  auto& shared = shared_memory<SumShared>();
  const auto digit = static_cast<std::int64_t>(blockIdx.x);
  std::uint32_t before = 0;
  for (std::int64_t first = 0; first < counts.cols; first += tile_threads) {
    const std::int64_t b = first + static_cast<std::int64_t>(threadIdx.x);
    const std::uint32_t here = b < counts.cols ? static_cast<std::uint32_t>(counts(digit, b)) : 0u;
    const std::uint32_t left = sum_before(here, shared.of_warp);
    if (b < counts.cols) {
      counts(digit, b) = before + left;
    }
    if (threadIdx.x == tile_threads - 1) {
      shared.before(0) = before + left + here;
    }
    sync_threads();
    before = shared.before(0);
  }
  if (threadIdx.x == 0) {
    totals(digit) = before;
  }
}

struct MoveShared {
  SharedArray<std::uint32_t, tile_warps, digits> count;
  SharedArray<std::uint32_t, tile_warps> of_warp;
};

// Grid ⌈ids / 4096⌉, block 256, 8 KB. Reads and writes 8 bytes per id; writes are together where
// neighbours have one digit.
__global__ void move_items(Unsorted items, std::int64_t size, int shift,
                           Matrix<const std::uint32_t> counts, Row<const std::uint32_t> totals,
                           Row<std::uint32_t> keys, Row<std::uint32_t> places) {
  auto& shared = shared_memory<MoveShared>();
  const auto thread = static_cast<int>(threadIdx.x);
  const int lane = thread % 32;
  const int warp = thread / 32;
  for (int d = lane; d < digits; d += 32) {
    shared.count(warp, d) = 0u;
  }
  sync_threads();
  const std::int64_t first =
      static_cast<std::int64_t>(blockIdx.x) * tile + warp * (tile / tile_warps);
  std::uint32_t key[tile_items];
  std::uint32_t rank[tile_items];
  HEDDLE_UNROLL
  for (int r = 0; r < tile_items; ++r) {
    const std::int64_t i = first + r * 32 + lane;
    key[r] = i < size ? items.key(i) : 0u;
    rank[r] = rank_in_warp(digit_of(key[r], shift), i < size,
                           [&](int d) -> decltype(auto) { return shared.count(warp, d); });
  }
  sync_threads();
  const std::uint32_t smaller_digits = sum_before(totals(thread), shared.of_warp);
  std::uint32_t to = smaller_digits + counts(thread, blockIdx.x);
  for (int w = 0; w < tile_warps; ++w) {
    const std::uint32_t here = shared.count(w, thread);
    shared.count(w, thread) = to;
    to += here;
  }
  sync_threads();
  HEDDLE_UNROLL
  for (int r = 0; r < tile_items; ++r) {
    const std::int64_t i = first + r * 32 + lane;
    if (i < size) {
      const std::uint32_t place = shared.count(warp, digit_of(key[r], shift)) + rank[r];
      keys(place) = key[r];
      places(place) = items.place(i);
    }
  }
}

int bits_of(std::int64_t most) {
  int bits = 1;
  while (most >> bits != 0) {
    ++bits;
  }
  return bits;
}

std::int64_t tiles_of(const ConstView& ids) { return (ids.elements() + tile - 1) / tile; }

template <typename T>
Row<const T> reading(const Row<T>& row) {
  return {row.data, row.size, row.stride};
}

}  // namespace

IdSort::IdSort(Stream& stream, const char* kernel, const ConstView& ids, std::int64_t rows)
    : memory_(stream, ids.elements() * (ids.elements() > one_block_ids ? 4 : 2)),
      counts_(stream, ids.elements() > one_block_ids ? digits * (tiles_of(ids) + 1) : 0) {
  const std::int64_t size = ids.elements();
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  check(size <= most && rows <= most, kernel, ": ", size, " ids and ", rows,
        " rows; expected at most ", most);
  const int bits = bits_of(rows);
  const auto buffer = [&](int i) { return Row<std::uint32_t>{memory_.data() + i * size, size, 1}; };
  const Row<const std::int64_t> given = flat_of<std::int64_t>(ids);
  const auto last_key = static_cast<std::uint32_t>(rows);
  if (size <= one_block_ids) {
    launch(sort_in_one_block,
           Launch{"id_sort.one_block", stream, size > 0 ? 1u : 0u, lone_threads,
                  sizeof(LoneSortShared)},
           given, last_key, bits, buffer(0), buffer(1));
    result_ = {reading(buffer(0)), reading(buffer(1))};
    return;
  }
  const auto tiles = static_cast<unsigned>(tiles_of(ids));
  const Matrix<std::uint32_t> counts = {counts_.data(), digits, tiles, tiles, 1};
  const Row<std::uint32_t> totals = {counts_.data() + digits * static_cast<std::int64_t>(tiles),
                                     digits, 1};
  Unsorted items{given, last_key, {}, {}};
  int to = 0;
  for (int shift = 0; shift < bits; shift += 8) {
    launch(count_digits, Launch{"id_sort.count", stream, tiles, tile_threads, sizeof(CountShared)},
           items, size, shift, counts);
    launch(sum_counts, Launch{"id_sort.sum", stream, digits, tile_threads, sizeof(SumShared)},
           counts, totals);
    launch(move_items, Launch{"id_sort.move", stream, tiles, tile_threads, sizeof(MoveShared)},
           items, size, shift,
           Matrix<const std::uint32_t>{counts.data, counts.rows, counts.cols, counts.row_stride, 1},
           reading(totals), buffer(to), buffer(to + 1));
    items = {{}, last_key, reading(buffer(to)), reading(buffer(to + 1))};
    to = 2 - to;
  }
  result_ = {items.keys, items.places};
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
