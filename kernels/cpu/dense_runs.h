#pragma once

#include <cstdint>

#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/wide_loop.h"

namespace heddle::cpu {

// Dense loops over one, two or three inputs, in the form that `run_strided` takes. Function is an
// empty type whose call operator maps one element.

template <typename Function, typename In, typename Out>
void run_one(void* out, const void* const* inputs, std::int64_t count, const void*) {
  constexpr Function function;
  const auto* x = static_cast<const In*>(inputs[0]);
  auto* y = static_cast<Out*>(out);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = function(x[i]);
  }
}

template <typename Function, typename In, typename Out>
void run_two(void* out, const void* const* inputs, std::int64_t count, const void*) {
  constexpr Function function;
  const auto* a = static_cast<const In*>(inputs[0]);
  const auto* b = static_cast<const In*>(inputs[1]);
  auto* y = static_cast<Out*>(out);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = function(a[i], b[i]);
  }
}

template <typename Function, typename In, typename Out>
void run_three(void* out, const void* const* inputs, std::int64_t count, const void*) {
  constexpr Function function;
  const auto* a = static_cast<const In*>(inputs[0]);
  const auto* b = static_cast<const In*>(inputs[1]);
  const auto* c = static_cast<const In*>(inputs[2]);
  auto* y = static_cast<Out*>(out);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = function(a[i], b[i], c[i]);
  }
}

/// The same for functions that cost more than memory does.
template <typename Function, typename In, typename Out>
void run_one_widest(void* out, const void* const* inputs, std::int64_t count, const void* none) {
  run_widest([&] { run_one<Function, In, Out>(out, inputs, count, none); });
}

template <typename Function, typename In, typename Out>
void run_two_widest(void* out, const void* const* inputs, std::int64_t count, const void* none) {
  run_widest([&] { run_two<Function, In, Out>(out, inputs, count, none); });
}

}  // namespace heddle::cpu
