#pragma once

#include "kernels/elementwise.h"

namespace heddle::cpu {

// The members of ElementwiseKernels, each in its own file.
void unary(Stream&, UnaryOp, const ConstView& x, const View& out);
void unary_backward(Stream&, UnaryOp, const ConstView& x, const ConstView& y, const ConstView& dy,
                    const View& dx);
void binary(Stream&, BinaryOp, const ConstView& a, const ConstView& b, const View& out);
void affine(Stream&, double alpha, double beta, const ConstView& x, const View& out);
void where(Stream&, const ConstView& condition, const ConstView& a, const ConstView& b,
           const View& out);
void compare(Stream&, CompareOp, const ConstView& a, const ConstView& b, const View& out);
void pair_loss(Stream&, PairLoss, const ConstView& x, const ConstView& target, const View& out);
void pair_loss_backward(Stream&, PairLoss, const ConstView& x, const ConstView& target,
                        const ConstView& dout, const View& dx);

// Elements per tile: so many that starting a tile costs nothing beside its work, few enough that
// two cores share 16 thousand exponentials.
constexpr std::int64_t cheap_tile = 32768;       // limited by memory
constexpr std::int64_t exponential_tile = 8192;  // some ten operations per element
constexpr std::int64_t library_tile = 2048;      // a call per element

template <typename T>
constexpr std::int64_t tile_of_exponential =
    std::is_same_v<T, float> ? exponential_tile : library_tile;

}  // namespace heddle::cpu
