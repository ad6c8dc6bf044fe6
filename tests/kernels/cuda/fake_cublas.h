#pragma once

#include <string>

namespace heddle {

/// cuBLAS on the fake CUDA (tests/core/cuda/fake_cuda.h), in the place of the real one while it
/// lives. Its product is the plain loop over column-major matrices, and it refuses leading
/// dimensions that cuBLAS refuses. Its calls count for FakeCuda::fail_at.
class FakeCublas {
 public:
  FakeCublas();
  ~FakeCublas();
  FakeCublas(const FakeCublas&) = delete;
  FakeCublas& operator=(const FakeCublas&) = delete;

  int handles() const;
  /// "CUBLAS_COMPUTE_32F" and so on, and the math mode of the last product.
  std::string last_computation() const;
};

}  // namespace heddle
