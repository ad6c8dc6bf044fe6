#pragma once

#include "kernels/cpu/wide_panels.h"

namespace heddle {

/// Turns 512-bit registers off, and back to what they were.
class WithoutWideRegisters {
 public:
  WithoutWideRegisters() : before_(cpu::wide_registers()) { cpu::use_wide_registers(false); }
  ~WithoutWideRegisters() { cpu::use_wide_registers(before_); }
  WithoutWideRegisters(const WithoutWideRegisters&) = delete;
  WithoutWideRegisters& operator=(const WithoutWideRegisters&) = delete;

 private:
  bool before_;
};

}  // namespace heddle
