// Gather: elements by index along the middle dimension, and the gradient that goes back to them.
//
//   forward   out[o, j, i] = x[o, index[o, j, i], i]
//   backward  dx[o, m, i] = Σ over j with index[o, j, i] = m of dout[o, j, i]
//   x [outer, n, inner], index i64 and out [outer, k, inner]; any strides
//
// An index chooses in its own line (o, i) alone, so that n · k comparisons per line decide backward
// without a sort and without atomics.
//
//   forward   thread_per_element   one read of index, one of x, one write
//   backward  thread_per_source    each dx looks through the k indices of its line: n · k reads
//             line_in_shared       a block clears a strip of lines in shared memory, adds in the
//                                  order of j, and writes it once: n + k

#include <algorithm>
#include <vector>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class GatherBackward : std::uint8_t { thread_per_source, line_in_shared };

constexpr unsigned threads = 256;

/// Element e of a view of this shape, counted row by row.
struct GatherPlace {
  std::int64_t outer, middle, inner;

  template <typename T>
  __device__ __forceinline__ GatherPlace(const Batch<T>& view, std::int64_t e)
      : outer(e / view.cols / view.rows), middle(e / view.cols % view.rows), inner(e % view.cols) {}
};

// Grid ⌈elements / 256⌉, block 256. Reads 8 bytes of index and one element (a sector of 32 bytes
// where indices do not adjoin), writes one.
template <typename T>
__global__ void gather_elements(Batch<const T> x, Batch<const std::int64_t> index, Batch<T> out) {
  const std::int64_t e = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (e >= out.batch * out.rows * out.cols) {
    return;
  }
  const GatherPlace place(out, e);
  const std::int64_t from = index(place.outer, place.middle, place.inner);
  const bool is_inside = from >= 0 && from < x.rows;
  out(place.outer, place.middle, place.inner) =
      is_inside ? static_cast<T>(x(place.outer, from, place.inner)) : T(0.0f);
}

// Grid ⌈outer · n · inner / 256⌉, block 256: a thread per element of dx. Reads the k indices of its
// line, which n threads share (L1, L2), and the dout that chose it; writes once.
template <typename T>
__global__ void sum_chosen(Batch<const std::int64_t> index, Batch<const T> dout, Batch<T> dx) {
  const std::int64_t e = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (e >= dx.batch * dx.rows * dx.cols) {
    return;
  }
  const GatherPlace place(dx, e);
  accumulate_t<T> sum = 0;
  for (std::int64_t j = 0; j < index.rows; ++j) {
    if (index(place.outer, j, place.inner) == place.middle) {
      counted<1>(sum += widen<T>(dout(place.outer, j, place.inner)));
    }
  }
  dx(place.outer, place.middle, place.inner) = narrow<T>(sum);
}

constexpr int strip = 32;  // lines of a block, side by side

// Grid outer · ⌈inner / 32⌉, block 32, n · 32 sums in shared memory: a lane per line, so that
// index, dout and dx are read and written once, together where inner ≥ 32. Loses the parallelism
// over n: a lane adds its k elements one after another. Where a line is too long for shared memory:
// thread_per_source.
template <typename T>
__global__ void sum_lines(Batch<const std::int64_t> index, Batch<const T> dout, Batch<T> dx,
                          unsigned strips) {
  using A = accumulate_t<T>;
  const auto lane = static_cast<int>(threadIdx.x);
  const auto outer = static_cast<std::int64_t>(blockIdx.x / strips);
  const std::int64_t inner = static_cast<std::int64_t>(blockIdx.x % strips) * strip + lane;
  if (inner >= dx.cols) {
    return;
  }
  const SharedElements<A> sums = shared_elements<A>(0, dx.rows * strip);
  for (std::int64_t m = 0; m < dx.rows; ++m) {
    sums(m * strip + lane) = A{0};
  }
  for (std::int64_t j = 0; j < index.rows; ++j) {
    const std::int64_t m = index(outer, j, inner);
    if (m >= 0 && m < dx.rows) {
      sums(m * strip + lane) =
          counted<1>(static_cast<A>(sums(m * strip + lane)) + widen<T>(dout(outer, j, inner)));
    }
  }
  for (std::int64_t m = 0; m < dx.rows; ++m) {
    dx(outer, m, inner) = narrow<T>(sums(m * strip + lane));
  }
}

// ---- launchers ---------------------------------------------------------------------------------

void check_views(const char* kernel, Stream& stream, const NamedView& table, const ConstView& index,
                 const NamedView& picked) {
  check_rank(kernel, table, 3);
  check_rank(kernel, {"index", index}, 3);
  check_dtype(kernel, {"index", index}, DType::i64);
  check_shape(kernel, {"index", index}, {table.view.size(0), index.size(1), table.view.size(2)});
  check_shape(kernel, picked, index.shape);
  check_dtype(kernel, picked, table.view.dtype);
  check_values(stream, kernel, "index", index, 0, table.view.size(1) - 1);
}

void forward(Stream& stream, const ConstView& x, const ConstView& index, const View& out) {
  constexpr const char* kernel = "gather";
  check_views(kernel, stream, {"x", x}, index, {"out", out});
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    launch(
        gather_elements<T>,
        Launch{"gather.thread_per_element", stream, blocks_for(out.elements(), threads), threads},
        batch_of<T>(x), batch_of<std::int64_t>(index), batch_of<T>(out));
  });
}

/// Clearing and adding in shared memory pays where a line is looked through many times, and where
/// strips are full and many enough.
bool suits_shared(const View& dx, std::int64_t k, std::size_t line_bytes) {
  return line_bytes <= std::size_t{48} * 1024 && dx.size(1) * k > 64 * (dx.size(1) + k) &&
         dx.size(2) >= strip;
}

template <GatherBackward version, bool always>
void backward(Stream& stream, const ConstView& index, const ConstView& dout, const View& dx) {
  constexpr const char* kernel = "gather_backward";
  check_views(kernel, stream, {"dx", dx}, index, {"dout", dout});
  if (dx.elements() == 0) {
    return;
  }
  dispatch_storage(dx.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const Batch<const std::int64_t> chosen = batch_of<std::int64_t>(index);
    const std::size_t line_bytes =
        static_cast<std::size_t>(dx.size(1)) * strip * sizeof(accumulate_t<T>);
    if (version == GatherBackward::line_in_shared &&
        (always ? line_bytes <= limits_of(stream).shared_bytes
                : suits_shared(dx, index.size(1), line_bytes))) {
      const unsigned strips = blocks_for(dx.size(2), strip);
      launch(sum_lines<T>,
             Launch{"gather_backward.line_in_shared", stream,
                    static_cast<unsigned>(dx.size(0)) * strips, strip, line_bytes},
             chosen, batch_of<T>(dout), batch_of<T>(dx), strips);
      return;
    }
    launch(sum_chosen<T>,
           Launch{"gather_backward.thread_per_source", stream, blocks_for(dx.elements(), threads),
                  threads},
           chosen, batch_of<T>(dout), batch_of<T>(dx));
  });
}

}  // namespace

// thread_per_source has more threads, and is expected to win while n · k is small (labels of a
// loss: k = 1); line_in_shared where lines are looked through often. Not measured yet.
GatherKernels gather_kernels() {
  return {.forward = forward, .backward = backward<GatherBackward::line_in_shared, false>};
}

const std::vector<KernelVersion<GatherKernels>>& gather_versions() {
  static const std::vector<KernelVersion<GatherKernels>> versions = {
      {"thread_per_element", "f32", {.forward = forward, .backward = {}}},
      {"thread_per_source",
       "f32",
       {.forward = {}, .backward = backward<GatherBackward::thread_per_source, true>}},
      {"line_in_shared",
       "f32",
       {.forward = {}, .backward = backward<GatherBackward::line_in_shared, true>}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
