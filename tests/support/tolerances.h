#pragma once

namespace heddle {

// How far apart two results may be: |found − expected| ≤ tolerance · max(1, |expected|) for each
// element.

constexpr double first_order_tolerance = 1e-6;   // gradients in f64 against central differences
constexpr double second_order_tolerance = 1e-5;  // the same for gradients of gradients
constexpr double reference_tolerance = 1e-10;    // fused operations in f64 against their references
constexpr double layout_tolerance = 1e-13;       // the same numbers with other strides
constexpr double single_tolerance = 2e-5;        // f32 against f64, on inputs of size about 1
constexpr double backend_tolerance_f64 = 1e-11;  // another backend against cpu
constexpr double backend_tolerance_f32 = 2e-5;

}  // namespace heddle
