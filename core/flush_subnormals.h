#pragma once

#include <immintrin.h>

namespace heddle {

/// While it lives, this thread's arithmetic takes and gives zero for subnormal numbers (DAZ, FTZ):
/// they cost a hundred cycles each and no training needs them.
class FlushSubnormals {
 public:
  FlushSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | flush_bits); }
  ~FlushSubnormals() { _mm_setcsr(before_); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  static constexpr unsigned flush_bits = 0x8040;  // MXCSR bits 15 (FTZ) and 6 (DAZ)

  unsigned before_;
};

}  // namespace heddle
