// Backward of cross entropy, from the logits and the saved logsumexp: with p_c = exp(x_c − lse),
//
//   dx_c = dloss ((1−ε) k_t (p_c − [c = t]) + ε/C (p_c Σ k − k_c))
//        = dloss (scale · p_c − ε/C · k_c − sharp [c = t]),   sharp = (1−ε) k_t,
//                                                             scale = sharp + ε/C Σ k
//
// and 0 in ignored rows, whose logits are not read. No sum over the row is left: the least traffic
// is one read and one write, 8 bytes per f32 element, and any element can be computed by itself.
//
//   thread_per_row  one thread walks along its row
//   warp_per_row    32 lanes, 16 bytes a load and a store
//   block_per_row   256 threads

#include "kernels/gpu/cross_entropy.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. dlogits may be logits: each element is written by the thread that read it, and no
/// other is needed.
template <typename T>
struct Backward {
  using A = accumulate_t<T>;
  Matrix<const T> logits;  // [rows, classes]
  CrossEntropyTargets<T> aim;
  Row<const A> weight_sum;  // [1], Σ k; no data: it is the number of classes
  Row<const A> logsumexp;   // [rows]
  Row<const A> dlosses;     // [rows]
  Matrix<T> dlogits;        // [rows, classes]
};

/// What the elements of a row have in common.
template <typename T>
struct RowSlope {
  using A = accumulate_t<T>;
  std::int64_t target;
  bool counts;
  bool weighs_classes;  // ε k_c differs from class to class
  A lse, dloss, sharp, smooth, scale;

  __device__ RowSlope(const Backward<T>& p, std::int64_t row)
      : target(p.aim.targets(row)),
        counts(p.aim.counts(target)),
        weighs_classes(p.aim.class_weights.data != nullptr && p.aim.smoothing != A{0}),
        lse(p.logsumexp(row)),
        dloss(p.dlosses(row)),
        sharp(counts ? counted<2>((A{1} - p.aim.smoothing) * p.aim.weight(target)) : A{0}),
        smooth(counted<1>(p.aim.smoothing / static_cast<A>(p.aim.classes))),
        scale(counted<2>(sharp + smooth * (p.weight_sum.data == nullptr
                                               ? static_cast<A>(p.aim.classes)
                                               : p.weight_sum(0)))) {}

  __device__ __forceinline__ A operator()(const Backward<T>& p, std::int64_t c, A x) const {
    const A of_class = weighs_classes ? counted<1>(smooth * p.aim.weight(c)) : smooth;
    const A slope = counted<3>(scale * exp_of(x - lse) - of_class);
    return counted<1>(dloss * (c == target ? counted<1>(slope - sharp) : slope));
  }
};

/// Σ k by one block of 256 threads.
template <typename T>
__global__ void cross_entropy_weight_sum(Row<const T> class_weights,
                                         Row<accumulate_t<T>> weight_sum) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<BlockReduceShared<A>>();
  A sum = 0;
  for (std::int64_t c = threadIdx.x; c < class_weights.size; c += blockDim.x) {
    counted<1>(sum += widen<T>(class_weights(c)));
  }
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) {
    weight_sum(0) = sum;
  }
}

// thread_per_row
//   grid ⌈rows / 256⌉, block 256, shared 0
//   reads x once, writes dx once; rows longer than a sector (8 numbers) are loaded and stored in
//   pieces that caches have to gather
template <typename T>
__global__ void cross_entropy_backward_thread_per_row(Backward<T> p) {
  using A = accumulate_t<T>;
  const std::int64_t r = row_of_lane<1>();
  if (r >= p.logits.rows) {
    return;
  }
  const RowSlope<T> slope(p, r);
  for (std::int64_t c = 0; c < p.aim.classes; ++c) {
    p.dlogits(r, c) =
        slope.counts ? narrow<T>(slope(p, c, widen<T>(p.logits(r, c)))) : narrow<T>(A{0});
  }
}

/// The walk that warp and block share.
template <typename T, int N>
__device__ __forceinline__ void write_row(const Backward<T>& p, std::int64_t row, int thread,
                                          int threads) {
  using A = accumulate_t<T>;
  const RowSlope<T> slope(p, row);
  const std::int64_t count = slope.counts ? p.aim.classes : 0;
  const std::int64_t tile = std::int64_t{threads} * cross_entropy_values<N>;
  RowPart<T, N, cross_entropy_values<N> / N> part;
  for (std::int64_t first = 0; first < p.aim.classes; first += tile) {
    part.load(from_column(p.logits.row(row), first), thread, threads, count - first, A{0});
    HEDDLE_UNROLL
    for (int k = 0; k < part.size; ++k) {
      const std::int64_t c = first + part.column(k, thread, threads);
      if (c < count) {
        part.value[k] = slope(p, c, part.value[k]);
      }
    }
    part.store(from_column(p.dlogits.row(row), first), thread, threads, count - first, A{0});
  }
}

// warp_per_row
//   grid ⌈rows / 8⌉, block 256 (8 rows), shared 0
//   reads x once, writes dx once: 8 bytes per f32 element
template <typename T, int N>
__global__ void cross_entropy_backward_warp_per_row(Backward<T> p) {
  const std::int64_t row = row_of_lane<32>();
  if (row < p.logits.rows) {
    write_row<T, N>(p, row, lane_in_row<32>(), 32);
  }
}

// block_per_row
//   grid rows, block 256, shared 0
//   reads x once, writes dx once
//   Gains: a row of many classes has 8 times the loads on their way.
template <typename T, int N>
__global__ void cross_entropy_backward_block_per_row(Backward<T> p) {
  write_row<T, N>(p, std::int64_t{blockIdx.x}, static_cast<int>(threadIdx.x),
                  static_cast<int>(blockDim.x));
}

// Launchers.

template <typename T>
void thread_per_row(Stream& stream, const Backward<T>& p) {
  launch(cross_entropy_backward_thread_per_row<T>,
         Launch{"cross_entropy_backward.thread_per_row", stream,
                blocks_for(p.logits.rows, cross_entropy_threads), cross_entropy_threads},
         p);
}

template <typename T>
bool is_aligned(const Backward<T>& p) {
  return has_aligned_rows(p.logits) && has_aligned_rows(p.dlogits);
}

template <typename T>
void warp_per_row(Stream& stream, const Backward<T>& p) {
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    launch(cross_entropy_backward_warp_per_row<T, decltype(vector)::value>,
           Launch{"cross_entropy_backward.warp_per_row", stream,
                  blocks_for(p.logits.rows * 32, cross_entropy_threads), cross_entropy_threads},
           p);
  });
}

template <typename T>
void block_per_row(Stream& stream, const Backward<T>& p) {
  with_row_vector<T>(is_aligned(p), [&](auto vector) {
    launch(cross_entropy_backward_block_per_row<T, decltype(vector)::value>,
           Launch{"cross_entropy_backward.block_per_row", stream,
                  static_cast<unsigned>(p.logits.rows), cross_entropy_threads},
           p);
  });
}

}  // namespace

void cross_entropy_backward(CrossEntropyVersion version, Stream& stream,
                            const CrossEntropyOptions& options, const ConstView& logits,
                            const ConstView& targets, const ConstView& class_weights,
                            const ConstView& logsumexp, const ConstView& dlosses,
                            const View& dlogits) {
  constexpr const char* kernel = "cross_entropy_backward";
  check_cross_entropy(stream, kernel, options, logits, targets, class_weights);
  const DType statistics = statistics_type(logits.dtype);
  check_dense(kernel, {"logsumexp", logsumexp}, {logits.size(0)}, statistics);
  check_dense(kernel, {"dlosses", dlosses}, {logits.size(0)}, statistics);
  check_dense(kernel, {"dlogits", dlogits}, logits.shape, logits.dtype);
  dispatch_storage(logits.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    if (logits.elements() == 0) {
      return;
    }
    const bool needs_sum = class_weights.given && options.label_smoothing != 0.0;
    const Scratch<A> weight_sum(stream, needs_sum ? 1 : 0);
    if (needs_sum) {
      launch(cross_entropy_weight_sum<T>,
             Launch{"cross_entropy_backward.weight_sum", stream, 1, cross_entropy_threads,
                    sizeof(BlockReduceShared<A>)},
             row_of<T>(class_weights), weight_sum.row());
    }
    const Backward<T> p{matrix_of<T>(logits),
                        cross_entropy_targets<T>(options, targets, class_weights, logits.size(1)),
                        {weight_sum.data(), needs_sum ? 1 : 0, 1},
                        row_of<A>(logsumexp),
                        row_of<A>(dlosses),
                        matrix_of<T>(dlogits)};
    switch (version) {
      case CrossEntropyVersion::thread_per_row:
        return thread_per_row(stream, p);
      case CrossEntropyVersion::warp_per_row:
        return warp_per_row(stream, p);
      case CrossEntropyVersion::block_per_row:
        return block_per_row(stream, p);
    }
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
