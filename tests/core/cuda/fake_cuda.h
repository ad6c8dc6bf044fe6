#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <string>

namespace heddle {

/// CUDA on host memory, in the place of the real one while it lives: one card ("Fake H100", 9.0) by
/// default. Streams do their work late, when something waits for them, so that a missing wait shows
/// as wrong numbers. Counts what is alive and refuses what CUDA refuses (waiting in a capture,
/// memory that was freed).
class FakeCuda {
 public:
  FakeCuda();
  /// Puts CUDA's own functions back.
  ~FakeCuda();
  FakeCuda(const FakeCuda&) = delete;
  FakeCuda& operator=(const FakeCuda&) = delete;

  /// The `n`-th call from now (1 is the next) fails with `code` and does nothing but, where it
  /// frees something, that: CUDA's own report errors of earlier work so. 0: none.
  void fail_at(int n, cudaError_t code = cudaErrorUnknown);
  /// The call that was made to fail; "" if there was none.
  std::string failed_call() const;
  /// What `fail_at` counts; for fakes of other libraries. Whether `call` shall fail.
  static bool count_call(const char* call);

  void set_cards(int count, int major, int minor);
  /// What the card has in all, in bytes; no limit at first.
  void set_memory(std::size_t bytes);

  /// What is alive: "" or "2 blocks, 1 streams".
  std::string alive() const;
  /// The first misuse found ("cudaFree of what was not allocated"); "" if none.
  std::string misuse() const;
  int kernels_started() const;
  std::size_t calls_of(const char* name) const;

  static void do_all_work();
  /// Work for a stream, for fakes of other libraries.
  static void give(cudaStream_t stream, std::function<void()> step);
  static void found_misuse(const std::string& what);
};

}  // namespace heddle
