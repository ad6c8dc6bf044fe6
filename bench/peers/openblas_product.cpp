#include <cblas.h>

#include <string>

#include "bench/peers/products.h"

namespace heddle::bench {
namespace {

/// "OpenBLAS 0.3.21" of "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY USE_OPENMP …".
std::string version() {
  const std::string config = openblas_get_config();
  return config.substr(0, config.find(' ', config.find(' ') + 1));
}

}  // namespace

ProductPeer openblas_product() {
  return {version(), [](const Tensor& a, const Tensor& b, const Tensor& out, int threads) {
            openblas_set_num_threads(threads);
            const bool left = a.strides()[1] != 1;
            const bool right = b.strides()[1] != 1;
            float* const to = Tensor(out).mutable_data<float>();
            return [=] {
              cblas_sgemm(CblasRowMajor, left ? CblasTrans : CblasNoTrans,
                          right ? CblasTrans : CblasNoTrans, static_cast<int>(out.size(0)),
                          static_cast<int>(out.size(1)), static_cast<int>(a.size(1)), 1.0f,
                          a.data<float>(), static_cast<int>(a.strides()[left ? 1 : 0]),
                          b.data<float>(), static_cast<int>(b.strides()[right ? 1 : 0]), 0.0f, to,
                          static_cast<int>(out.size(1)));
            };
          }};
}

}  // namespace heddle::bench
