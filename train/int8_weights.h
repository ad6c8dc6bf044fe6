#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "data/safetensors.h"

namespace heddle {

/// Weights as whole numbers of 8 bits: w ≈ scale · code, code = round(w / scale) in −127 … 127,
/// scale = max |w| / 127 over a row (Jacob et al., arXiv 1712.05877, the symmetric case). A row is
/// what the fewest last dimensions with at least 16 elements hold: a unit's weights, or a filter.
/// Arithmetic stays as it was; only what is stored shrinks.
struct Int8Weights {
  /// Of a matrix (rank 2 and more, no bias): "name", i64 codes, and "int8.scale.name", f32, one per
  /// row. Anything else as it came.
  std::vector<NamedTensor> tensors;
  std::set<std::string> codes;  // names of those that hold codes
};

Int8Weights as_int8(std::span<const NamedTensor> weights);

/// f32 weights back. Errors (InputError): codes without scale, or of another number of rows.
std::vector<NamedTensor> from_int8(std::span<const NamedTensor> tensors);

}  // namespace heddle
