#include "core/processor.h"

namespace heddle {

// The new ones of x86-64-v3, by the names compilers know; processors have had the others since
// these.
const char* missing_instruction_set() noexcept {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2")) {
    return "AVX2";
  }
  if (!__builtin_cpu_supports("fma")) {
    return "FMA";
  }
  if (!__builtin_cpu_supports("bmi2")) {
    return "BMI2";
  }
  return nullptr;
}

}  // namespace heddle
