// Softmax and negative log likelihood of one target per row, without writing the softmax:
//
//   lse_r  = log Σ_c exp(x[r, c]) = m + log s,   (m, s) the row's pair (softmax_pair.h)
//   loss_r = (1−ε) k_t (lse_r − x[r, t]) + ε/C Σ_c k_c (lse_r − x[r, c]),   t = targets[r]
//
// logits x [rows, classes], class weights k [classes] (1 where not given), ε label smoothing →
// losses, row_weights (k_t) and logsumexp [rows]; 0, 0 and lse where the target is the ignored one.
// f32, f64; bf16 logits and class weights, whose per-row numbers are f32.
// The row is read and not written: one reading in pairs is all there is to do.
//
//   thread_per_row  one thread reads its row twice, for the maximum and for the sum
//   warp_per_row    32 lanes read the row once, 16 bytes a load, folding it into pairs
//   block_per_row   256 threads do the same, for rows of many thousand classes
//
// Smoothing needs one more sum of the same reading: with a number z close to the row's,
// Σ k_c (lse − x_c) = (lse − z) Σ k_c − Σ k_c (x_c − z); z = x[r, t] keeps both terms small.
// Backward: cross_entropy_backward.cu. Derivations: docs/kernels/cross_entropy.md.

#include <vector>

#include "kernels/gpu/cross_entropy.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

/// One call. Nothing may alias.
template <typename T>
struct CrossEntropy {
  using A = accumulate_t<T>;
  Matrix<const T> logits;  // [rows, classes]
  CrossEntropyTargets<T> aim;
  Row<A> losses;       // [rows]
  Row<A> row_weights;  // [rows]
  Row<A> logsumexp;    // [rows]

  /// z, the number near which smoothing takes its sum; finite.
  __device__ __forceinline__ A centre(std::int64_t row) const {
    const std::int64_t target = aim.targets(row);
    const A x = aim.counts(target) ? widen<T>(logits(row, target)) : A{0};
    return counted<1>(x - x) == A{0} ? x : A{0};
  }

  /// By one thread of the row, when all sums are known: of_weights = Σ k_c, of_distances =
  /// Σ k_c (x_c − z); both are read only where there is smoothing.
  __device__ __forceinline__ void finish(std::int64_t row, const SoftmaxPair<A>& pair, A of_weights,
                                         A of_distances) const {
    const A lse = counted<1>(shift_of(pair.largest) + log_of(pair.sum));
    const std::int64_t target = aim.targets(row);
    A loss = 0;
    A weight = 0;
    if (aim.counts(target)) {
      weight = aim.weight(target);
      loss = counted<2>(weight * (lse - widen<T>(logits(row, target))));
      if (aim.smoothing != A{0}) {
        const A smooth = counted<3>((lse - centre(row)) * of_weights - of_distances);
        loss = counted<5>((A{1} - aim.smoothing) * loss +
                          aim.smoothing / static_cast<A>(aim.classes) * smooth);
      }
    }
    losses(row) = loss;
    row_weights(row) = weight;
    logsumexp(row) = lse;
  }
};

// thread_per_row
//   grid ⌈rows / 256⌉, block 256, shared 0
//   reads x twice (three times with smoothing): 8 bytes per f32 element asked for, but with rows of
//   more than a sector (8 numbers) neighbouring threads load from different ones, and what the L1
//   cache does not keep comes again
//   For a handful of classes this is the best there is: a row is one or two sectors.
template <typename T>
__global__ void cross_entropy_thread_per_row(CrossEntropy<T> p) {
  using A = accumulate_t<T>;
  const std::int64_t r = row_of_lane<1>();
  if (r >= p.logits.rows) {
    return;
  }
  const std::int64_t classes = p.aim.classes;
  SoftmaxPair<A> pair = empty_pair<A>();
  for (std::int64_t c = 0; c < classes; ++c) {
    pair.largest = larger_of(pair.largest, widen<T>(p.logits(r, c)));
  }
  for (std::int64_t c = 0; c < classes; ++c) {
    counted<2>(pair.sum += exp_of(widen<T>(p.logits(r, c)) - shift_of(pair.largest)));
  }
  A of_weights = 0;
  A of_distances = 0;
  if (p.aim.smoothing != A{0}) {
    const A z = p.centre(r);
    for (std::int64_t c = 0; c < classes; ++c) {
      counted<1>(of_weights += p.aim.weight(c));
      counted<3>(of_distances += p.aim.weight(c) * (widen<T>(p.logits(r, c)) - z));
    }
  }
  p.finish(r, pair, of_weights, of_distances);
}

/// The reading that warp and block share. Lanes past the last row go along without counting.
template <typename T, int N, typename Group>
__device__ __forceinline__ void read_row(const CrossEntropy<T>& p, const RowPlace& place,
                                         const Group& group) {
  using A = accumulate_t<T>;
  const std::int64_t classes = place.exists ? p.aim.classes : 0;
  const bool smooths = p.aim.smoothing != A{0};
  const A z = smooths ? p.centre(place.row) : A{0};
  const std::int64_t tile = std::int64_t{group.threads} * cross_entropy_values<N>;
  RowPart<T, N, cross_entropy_values<N> / N> part;
  SoftmaxPair<A> pair = empty_pair<A>();
  A of_weights = 0;
  A of_distances = 0;
  for (std::int64_t first = 0; first < classes; first += tile) {
    part.load(from_column(p.logits.row(place.row), first), group.thread, group.threads,
              classes - first, -infinity_of<A>());
    pair = merge(pair, pair_of(part.value));
    if (smooths) {
      HEDDLE_UNROLL
      for (int k = 0; k < part.size; ++k) {
        const std::int64_t c = first + part.column(k, group.thread, group.threads);
        if (c < classes) {
          const A weight = p.aim.weight(c);
          counted<1>(of_weights += weight);
          counted<3>(of_distances += weight * (part.value[k] - z));
        }
      }
    }
  }
  pair = group.merged(pair);
  if (smooths) {
    of_weights = group.sum(of_weights);
    of_distances = group.sum(of_distances);
  }
  if (place.exists && group.thread == 0) {
    p.finish(place.row, pair, of_weights, of_distances);
  }
}

// warp_per_row
//   grid ⌈rows / 8⌉, block 256 (8 rows), shared 0
//   reads x once, 4 bytes per f32 element; with smoothing the class weights too, which caches hold
//   Gains: one reading, whole sectors, 16-byte loads, no barrier.
//   Loses: few classes leave lanes idle; very many are a long way for 32 lanes.
template <typename T, int N>
__global__ void cross_entropy_warp_per_row(CrossEntropy<T> p) {
  read_row<T, N>(p, place_of_lane<32>(p.logits.rows), WarpOfRow{});
}

// block_per_row
//   grid rows, block 256, shared 96 numbers
//   reads x once
//   Gains: 256 threads' loads are on their way for one row.
//   Loses: two barriers, or six with smoothing, and the time in which one thread ends the row.
template <typename T, int N>
__global__ void cross_entropy_block_per_row(CrossEntropy<T> p) {
  using A = accumulate_t<T>;
  const BlockOfRow<A> block{shared_memory<BlockOfRowShared<A>>()};
  read_row<T, N>(p, {std::int64_t{blockIdx.x}, true}, block);
}

// Launchers.

template <typename T>
void thread_per_row(Stream& stream, const CrossEntropy<T>& p) {
  launch(cross_entropy_thread_per_row<T>,
         Launch{"cross_entropy.thread_per_row", stream,
                blocks_for(p.logits.rows, cross_entropy_threads), cross_entropy_threads},
         p);
}

template <typename T>
void warp_per_row(Stream& stream, const CrossEntropy<T>& p) {
  with_row_vector<T>(has_aligned_rows(p.logits), [&](auto vector) {
    launch(cross_entropy_warp_per_row<T, decltype(vector)::value>,
           Launch{"cross_entropy.warp_per_row", stream,
                  blocks_for(p.logits.rows * 32, cross_entropy_threads), cross_entropy_threads},
           p);
  });
}

template <typename T>
void block_per_row(Stream& stream, const CrossEntropy<T>& p) {
  with_row_vector<T>(has_aligned_rows(p.logits), [&](auto vector) {
    launch(cross_entropy_block_per_row<T, decltype(vector)::value>,
           Launch{"cross_entropy.block_per_row", stream, static_cast<unsigned>(p.logits.rows),
                  cross_entropy_threads, sizeof(BlockOfRowShared<accumulate_t<T>>)},
           p);
  });
}

void cross_entropy(CrossEntropyVersion version, Stream& stream, const CrossEntropyOptions& options,
                   const ConstView& logits, const ConstView& targets,
                   const ConstView& class_weights, const View& losses, const View& row_weights,
                   const View& logsumexp) {
  constexpr const char* kernel = "cross_entropy";
  check_cross_entropy(stream, kernel, options, logits, targets, class_weights);
  for (const NamedView& view : {NamedView{"losses", losses}, NamedView{"row_weights", row_weights},
                                NamedView{"logsumexp", logsumexp}}) {
    check_dense(kernel, view, {logits.size(0)}, statistics_type(logits.dtype));
  }
  dispatch_storage(logits.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    if (logits.size(0) == 0) {
      return;
    }
    const CrossEntropy<T> p{
        matrix_of<T>(logits),
        cross_entropy_targets<T>(options, targets, class_weights, logits.size(1)),
        row_of<A>(losses), row_of<A>(row_weights), row_of<A>(logsumexp)};
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

/// `chosen(classes)` says which version runs.
template <auto chosen>
constexpr CrossEntropyKernels table_of() {
  return {.forward =
              [](Stream& stream, const CrossEntropyOptions& options, const ConstView& logits,
                 const ConstView& targets, const ConstView& class_weights, const View& losses,
                 const View& row_weights, const View& logsumexp) {
                check_rank("cross_entropy", {"logits", logits}, 2);
                cross_entropy(chosen(logits.size(1)), stream, options, logits, targets,
                              class_weights, losses, row_weights, logsumexp);
              },
          .backward =
              [](Stream& stream, const CrossEntropyOptions& options, const ConstView& logits,
                 const ConstView& targets, const ConstView& class_weights,
                 const ConstView& logsumexp, const ConstView& dlosses, const View& dlogits) {
                check_rank("cross_entropy_backward", {"logits", logits}, 2);
                cross_entropy_backward(chosen(logits.size(1)), stream, options, logits, targets,
                                       class_weights, logsumexp, dlosses, dlogits);
              }};
}

template <CrossEntropyVersion version>
constexpr CrossEntropyVersion always(std::int64_t) {
  return version;
}

}  // namespace

void check_cross_entropy(Stream& stream, const char* kernel, const CrossEntropyOptions& options,
                         const ConstView& logits, const ConstView& targets,
                         const ConstView& class_weights) {
  check_rank(kernel, {"logits", logits}, 2);
  check_dense(kernel, {"logits", logits}, logits.shape, logits.dtype);
  check_dense(kernel, {"targets", targets}, {logits.size(0)}, DType::i64);
  if (class_weights.given) {
    check_dense(kernel, {"class_weights", class_weights}, {logits.size(1)}, logits.dtype);
  }
  check(options.label_smoothing >= 0.0 && options.label_smoothing <= 1.0, kernel,
        ": label_smoothing is ", options.label_smoothing, "; expected 0 … 1");
  check_values(stream, kernel, "targets", targets, 0, logits.size(1) - 1, options.ignore_index);
}

CrossEntropyKernels cross_entropy_kernels() { return table_of<cross_entropy_default>(); }

const std::vector<KernelVersion<CrossEntropyKernels>>& cross_entropy_versions() {
  using enum CrossEntropyVersion;
  static const std::vector<KernelVersion<CrossEntropyKernels>> versions{
      {"thread_per_row", "f32", table_of<always<thread_per_row>>()},
      {"warp_per_row", "f32", table_of<always<warp_per_row>>()},
      {"block_per_row", "f32", table_of<always<block_per_row>>()},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
