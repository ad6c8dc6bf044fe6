#pragma once

#include <string_view>

namespace heddle {

/// Whether code built for `architectures` ("75-real 90": as CMake's CMAKE_CUDA_ARCHITECTURES, with
/// spaces) runs on a card of compute capability major.minor. Machine code runs on its own major
/// version from its own minor version on, PTX on everything newer; 90a and 100f run there alone.
/// What is not understood ("native") is taken to run.
bool runs_on(std::string_view architectures, int major, int minor);

}  // namespace heddle
