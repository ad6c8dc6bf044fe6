#pragma once

// Which of the two compilers reads this: nvcc (HEDDLE_BACKEND is cuda) or g++ and clang++ (sim).
// Kernels and vocabulary live in heddle::kernels::HEDDLE_BACKEND, so that both builds of one source
// can be linked into one program.

#if defined(__CUDACC__)

#include <cuda_runtime.h>

#define HEDDLE_BACKEND cuda
#define HEDDLE_UNROLL _Pragma("unroll")
#define HEDDLE_KEEP_LOOP _Pragma("unroll 1")
#define HEDDLE_PLACE
#define HEDDLE_GIVE_PLACE

#else

#include "kernels/gpu/sim/coordinates.h"
#include "kernels/gpu/sim/place.h"

#define HEDDLE_BACKEND sim
#define HEDDLE_UNROLL
#define HEDDLE_KEEP_LOOP
// At the end of a word's parameters, and of what it gives on: under sim, the line that calls it.
#define HEDDLE_PLACE , ::heddle::sim::Place place = ::heddle::sim::Place::current()
#define HEDDLE_GIVE_PLACE , place
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__

#endif
