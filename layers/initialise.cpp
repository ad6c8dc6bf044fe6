#include "layers/initialise.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/error.h"

namespace heddle {
namespace {

double checked_fan(std::int64_t fan, const char* what) {
  check(fan > 0, what, ": the number of connections is ", fan, "; expected at least 1");
  return static_cast<double>(fan);
}

/// Makes the `count` vectors of length `width` (rows of `vectors`) orthonormal in order, by the
/// modified Gram-Schmidt process, twice: the second round removes what rounding left of the first.
/// Equal to QR with a positive diagonal of R, since each vector is scaled by a positive number.
void orthonormalise(std::vector<double>& vectors, std::int64_t count, std::int64_t width) {
  for (std::int64_t i = 0; i < count; ++i) {
    double* const vector = vectors.data() + i * width;
    for (int round = 0; round < 2; ++round) {
      for (std::int64_t j = 0; j < i; ++j) {
        const double* const earlier = vectors.data() + j * width;
        double product = 0.0;
        for (std::int64_t k = 0; k < width; ++k) {
          product += vector[k] * earlier[k];
        }
        for (std::int64_t k = 0; k < width; ++k) {
          vector[k] -= product * earlier[k];
        }
      }
    }
    double square = 0.0;
    for (std::int64_t k = 0; k < width; ++k) {
      square += vector[k] * vector[k];
    }
    const double scale = 1.0 / std::sqrt(square);
    for (std::int64_t k = 0; k < width; ++k) {
      vector[k] *= scale;
    }
  }
}

}  // namespace

Tensor xavier_uniform(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out,
                      Generator& generator, DType dtype) {
  const double bound = std::sqrt(
      6.0 / (checked_fan(fan_in, "xavier_uniform") + checked_fan(fan_out, "xavier_uniform")));
  return random_uniform(shape, -bound, bound, generator, dtype);
}

Tensor xavier_normal(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out,
                     Generator& generator, DType dtype) {
  const double deviation = std::sqrt(
      2.0 / (checked_fan(fan_in, "xavier_normal") + checked_fan(fan_out, "xavier_normal")));
  return random_normal(shape, 0.0, deviation, generator, dtype);
}

Tensor he_uniform(const Shape& shape, std::int64_t fan_in, Generator& generator, DType dtype) {
  const double bound = std::sqrt(6.0 / checked_fan(fan_in, "he_uniform"));
  return random_uniform(shape, -bound, bound, generator, dtype);
}

Tensor orthogonal(std::int64_t rows, std::int64_t cols, Generator& generator, DType dtype) {
  const bool wide = rows <= cols;
  const std::int64_t count = wide ? rows : cols;
  const std::int64_t width = wide ? cols : rows;
  std::vector<double> vectors =
      random_normal({count, width}, 0.0, 1.0, generator, DType::f64).to_vector<double>();
  orthonormalise(vectors, count, width);
  const Tensor result = Tensor::from<double>(vectors, {count, width});
  return (wide ? result : result.transpose(0, 1).contiguous()).to(dtype);
}

Tensor embedding_normal(std::int64_t rows, std::int64_t width, double deviation,
                        Generator& generator, DType dtype) {
  return random_normal({rows, width}, 0.0, deviation, generator, dtype);
}

Tensor forget_bias_one(std::int64_t directions, std::int64_t hidden, DType dtype) {
  Tensor bias = Tensor::zeros({directions, 4 * hidden}, dtype);
  bias.slice(1, hidden, 2 * hidden).fill_(1.0);
  return bias;
}

}  // namespace heddle
