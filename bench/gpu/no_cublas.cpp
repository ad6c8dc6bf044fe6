// A build without CUDA: kernels_for(cuda) has said so before anybody asks here.

#include "bench/gpu/opponents.h"

namespace heddle::bench {

std::vector<Contender> cublas_linear_tanhs(const std::shared_ptr<Operation>& /*ours*/,
                                           const Setting& /*setting*/) {
  return {};
}

std::vector<Contender> cublas_matmuls(const Tensor& /*a*/, const Tensor& /*b*/,
                                      const Tensor& /*reference*/, const Setting& /*setting*/) {
  return {};
}

}  // namespace heddle::bench
