#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

#include "core/random.h"
#include "core/tensor.h"
#include "kernels/kernels.h"

// What the benchmarks of the CPU kernels share. `HEDDLE_THREADS` sets the number of threads.

namespace heddle::bench {

inline const Kernels& cpu_kernels() { return kernels_for(Device{}); }
inline Stream& cpu_stream() { return current_stream(Device{}); }

/// Uniform numbers in [−scale, scale].
inline Tensor sample(const Shape& shape, double scale = 1.0) {
  Generator generator(7);
  return random_uniform(shape, -scale, scale, generator);
}

/// Shows the rate of `operations` floating-point operations per iteration as "FLOP".
inline void count_operations(benchmark::State& state, double operations) {
  state.counters["FLOP"] =
      benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate);
}

/// Shows the rate of `bytes` read and written per iteration.
inline void count_bytes(benchmark::State& state, std::int64_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * bytes);
}

}  // namespace heddle::bench
