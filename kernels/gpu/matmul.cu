// out[b] = a[b] · b[b] (+ out[b]):   a [batch, m, k], b [batch, k, n], out [batch, m, n]; each
// matrix row- or column-major (kernels/matmul.h). f32, f64, bf16 (sums in f32), bf16 into f32.
//
//   naive          a thread per element of out walks along k: 2 loads per multiplication
//   shared_tile    a block first brings a tile of each factor to shared memory, so that an element
//                  of a factor is loaded from global memory once per 16 uses
//   register_tile  a thread computes 8 × 8 elements: an element in shared memory is read once per 8
//                  uses; loads of 16 bytes; the next slab arrives while this one is used
//   split_k        for a small out and a large k: k is cut, the parts' sums are added afterwards
//   tensor_cores_… matmul_tensor_cores.cu: tf32, 3xtf32, bf16 factors
//   warpgroup_tensor_cores_… matmul_warpgroup.cu: tf32, bf16 factors on Hopper
//
// The main loop of register_tile is product_tile.h, that of the tensor cores product_mma.h: other
// families (linear_tanh) use them with epilogues of their own. All versions here but split_k add
// the products of an element in the order of k with one rounding each, so they agree bit by bit.

#include "kernels/gpu/families.h"
#include "kernels/gpu/library_matmul.h"
#include "kernels/gpu/matmul.h"
#include "kernels/gpu/product.h"
#include "kernels/gpu/product_launch.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class MatmulVersion : std::uint8_t {
  naive,
  shared_tile,
  register_tile,
  split_k,
  tensor_cores_tf32,
  tensor_cores_3xtf32,
  tensor_cores_bf16,
  warpgroup_tensor_cores_tf32,
  warpgroup_tensor_cores_bf16,
  split_k_tf32,
  split_k_bf16,
};

constexpr int naive_side = 16;

/// grid: 16 × 16 tiles of out; block: 256 threads, one per element; no shared memory.
/// Reads 2k elements per element of out (the caches catch most of it), writes 1.
/// For reading: the definition and nothing else. Loses everywhere but for the tiniest products.
template <typename T, typename Epilogue>
__global__ __launch_bounds__(naive_side* naive_side) void naive(Factor<T> left, Factor<T> right,
                                                                TileOrder order,
                                                                Epilogue epilogue) {
  using A = accumulate_t<T>;
  const TileOrder::Tile tile = order.of(blockIdx.x);
  const std::int64_t row = tile.row * naive_side + static_cast<int>(threadIdx.x) / naive_side;
  const std::int64_t col = tile.col * naive_side + static_cast<int>(threadIdx.x) % naive_side;
  const Matrix<const T> a = left.elements.matrix(tile.matrix);
  const Matrix<const T> b = right.elements.matrix(tile.matrix);
  if (row >= a.rows || col >= b.rows) {
    return;
  }
  A sum[1] = {0};
  for (std::int64_t p = 0; p < a.cols; ++p) {
    sum[0] = multiply_add(widen<T>(a(row, p)), widen<T>(b(col, p)), sum[0]);
  }
  epilogue(tile.matrix, row, col, sum);
}

/// [along k][along the side]: the threads of a warp, which differ in column and two rows, read
/// neighbours of `right` and two elements of `left`. One more column keeps the stores of a factor
/// that is contiguous along k out of each other's banks.
template <typename A>
struct SharedTileShared {
  SharedArray<A, naive_side, naive_side + 1> left;
  SharedArray<A, naive_side, naive_side + 1> right;
};

/// grid, block: as naive; shared: 2 · 16 · 17 elements.
/// Reads k/8 elements of global memory per element of out, and 2k of shared memory; writes 1.
/// Gains a factor of 16 in traffic to the second cache. Now shared memory is the limit: 2 reads per
/// multiplication, where the FMA units could do 4 multiplications per read of 4 bytes.
template <typename T, typename Epilogue>
__global__ __launch_bounds__(naive_side* naive_side) void shared_tile(Factor<T> left,
                                                                      Factor<T> right,
                                                                      TileOrder order,
                                                                      Epilogue epilogue) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<SharedTileShared<A>>();
  const TileOrder::Tile tile = order.of(blockIdx.x);
  const int slow = static_cast<int>(threadIdx.x) / naive_side;
  const int fast = static_cast<int>(threadIdx.x) % naive_side;
  const Matrix<const T> a = left.elements.matrix(tile.matrix);
  const Matrix<const T> b = right.elements.matrix(tile.matrix);
  // Neighbouring threads load neighbours in memory, whichever dimension those lie along.
  const auto bring = [&](const Factor<T>& factor, const Matrix<const T>& from, std::int64_t first,
                         std::int64_t first_depth, auto& to) {
    const int s = factor.depth_contiguous ? slow : fast;
    const int p = factor.depth_contiguous ? fast : slow;
    const bool inside = first + s < from.rows && first_depth + p < from.cols;
    to(p, s) = inside ? widen<T>(from(first + s, first_depth + p)) : A{0};
  };
  A sum[1] = {0};
  for (std::int64_t first = 0; first < a.cols; first += naive_side) {
    bring(left, a, tile.row * naive_side, first, shared.left);
    bring(right, b, tile.col * naive_side, first, shared.right);
    sync_threads();
    HEDDLE_UNROLL
    for (int p = 0; p < naive_side; ++p) {
      sum[0] = multiply_add(static_cast<A>(shared.left(p, slow)),
                            static_cast<A>(shared.right(p, fast)), sum[0]);
    }
    sync_threads();
  }
  const std::int64_t row = tile.row * naive_side + slow;
  const std::int64_t col = tile.col * naive_side + fast;
  if (row < a.rows && col < b.rows) {
    epilogue(tile.matrix, row, col, sum);
  }
}

void multiply_naive(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                    const View& out) {
  with_product(a, b, accumulate, out, [&]<typename In, typename Out>(const Product<In, Out>& p) {
    const TileOrder order = tiles_of(p.rows(), p.cols(), naive_side, naive_side);
    launch(naive<In, StoreProduct<Out>>,
           Launch{"matmul.naive", stream, blocks_of(order, p.batch()), naive_side * naive_side},
           p.left, p.right, order, store_of(p));
  });
}

void multiply_shared_tile(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                          const View& out) {
  with_product(a, b, accumulate, out, [&]<typename In, typename Out>(const Product<In, Out>& p) {
    const TileOrder order = tiles_of(p.rows(), p.cols(), naive_side, naive_side);
    launch(shared_tile<In, StoreProduct<Out>>,
           Launch{"matmul.shared_tile", stream, blocks_of(order, p.batch()),
                  naive_side * naive_side, sizeof(SharedTileShared<accumulate_t<In>>)},
           p.left, p.right, order, store_of(p));
  });
}

/// The choice among our own kernels. Expected from the model (docs/kernels/matmul.md): with fewer
/// than 64 tiles half of a large GPU idles, and four parts of k win the second launch back.
void multiply_own(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                  const View& out) {
  const bool are_batches = a.rank() == 3 && b.rank() == 3 && out.rank() == 3;  // else an error
  const bool splits = are_batches && a.size(2) >= 1024 &&
                      (out.size(1) + 63) / 64 * ((out.size(2) + 63) / 64) * out.size(0) < 64;
  // bf16 loses nothing on tensor cores, whatever the stream asks.
  const Math math = a.dtype == DType::bf16 ? Math::bf16 : stream.math;
  switch (math) {
    case Math::f32:
      (splits ? multiply_split_k : multiply_register_tile)(stream, a, b, accumulate, out);
      return;
    case Math::tf32:
      (splits ? multiply_split_k_tf32 : multiply_tf32)(stream, a, b, accumulate, out);
      return;
    case Math::bf16:
      (splits ? multiply_split_k_bf16 : multiply_bf16)(stream, a, b, accumulate, out);
      return;
  }
}

/// Plain products go to the vendor's library where the build has one; it is the opponent that the
/// versions here are measured against, and the best choice for large products.
void multiply_default(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                      const View& out) {
  // The same errors whoever computes.
  with_product(a, b, accumulate, out, [&](const auto& /*product*/) {
    if (!multiply_with_library(stream, a, b, accumulate, out)) {
      multiply_own(stream, a, b, accumulate, out);
    }
  });
}

template <typename AnyView>
AnyView as_batch(const AnyView& view) {
  AnyView batch = view;
  if (view.given && view.rank() == 2) {
    batch.shape = view.shape.inserted(0, 1);
    batch.strides = view.strides.inserted(0, 0);
  }
  return batch;
}

std::string_view name_of(MatmulVersion version) {
  switch (version) {
    case MatmulVersion::naive:
      return "naive";
    case MatmulVersion::shared_tile:
      return "shared_tile";
    case MatmulVersion::register_tile:
      return "register_tile";
    case MatmulVersion::split_k:
      return "split_k";
    case MatmulVersion::tensor_cores_tf32:
      return "tensor_cores_tf32";
    case MatmulVersion::tensor_cores_3xtf32:
      return "tensor_cores_3xtf32";
    case MatmulVersion::tensor_cores_bf16:
      return "tensor_cores_bf16";
    case MatmulVersion::split_k_tf32:
      return "split_k_tf32";
    case MatmulVersion::split_k_bf16:
      return "split_k_bf16";
    case MatmulVersion::warpgroup_tensor_cores_tf32:
      return "warpgroup_tensor_cores_tf32";
    case MatmulVersion::warpgroup_tensor_cores_bf16:
      return "warpgroup_tensor_cores_bf16";
  }
  return "";
}

}  // namespace

/// product_tile.h: grid: tiles of 128 × 128, 64 × 64 or 32 × 32; block: 256 or 128 threads; shared:
/// two slabs of each factor, 18 KiB at most.
/// Reads k/64 elements of global memory per element of out (tile of 128) and k/4 of shared memory;
/// writes 1. The FMA units are the limit: 64 FMA per 4 reads of 16 bytes from shared memory.
/// Loses where out has few tiles (split_k) and, to tensor cores, wherever those are allowed.
void multiply_register_tile(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                            const View& out) {
  with_product(a, b, accumulate, out, [&]<typename In, typename Out>(const Product<In, Out>& p) {
    launch_register_tile(ProductLaunch<In>{stream, "matmul.register_tile", p.left, p.right},
                         store_of(p));
  });
}

/// product_tile.h and product_launch.h: grid: parts of k × tiles of out, which are 64 × 64 or
/// 32 × 32; then 256 elements of out per block.
/// Reads k/32 or k/16 elements per element of out, writes and reads ⌈k/256⌉ (at most 64) sums.
/// Gains all multiprocessors where out has fewer tiles than there are; loses the second launch and
/// the traffic of the sums.
void multiply_split_k(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                      const View& out) {
  with_product(a, b, accumulate, out, [&]<typename In, typename Out>(const Product<In, Out>& p) {
    launch_register_tile_split(ProductLaunch<In>{stream, "matmul.split_k", p.left, p.right},
                               store_of(p));
  });
}

void product(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
             const View& out) {
  multiply_default(stream, as_batch(a), as_batch(b), accumulate, as_batch(out));
}

MatmulKernels matmul_kernels() { return {.multiply = multiply_default}; }

const std::vector<KernelVersion<MatmulKernels>>& matmul_versions() {
  static const std::vector<KernelVersion<MatmulKernels>> versions{
      {name_of(MatmulVersion::naive), "f32", {multiply_naive}},
      {name_of(MatmulVersion::shared_tile), "f32", {multiply_shared_tile}},
      {name_of(MatmulVersion::register_tile), "f32", {multiply_register_tile}},
      {name_of(MatmulVersion::split_k), "f32", {multiply_split_k}},
      {name_of(MatmulVersion::tensor_cores_tf32), "tf32", {multiply_tf32}},
      {name_of(MatmulVersion::tensor_cores_3xtf32), "3xtf32", {multiply_3xtf32}},
      {name_of(MatmulVersion::tensor_cores_bf16), "bf16", {multiply_bf16}},
      {name_of(MatmulVersion::warpgroup_tensor_cores_tf32), "tf32", {multiply_warpgroup_tf32}},
      {name_of(MatmulVersion::warpgroup_tensor_cores_bf16), "bf16", {multiply_warpgroup_bf16}},
      {name_of(MatmulVersion::split_k_tf32), "tf32", {multiply_split_k_tf32}},
      {name_of(MatmulVersion::split_k_bf16), "bf16", {multiply_split_k_bf16}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
