#include "tests/support/samples.h"

#include <span>
#include <vector>

#include "core/random.h"

namespace heddle {

Tensor numbers(const Shape& shape, std::uint64_t seed, double low, double high) {
  Generator generator(seed);
  return random_uniform(shape, low, high, generator, DType::f64);
}

Variable leaf(const Shape& shape, std::uint64_t seed, double low, double high) {
  return Variable(numbers(shape, seed, low, high), true);
}

Variable leaf_away_from_zero(const Shape& shape, std::uint64_t seed) {
  Tensor values = numbers(shape, seed, -1.3, 1.3);
  double* const first = values.mutable_data<double>();
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    first[i] += first[i] < 0.0 ? -0.2 : 0.2;
  }
  return Variable(values, true);
}

Variable leaf_of_distinct(const Shape& shape, std::uint64_t seed) {
  Tensor values = Tensor::empty(shape, DType::f64);
  Generator generator(seed);
  const std::int64_t count = values.elements();
  const std::vector<std::int64_t> order = generator.permutation(count);
  double* const first = values.mutable_data<double>();
  for (std::int64_t i = 0; i < count; ++i) {
    first[i] = 0.1 * static_cast<double>(order[static_cast<std::size_t>(i)] - count / 2);
  }
  return Variable(values, true);
}

Tensor integers(std::initializer_list<std::int64_t> values, const Shape& shape) {
  return Tensor::from(values, shape);
}

Tensor booleans(std::initializer_list<bool> values, const Shape& shape) {
  return Tensor::from(values, shape);
}

Tensor beside(const Tensor& operand, const Variable& x) {
  if (!operand.defined()) {
    return operand;
  }
  const Tensor moved = operand.to(x.device());
  return is_floating(moved.dtype()) ? moved.to(x.dtype()) : moved;
}

Variable variable_beside(const Tensor& operand, const Variable& x) {
  return operand.defined() ? Variable(beside(operand, x)) : Variable();
}

Variable zeros_of(const Shape& shape, DType dtype) { return Variable(Tensor::zeros(shape, dtype)); }

}  // namespace heddle
