#include "bench/gpu/opponents.h"
#include "bench/gpu/peer_contender.h"
#include "bench/peers/cuda/cublas_matmul.h"
#include "bench/peers/cuda/cublaslt_linear_tanh.h"

namespace heddle::bench {

std::vector<Contender> cublas_linear_tanhs(const std::shared_ptr<Operation>& ours,
                                           const Setting& setting) {
  if (setting.device.backend != Backend::cuda) {
    return {};
  }
  const std::vector<Expected> expected = expected_of(*ours, {"y", "dx", "dweight", "dbias"});
  std::vector<Contender> all;
  for (const PeerMath math : peer_maths(setting.math)) {
    all.push_back(peer_contender(heddle::concat("cuBLASLt and tanh, ", name_of(math)), math,
                                 ours->backward(), expected, [&] {
                                   const std::vector<Tensor>& in = ours->inputs();
                                   return std::make_unique<CublasLtLinearTanh>(
                                       in[0], in[1], in[2], dy_for_peers(*ours), math,
                                       stream_of(setting.device));
                                 }));
  }
  return all;
}

std::vector<Contender> cublas_matmuls(const Tensor& a, const Tensor& b, const Tensor& reference,
                                      const Setting& setting) {
  if (setting.device.backend != Backend::cuda) {
    return {};
  }
  std::vector<Contender> all;
  for (const PeerMath math : peer_maths(setting.math)) {
    for (const auto way : {CublasMatmul::Way::heuristics, CublasMatmul::Way::best}) {
      const bool best = way == CublasMatmul::Way::best;
      all.push_back(peer_contender(
          heddle::concat(best ? "cuBLASLt, fastest algorithm, " : "cuBLAS, ", name_of(math)), math,
          false, {{"out", reference}}, [&] {
            return std::make_unique<CublasMatmul>(a, b, way, math, stream_of(setting.device));
          }));
    }
  }
  return all;
}

}  // namespace heddle::bench
