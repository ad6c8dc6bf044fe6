#pragma once

namespace heddle {

/// How this library was built, for reports and bug reports. Absent parts are "".
struct BuildInfo {
  const char* version;     // "0.1.0"
  const char* commit;      // git commit at the time of configuring, 12 digits
  const char* compiler;    // "GNU 12.2.0"
  const char* build_type;  // "Release"
  const char* flags;       // those that can change bits: "-march=x86-64-v3 -ffp-contract=off"
  const char* sanitizers;  // "address,undefined"
  // With -DHEDDLE_CUDA=ON:
  const char* cuda_toolkit;        // "13.0.88"
  const char* cuda_architectures;  // as CMake names them: "75-real 80-real 90"
};

const BuildInfo& build_info();

}  // namespace heddle
