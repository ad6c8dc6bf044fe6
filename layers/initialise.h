#pragma once

#include <cstdint>

#include "core/random.h"
#include "core/tensor.h"

namespace heddle {

// First values of parameters. Everything is drawn on the host, element i from the i-th draw of the
// generator, in f32 or f64. Errors: a negative size, a type that is not floating.

/// Uniform in ±√(6 / (fan_in + fan_out)): keeps the variance of signals and of gradients through
/// layers with a slope of 1 at 0. Glorot & Bengio, AISTATS 2010, eq. 16.
Tensor xavier_uniform(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out,
                      Generator& generator, DType dtype = DType::f32);
/// Normal with deviation √(2 / (fan_in + fan_out)).
Tensor xavier_normal(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out,
                     Generator& generator, DType dtype = DType::f32);
/// Uniform in ±√(6 / fan_in): for layers followed by relu, which halves the variance. He et al.,
/// arXiv 1502.01852, §2.2.
Tensor he_uniform(const Shape& shape, std::int64_t fan_in, Generator& generator,
                  DType dtype = DType::f32);
/// [rows, cols] with orthonormal rows (rows ≤ cols) or columns (rows > cols), uniform over all such
/// matrices: Q of a normal matrix, signs chosen so that the diagonal of R is positive. Saxe et al.,
/// arXiv 1312.6120; Mezzadri, arXiv math-ph/0609050 (the signs).
Tensor orthogonal(std::int64_t rows, std::int64_t cols, Generator& generator,
                  DType dtype = DType::f32);
/// Normal with this deviation, for embedding tables.
Tensor embedding_normal(std::int64_t rows, std::int64_t width, double deviation,
                        Generator& generator, DType dtype = DType::f32);
/// The bias [directions, 4·hidden] of an LSTM with gates in the order i, f, g, o: 0, but 1 for the
/// forget gate, so that cells remember from the first step on. Jozefowicz et al., ICML 2015.
Tensor forget_bias_one(std::int64_t directions, std::int64_t hidden, DType dtype = DType::f32);

}  // namespace heddle
