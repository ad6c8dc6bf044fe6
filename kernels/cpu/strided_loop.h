#pragma once

#include <cstdint>
#include <span>

#include "core/view.h"

namespace heddle::cpu {

/// Works on `count` neighbouring elements: inputs[k] and `out` point at dense memory. `out` may be
/// one of the inputs. `parameters` is what the caller of `run_strided` gave.
using DenseRun = void (*)(void* out, const void* const* inputs, std::int64_t count,
                          const void* parameters);

constexpr int max_strided_inputs = 3;

/// Calls `run` on all elements of `out` and of the inputs, which have its shape and any strides,
/// at most `tile` elements at a time and on several threads. Dimensions that lie densely behind
/// each other are walked as one. Where an innermost stride is not 1, elements pass through a small
/// buffer in the first-level cache, so that `run` is always a dense loop.
void run_strided(const View& out, std::span<const ConstView* const> inputs, std::int64_t tile,
                 DenseRun run, const void* parameters = nullptr);

}  // namespace heddle::cpu
