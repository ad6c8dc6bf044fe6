#pragma once

#include "kernels/elementwise.h"
#include "kernels/gpu/elementwise_loops.h"

namespace heddle::kernels::HEDDLE_BACKEND {

// The members of ElementwiseKernels in each version; contracts in kernels/elementwise.h. bf16 is
// read and written as such and computed in f32.

// elementwise.cu
void unary(ElementwiseVersion, Stream&, UnaryOp, const ConstView& x, const View& out);
void affine(ElementwiseVersion, Stream&, double alpha, double beta, const ConstView& x,
            const View& out);
// elementwise_backward.cu
void unary_backward(ElementwiseVersion, Stream&, UnaryOp, const ConstView& x, const ConstView& y,
                    const ConstView& dy, const View& dx);
// elementwise_binary.cu
void binary(ElementwiseVersion, Stream&, BinaryOp, const ConstView& a, const ConstView& b,
            const View& out);
// elementwise_compare.cu
void where(ElementwiseVersion, Stream&, const ConstView& condition, const ConstView& a,
           const ConstView& b, const View& out);
void compare(ElementwiseVersion, Stream&, CompareOp, const ConstView& a, const ConstView& b,
             const View& out);
// elementwise_pair_loss.cu
void pair_loss(ElementwiseVersion, Stream&, PairLoss, const ConstView& x, const ConstView& target,
               const View& out);
void pair_loss_backward(ElementwiseVersion, Stream&, PairLoss, const ConstView& x,
                        const ConstView& target, const ConstView& dout, const View& dx);

}  // namespace heddle::kernels::HEDDLE_BACKEND
