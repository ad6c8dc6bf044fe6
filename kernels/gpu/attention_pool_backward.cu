// Backward of attention pooling, from u, w and the saved weights a:
//
//   g[t, b] = dpooled[b] · u[t, b] + da[t, b]          what a weight's growth would bring
//   de[t, b] = a (g − Σ_t a g)                         through the softmax
//   du[t, b] = a dpooled[b] + de w                     0 past a row's length
//   dw = Σ_{t, b} de[t, b] u[t, b]
//
// u is read for g and again for dw; du is written once: 12 bytes per f32 element at least, 4 of
// which a cache may give. dw is a sum over all rows: each row of the batch writes its own part, and
// a second launch adds the parts in a fixed order (column_sums.h).
//
//   three_kernels  g, de, then du and the parts of dw, with g and de in memory
//   fused          a block per row of the batch, g and de in shared memory

#include "kernels/gpu/attention_pool.h"
#include "kernels/gpu/column_sums.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. Nothing may alias.
template <typename T>
struct Backward {
  using A = accumulate_t<T>;
  Batch<const T> u;         // [time, batch, hidden]
  Row<const T> w;           // [hidden]
  Lengths lengths;          // [batch]
  Matrix<const T> a;        // [time, batch]
  Matrix<const T> dpooled;  // [batch, hidden]
  Matrix<const T> da;       // [time, batch], or no data: 0
  Batch<T> du;              // [time, batch, hidden]
  Matrix<A> dw_parts;       // [batch, hidden]

  std::int64_t time() const { return a.rows; }
  std::int64_t batch() const { return a.cols; }
};

/// g of the time steps that a warp takes together; lane 0 stores them.
template <typename T, int N, typename Slopes>
__device__ __forceinline__ void slopes_of_weights(const Backward<T>& p, std::int64_t b,
                                                  std::int64_t first, std::int64_t length,
                                                  const Slopes& slopes) {
  accumulate_t<T> sum[attention_pool_steps];
  dot_steps<T, N>(p.u, b, first, length, p.dpooled.row(b), sum);
  HEDDLE_UNROLL
  for (int s = 0; s < attention_pool_steps; ++s) {
    const std::int64_t t = first + s;
    if (lane_in_row<32>() == 0 && t < length) {
      slopes(t) = p.da.data == nullptr ? sum[s] : counted<1>(sum[s] + widen<T>(p.da(t, b)));
    }
  }
}

/// g becomes de in place, by a block.
template <typename T, typename Slopes>
__device__ __forceinline__ void slopes_of_scores(const Backward<T>& p, std::int64_t b,
                                                 std::int64_t length, const Slopes& slopes,
                                                 const BlockOfRow<accumulate_t<T>>& block) {
  using A = accumulate_t<T>;
  A mean = 0;
  for (std::int64_t t = block.thread; t < length; t += block.threads) {
    const A g = slopes(t);
    mean = multiply_add(widen<T>(p.a(t, b)), g, mean);
  }
  mean = block.sum(mean);
  for (std::int64_t t = block.thread; t < length; t += block.threads) {
    const A g = slopes(t);
    slopes(t) = counted<2>(widen<T>(p.a(t, b)) * (g - mean));
  }
}

/// One column of du and of the row's part of dw, by one thread.
template <typename T, typename Slopes>
__device__ __forceinline__ void gradient_column(const Backward<T>& p, std::int64_t b,
                                                std::int64_t j, std::int64_t length,
                                                const Slopes& slopes) {
  using A = accumulate_t<T>;
  const A dpooled = widen<T>(p.dpooled(b, j));
  const A w = widen<T>(p.w(j));
  A dw = 0;
  for (std::int64_t t = 0; t < length; ++t) {
    const A slope = slopes(t);
    dw = multiply_add(slope, widen<T>(p.u(t, b, j)), dw);
    p.du(t, b, j) = narrow<T>(counted<3>(widen<T>(p.a(t, b)) * dpooled + slope * w));
  }
  for (std::int64_t t = length; t < p.a.rows; ++t) {
    p.du(t, b, j) = narrow<T>(A{0});
  }
  p.dw_parts(b, j) = dw;
}

// three_kernels, 1: g [batch, time]
//   grid: a warp for 4 time steps of a row of the batch, block 256, shared 0
//   reads u once
template <typename T, int N>
__global__ void attention_pool_backward_weights(Backward<T> p, Matrix<accumulate_t<T>> slopes) {
  const StepPlace place = place_of_steps(p.a.rows);
  if (place.b < p.a.cols) {  // or not, for the whole warp
    slopes_of_weights<T, N>(p, place.b, place.first, p.lengths[place.b], slopes.row(place.b));
  }
}

// three_kernels, 2: de in the place of g
//   grid batch, block 256, shared 96 numbers
//   reads g and a twice; a's elements stand `batch` apart
template <typename T>
__global__ void attention_pool_backward_scores(Backward<T> p, Matrix<accumulate_t<T>> slopes) {
  using A = accumulate_t<T>;
  const std::int64_t b = blockIdx.x;
  slopes_of_scores(p, b, p.lengths[b], slopes.row(b),
                   BlockOfRow<A>{shared_memory<BlockOfRowShared<A>>()});
}

// three_kernels, 3: du and the parts of dw
//   grid batch × ⌈hidden / 256⌉, block 256, shared 0
//   reads u, writes du
template <typename T>
__global__ void attention_pool_backward_sums(Backward<T> p, Matrix<const accumulate_t<T>> slopes) {
  const std::int64_t b = blockIdx.x;
  const std::int64_t j = std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x;
  if (j < p.dpooled.cols) {
    gradient_column(p, b, j, p.lengths[b], slopes.row(b));
  }
}

// fused
//   grid batch, block 256, shared 96 numbers and one per time step
//   reads u twice, the second time from a cache while the row's sequence fits; writes du and the
//   row's part of dw
//   Gains: one launch (and the one that adds the parts), no g and de in memory.
//   Loses: as forward, idle multiprocessors where the batch is small.
template <typename T, int N>
__global__ void attention_pool_backward_fused(Backward<T> p) {
  using A = accumulate_t<T>;
  const BlockOfRow<A> block{shared_memory<BlockOfRowShared<A>>()};
  const auto slopes = shared_elements<A>(attention_pool_offset<A>, p.a.rows);
  const std::int64_t b = blockIdx.x;
  const std::int64_t length = p.lengths[b];
  const int warp = block.thread / 32;
  const int warps = block.threads / 32;
  for (std::int64_t first = std::int64_t{warp} * attention_pool_steps; first < length;
       first += std::int64_t{warps} * attention_pool_steps) {
    slopes_of_weights<T, N>(p, b, first, length, slopes);
  }
  sync_threads();
  slopes_of_scores(p, b, length, slopes, block);
  sync_threads();
  for (std::int64_t j = block.thread; j < p.dpooled.cols; j += block.threads) {
    gradient_column(p, b, j, length, slopes);
  }
}

// Launchers.

template <typename A>
Matrix<const A> as_const(const Matrix<A>& matrix) {
  return {matrix.data, matrix.rows, matrix.cols, matrix.row_stride, matrix.col_stride};
}

template <typename T>
void three_kernels(Stream& stream, const Backward<T>& p, bool aligned) {
  using A = accumulate_t<T>;
  const Scratch<A> memory(stream, p.time() * p.batch());
  const Matrix<A> slopes = memory.matrix(p.batch(), p.time());
  if (p.time() > 0) {
    with_row_vector<T>(aligned, [&](auto vector) {
      launch(attention_pool_backward_weights<T, decltype(vector)::value>,
             Launch{"attention_pool_backward.weights", stream, blocks_of_steps(p.time(), p.batch()),
                    attention_pool_threads},
             p, slopes);
    });
  }
  launch(attention_pool_backward_scores<T>,
         Launch{"attention_pool_backward.scores", stream, static_cast<unsigned>(p.batch()),
                attention_pool_threads, sizeof(BlockOfRowShared<A>)},
         p, slopes);
  launch(attention_pool_backward_sums<T>,
         Launch{"attention_pool_backward.sums", stream,
                dim3(static_cast<unsigned>(p.batch()),
                     blocks_for(p.dpooled.cols, attention_pool_threads)),
                attention_pool_threads},
         p, as_const(slopes));
}

template <typename T>
void fused(Stream& stream, const Backward<T>& p, bool aligned) {
  if (p.time() > attention_pool_most_time<accumulate_t<T>>) {
    three_kernels(stream, p, aligned);
    return;
  }
  with_row_vector<T>(aligned, [&](auto vector) {
    launch(attention_pool_backward_fused<T, decltype(vector)::value>,
           Launch{"attention_pool_backward.fused", stream, static_cast<unsigned>(p.batch()),
                  attention_pool_threads, attention_pool_shared_bytes<accumulate_t<T>>(p.time())},
           p);
  });
}

}  // namespace

void attention_pool_backward(AttentionPoolVersion version, Stream& stream, const ConstView& u,
                             const ConstView& w, const ConstView& lengths, const ConstView& a,
                             const ConstView& dpooled, const ConstView& da, const View& du,
                             const View& dw) {
  constexpr const char* kernel = "attention_pool";
  check_rank(kernel, {"u", u}, 3);
  dispatch_storage(u.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    const std::int64_t time = u.size(0);
    const std::int64_t batch = u.size(1);
    const std::int64_t hidden = u.size(2);
    check_dense(kernel, {"u", u}, u.shape, u.dtype);
    check_dense(kernel, {"w", w}, {hidden}, u.dtype);
    const Lengths counts = lengths_of(stream, kernel, lengths, batch, time);
    check_dense(kernel, {"a", a}, {time, batch}, u.dtype);
    check_dense(kernel, {"dpooled", dpooled}, {batch, hidden}, u.dtype);
    if (da.given) {
      check_dense(kernel, {"da", da}, {time, batch}, u.dtype);
    }
    check_dense(kernel, {"du", du}, u.shape, u.dtype);
    check_dense(kernel, {"dw", dw}, w.shape, u.dtype);
    const Scratch<A> parts(stream, batch * hidden);
    const Backward<T> p{
        batch_of<T>(u),        row_of<T>(w),     counts,          matrix_of<T>(a),
        matrix_of<T>(dpooled), matrix_of<T>(da), batch_of<T>(du), parts.matrix(batch, hidden)};
    const bool aligned = vector_width<T>(u.data, hidden, hidden) >= row_vector<T> &&
                         vector_width<T>(dpooled.data, hidden, hidden) >= row_vector<T>;
    if (batch > 0) {
      version == AttentionPoolVersion::fused ? fused(stream, p, aligned)
                                             : three_kernels(stream, p, aligned);
    }
    launch_sum_columns<T>(stream, "attention_pool_backward.dw", as_const(p.dw_parts),
                          row_of<T>(dw));
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
