// Element-wise functions: out[i] = f(x[i], …), all views of one shape and any strides.
//
//   unary, affine       here; the functions in elementwise_functions.h
//   unary_backward      elementwise_backward.cu: dx = dy · f′
//   binary              elementwise_binary.cu
//   where, compare      elementwise_compare.cu
//   pair_loss and its gradient    elementwise_pair_loss.cu
//
// All of them are limited by memory: for each byte that arrives, a GPU can issue about seven
// instructions. What there is to learn is how numbers reach the arithmetic, and that is one page
// for all functions: elementwise_loops.h, with the versions scalar, vector and broadcast.
//
// Default: broadcast. It is vector where memory is one run, and never slower than scalar; expected
// from the bytes moved, not measured yet.

#include "kernels/gpu/elementwise_functions.h"
#include "kernels/gpu/elementwise_parts.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

struct AnyUnary {
  UnaryOp op;
  template <typename T>
  __device__ __forceinline__ T operator()(T x) const {
    return narrow<T>(unary_value(op, widen(x)));
  }
};

template <UnaryOp op>
struct FixedUnary {
  template <typename T>
  __device__ __forceinline__ T operator()(T x) const {
    return narrow<T>(unary_value(op, widen(x)));
  }
};

template <typename A>
struct Affine {
  A alpha, beta;
  template <typename T>
  __device__ __forceinline__ T operator()(T x) const {
    return narrow<T>(counted<1>(product_of(alpha, widen(x)) + beta));
  }
};

using UnaryOps = std::make_index_sequence<static_cast<std::size_t>(UnaryOp::softplus) + 1>;

}  // namespace

void unary(ElementwiseVersion version, Stream& stream, UnaryOp op, const ConstView& x,
           const View& out) {
  check_shape("unary", {"out", out}, x.shape);
  check_dtype("unary", {"out", out}, x.dtype);
  check(op <= UnaryOp::softplus, "unary: no operation ", static_cast<int>(op));
  dispatch_storage(x.dtype, "unary", [&]<typename T>(TypeTag<T>) {
    const auto with_fixed = [op](const auto& body) {
      with_constant(op, UnaryOps{}, [&](auto constant) { body(FixedUnary<constant.value>{}); });
    };
    ElementLoop<T, T>::run(version, "elementwise.unary", stream, AnyUnary{op}, with_fixed, out, x);
  });
}

void affine(ElementwiseVersion version, Stream& stream, double alpha, double beta,
            const ConstView& x, const View& out) {
  check_shape("affine", {"out", out}, x.shape);
  check_dtype("affine", {"out", out}, x.dtype);
  dispatch_storage(x.dtype, "affine", [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    const Affine<A> line{static_cast<A>(alpha), static_cast<A>(beta)};
    const auto with_fixed = [&](const auto& body) { body(line); };
    ElementLoop<T, T>::run(version, "elementwise.affine", stream, line, with_fixed, out, x);
  });
}

namespace {

template <ElementwiseVersion version>
ElementwiseKernels table() {
  return {
      .unary = [](Stream& stream, UnaryOp op, const ConstView& x,
                  const View& out) { unary(version, stream, op, x, out); },
      .unary_backward = [](Stream& stream, UnaryOp op, const ConstView& x, const ConstView& y,
                           const ConstView& dy,
                           const View& dx) { unary_backward(version, stream, op, x, y, dy, dx); },
      .binary = [](Stream& stream, BinaryOp op, const ConstView& a, const ConstView& b,
                   const View& out) { binary(version, stream, op, a, b, out); },
      .affine = [](Stream& stream, double alpha, double beta, const ConstView& x,
                   const View& out) { affine(version, stream, alpha, beta, x, out); },
      .where = [](Stream& stream, const ConstView& condition, const ConstView& a,
                  const ConstView& b,
                  const View& out) { where(version, stream, condition, a, b, out); },
      .compare = [](Stream& stream, CompareOp op, const ConstView& a, const ConstView& b,
                    const View& out) { compare(version, stream, op, a, b, out); },
      .pair_loss = [](Stream& stream, PairLoss loss, const ConstView& x, const ConstView& target,
                      const View& out) { pair_loss(version, stream, loss, x, target, out); },
      .pair_loss_backward =
          [](Stream& stream, PairLoss loss, const ConstView& x, const ConstView& target,
             const ConstView& dout,
             const View& dx) { pair_loss_backward(version, stream, loss, x, target, dout, dx); },
  };
}

}  // namespace

ElementwiseKernels elementwise_kernels() { return table<ElementwiseVersion::broadcast>(); }

const std::vector<KernelVersion<ElementwiseKernels>>& elementwise_versions() {
  static const std::vector<KernelVersion<ElementwiseKernels>> all{
      {"scalar", "f32", table<ElementwiseVersion::scalar>()},
      {"vector", "f32", table<ElementwiseVersion::vector>()},
      {"broadcast", "f32", table<ElementwiseVersion::broadcast>()},
  };
  return all;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
