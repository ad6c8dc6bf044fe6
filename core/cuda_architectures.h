#pragma once

#include <string>
#include <string_view>

namespace heddle {

/// Whether code built for `architectures` ("75-real 90": as CMake's CMAKE_CUDA_ARCHITECTURES, with
/// spaces) runs on a card of compute capability major.minor. Machine code runs on its own major
/// version from its own minor version on, PTX on everything newer; 90a and 100f run there alone.
/// What is not understood ("native") is taken to run.
bool runs_on(std::string_view architectures, int major, int minor);
/// The entries of `architectures` that are for compute capability `least` (90 for 9.0) or newer, or
/// are not understood. A card on which these run takes one of them, not older code.
std::string code_from(int least, std::string_view architectures);

}  // namespace heddle
