#pragma once

// What the forward and the backward page of cross entropy share.

#include "kernels/cross_entropy.h"
#include "kernels/gpu/row_group.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class CrossEntropyVersion { thread_per_row, warp_per_row, block_per_row };

constexpr unsigned cross_entropy_threads = 256;  // of every block
/// A thread's logits in registers at a time.
template <int N>
constexpr int cross_entropy_values = N == 1 ? 4 : 8;

/// Expected, until a GPU has measured it: the logits of 16 classes are two or three sectors, which
/// one thread uses fully; up to 2048 classes eight rows a block keep more loads on their way than
/// one; beyond, a warp would walk along its row for too long.
constexpr CrossEntropyVersion cross_entropy_default(std::int64_t classes) {
  return classes <= 16     ? CrossEntropyVersion::thread_per_row
         : classes <= 2048 ? CrossEntropyVersion::warp_per_row
                           : CrossEntropyVersion::block_per_row;
}

/// Targets, class weights and options of one call.
template <typename T>
struct CrossEntropyTargets {
  using A = accumulate_t<T>;
  Row<const std::int64_t> targets;  // [rows]
  Row<const T> class_weights;       // [classes]; no data: 1 everywhere
  std::int64_t classes;
  std::int64_t ignore_index;
  A smoothing;

  __device__ __forceinline__ A weight(std::int64_t c) const {
    return class_weights.data == nullptr ? A{1} : widen<T>(class_weights(c));
  }
  /// Whether the row has a loss. A target that is no class is an error; what is checked on the
  /// device is known late, so that until then the row is passed over.
  __device__ __forceinline__ bool counts(std::int64_t target) const {
    return target != ignore_index && target >= 0 && target < classes;
  }
};

template <typename T>
CrossEntropyTargets<T> cross_entropy_targets(const CrossEntropyOptions& options,
                                             const ConstView& targets,
                                             const ConstView& class_weights, std::int64_t classes) {
  return {row_of<std::int64_t>(targets), row_of<T>(class_weights), classes, options.ignore_index,
          static_cast<accumulate_t<T>>(options.label_smoothing)};
}

/// The type of what is kept per row: sums of bf16 numbers stay in f32.
inline DType statistics_type(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

/// Errors: as the CPU kernels; a target that is no class by `check_values`.
void check_cross_entropy(Stream& stream, const char* kernel, const CrossEntropyOptions& options,
                         const ConstView& logits, const ConstView& targets,
                         const ConstView& class_weights);

/// cross_entropy_backward.cu
void cross_entropy_backward(CrossEntropyVersion version, Stream& stream,
                            const CrossEntropyOptions& options, const ConstView& logits,
                            const ConstView& targets, const ConstView& class_weights,
                            const ConstView& logsumexp, const ConstView& dlosses,
                            const View& dlogits);

}  // namespace heddle::kernels::HEDDLE_BACKEND
