#pragma once

#include <cstdint>
#include <initializer_list>

#include "autograd/variable.h"

namespace heddle {

// Operands for examples. All random ones come from `seed` alone.

/// An f64 leaf with uniform numbers.
Variable leaf(const Shape& shape, std::uint64_t seed, double low = -1.5, double high = 1.5);
/// At least 0.2 from 0, where some operations have a kink.
Variable leaf_away_from_zero(const Shape& shape, std::uint64_t seed);
/// No two numbers closer than 0.1, in random order: a largest one has no rival.
Variable leaf_of_distinct(const Shape& shape, std::uint64_t seed);
/// An f64 constant.
Tensor numbers(const Shape& shape, std::uint64_t seed, double low = -1.5, double high = 1.5);
Tensor integers(std::initializer_list<std::int64_t> values, const Shape& shape);
Tensor booleans(std::initializer_list<bool> values, const Shape& shape);

/// An operand of an example, on x's device and, where it is floating, of x's type.
Tensor beside(const Tensor& operand, const Variable& x);
/// The same as a variable without gradient; undefined stays so.
Variable variable_beside(const Tensor& operand, const Variable& x);

/// A variable for wrong calls: f32 zeros.
Variable zeros_of(const Shape& shape, DType dtype = DType::f32);

}  // namespace heddle
