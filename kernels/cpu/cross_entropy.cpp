#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/extreme.h"
#include "kernels/cpu/tree_sum.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/vector_math.h"
#include "kernels/cpu/wide_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 8192;  // logits per tile

std::int64_t rows_per_tile(std::int64_t classes) {
  return std::max<std::int64_t>(1, tile_elements / std::max<std::int64_t>(classes, 1));
}

template <typename T>
T row_logsumexp(const T* x, std::int64_t classes) {
  // A NaN is not lost: its exponential makes the whole row NaN.
  const T largest = dense_extreme<LargestOrNaN>(x, classes);
  const T shift = std::isfinite(largest) ? largest : T{0};
  T terms[sum_block];
  const T sum = tree_sum<T>(classes, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      terms[i] = vector_exp(x[begin + i] - shift);
    }
    return terms;
  });
  return shift + vector_log(sum);
}

/// Σ_c k_c (lse − x_c)
template <typename T>
T smooth_part(const T* x, const T* weights, T lse, std::int64_t classes) {
  T terms[sum_block];
  return tree_sum<T>(classes, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      terms[i] = lse - x[begin + i];
    }
    for (std::int64_t i = 0; weights != nullptr && i < count; ++i) {
      terms[i] = weights[begin + i] * terms[i];
    }
    return terms;
  });
}

/// The views and options of one call, typed.
template <typename T>
struct Problem {
  const T* logits;
  const std::int64_t* targets;
  const T* weights;  // null: 1 for every class
  std::int64_t rows, classes, ignore_index;
  T smoothing;

  Problem(const CrossEntropyOptions& options, const ConstView& x, const ConstView& t,
          const ConstView& k)
      : logits(x.pointer<T>()),
        targets(t.pointer<std::int64_t>()),
        weights(k.given ? k.pointer<T>() : nullptr),
        rows(x.size(0)),
        classes(x.size(1)),
        ignore_index(options.ignore_index),
        smoothing(static_cast<T>(options.label_smoothing)) {}

  bool is_ignored(std::int64_t row) const { return targets[row] == ignore_index; }
  T weight(std::int64_t c) const { return weights == nullptr ? T{1} : weights[c]; }
};

template <typename T>
void row_loss(const Problem<T>& problem, std::int64_t row, T& loss, T& row_weight, T& lse) {
  const T* const x = problem.logits + row * problem.classes;
  lse = row_logsumexp(x, problem.classes);
  if (problem.is_ignored(row)) {
    loss = 0;
    row_weight = 0;
    return;
  }
  const std::int64_t target = problem.targets[row];
  row_weight = problem.weight(target);
  loss = row_weight * (lse - x[target]);
  if (problem.smoothing != 0) {
    const T smooth = smooth_part(x, problem.weights, lse, problem.classes);
    loss = (1 - problem.smoothing) * loss +
           problem.smoothing / static_cast<T>(problem.classes) * smooth;
  }
}

/// With p_c = exp(x_c − lse): ∂loss/∂x_c = (1−ε) k_t (p_c − [c = t]) + ε/C (p_c Σk − k_c).
template <typename T>
void row_gradient(const Problem<T>& problem, T weight_sum, std::int64_t row, T lse, T dloss,
                  T* dx) {
  if (problem.is_ignored(row)) {
    std::fill_n(dx, problem.classes, T{0});
    return;
  }
  const T* const x = problem.logits + row * problem.classes;
  const std::int64_t target = problem.targets[row];
  const T sharp = (1 - problem.smoothing) * problem.weight(target);
  const T smooth = problem.smoothing / static_cast<T>(problem.classes);
  const T scale = sharp + smooth * weight_sum;
  if (problem.weights == nullptr || smooth == 0) {
    HEDDLE_INDEPENDENT
    for (std::int64_t c = 0; c < problem.classes; ++c) {
      dx[c] = scale * vector_exp(x[c] - lse) - smooth;
    }
  } else {
    const T* const weights = problem.weights;
    HEDDLE_INDEPENDENT
    for (std::int64_t c = 0; c < problem.classes; ++c) {
      dx[c] = scale * vector_exp(x[c] - lse) - smooth * weights[c];
    }
  }
  dx[target] -= sharp;
  HEDDLE_INDEPENDENT
  for (std::int64_t c = 0; c < problem.classes; ++c) {
    dx[c] = dloss * dx[c];
  }
}

void check_targets(const char* kernel, const CrossEntropyOptions& options, const ConstView& targets,
                   std::int64_t classes) {
  const auto* target = targets.pointer<std::int64_t>();
  for (std::int64_t row = 0; row < targets.size(0); ++row) {
    check(target[row] == options.ignore_index || (target[row] >= 0 && target[row] < classes),
          kernel, ": the target of row ", row, " is ", target[row], "; expected 0 ≤ target < ",
          classes, ", the classes, or ", options.ignore_index, " to ignore the row");
  }
}

void check_operands(const char* kernel, const CrossEntropyOptions& options, const ConstView& logits,
                    const ConstView& targets, const ConstView& class_weights) {
  check_rank(kernel, {"logits", logits}, 2);
  check_dense(kernel, {"logits", logits}, logits.shape, logits.dtype);
  check_dense(kernel, {"targets", targets}, {logits.size(0)}, DType::i64);
  if (class_weights.given) {
    check_dense(kernel, {"class_weights", class_weights}, {logits.size(1)}, logits.dtype);
  }
  check(options.label_smoothing >= 0.0 && options.label_smoothing <= 1.0, kernel,
        ": label_smoothing is ", options.label_smoothing, "; expected 0 … 1");
  check_targets(kernel, options, targets, logits.size(1));
}

void forward(Stream&, const CrossEntropyOptions& options, const ConstView& logits,
             const ConstView& targets, const ConstView& class_weights, const View& losses,
             const View& row_weights, const View& logsumexp) {
  constexpr const char* kernel = "cross_entropy";
  check_operands(kernel, options, logits, targets, class_weights);
  for (const NamedView& view : {NamedView{"losses", losses}, NamedView{"row_weights", row_weights},
                                NamedView{"logsumexp", logsumexp}}) {
    check_dense(kernel, view, {logits.size(0)}, logits.dtype);
  }
  dispatch_floating(logits.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const Problem<T> problem(options, logits, targets, class_weights);
    parallel_ranges(problem.rows, rows_per_tile(problem.classes),
                    [&](std::int64_t begin, std::int64_t end) {
                      run_widest([&] {
                        for (std::int64_t r = begin; r < end; ++r) {
                          row_loss(problem, r, losses.pointer<T>()[r], row_weights.pointer<T>()[r],
                                   logsumexp.pointer<T>()[r]);
                        }
                      });
                    });
  });
}

void backward(Stream&, const CrossEntropyOptions& options, const ConstView& logits,
              const ConstView& targets, const ConstView& class_weights, const ConstView& logsumexp,
              const ConstView& dlosses, const View& dlogits) {
  constexpr const char* kernel = "cross_entropy_backward";
  check_operands(kernel, options, logits, targets, class_weights);
  check_dense(kernel, {"logsumexp", logsumexp}, {logits.size(0)}, logits.dtype);
  check_dense(kernel, {"dlosses", dlosses}, {logits.size(0)}, logits.dtype);
  check_dense(kernel, {"dlogits", dlogits}, logits.shape, logits.dtype);
  dispatch_floating(logits.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const Problem<T> problem(options, logits, targets, class_weights);
    const T weight_sum = problem.weights == nullptr ? static_cast<T>(problem.classes)
                                                    : tree_sum(problem.weights, problem.classes);
    parallel_ranges(
        problem.rows, rows_per_tile(problem.classes), [&](std::int64_t begin, std::int64_t end) {
          run_widest([&] {
            for (std::int64_t r = begin; r < end; ++r) {
              row_gradient(problem, weight_sum, r, logsumexp.pointer<T>()[r],
                           dlosses.pointer<T>()[r], dlogits.pointer<T>() + r * problem.classes);
            }
          });
        });
  });
}

}  // namespace

CrossEntropyKernels cross_entropy_kernels() { return {.forward = forward, .backward = backward}; }

}  // namespace heddle::cpu
