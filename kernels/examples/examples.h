#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/device.h"
#include "core/dtype.h"

// One typical call of every kernel family, at any size: what `heddle kernel` profiles and the
// ladders measure.

namespace heddle {

/// Name → size ("rows" → 64).
using Sizes = std::map<std::string, std::int64_t, std::less<>>;

/// What a call must do at least, whatever the version: bytes read and written, and floating-point
/// operations (an exponential, a division, a hyperbolic tangent count as one; comparisons and the
/// larger of two as none).
struct Work {
  double bytes = 0;
  double operations = 0;
};

/// One version, ready to run again and again on the same tensors. Empty where it has no such
/// kernel.
struct ExampleCall {
  std::string version;
  std::string math;  // accuracy class
  std::function<void()> forward;
  std::function<void()> backward;
};

struct KernelExample {
  std::string_view family;
  Sizes sizes;                // small: for the host
  std::vector<Sizes> ladder;  // measured on a GPU
  std::function<Work(const Sizes&, DType, bool backward)> work;
  /// Inputs are random, the same every time. Errors: a type or size the family does not take.
  std::function<std::vector<ExampleCall>(const Sizes&, DType, Device)> calls;
};

const std::vector<KernelExample>& kernel_examples();
/// Errors (UsageError): no such family; lists them.
const KernelExample& example_of(std::string_view family);

}  // namespace heddle
