// Compiled with OpenMP where there is one, so that Eigen shares its products out too.

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <Eigen/Core>

#include "bench/peers/products.h"

namespace heddle::bench {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ColMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

template <typename Left, typename Right>
std::function<void()> product(const Tensor& a, const Tensor& b, const Tensor& out) {
  return [=, to = Tensor(out).mutable_data<float>()] {
    Eigen::Map<RowMajor>(to, out.size(0), out.size(1)).noalias() =
        Eigen::Map<const Left>(a.data<float>(), a.size(0), a.size(1)) *
        Eigen::Map<const Right>(b.data<float>(), b.size(0), b.size(1));
  };
}

}  // namespace

ProductPeer eigen_product() {
  return {heddle::concat("Eigen ", EIGEN_WORLD_VERSION, '.', EIGEN_MAJOR_VERSION, '.',
                         EIGEN_MINOR_VERSION),
          [](const Tensor& a, const Tensor& b, const Tensor& out, int threads) {
#if defined(_OPENMP)
            omp_set_num_threads(threads);
#endif
            Eigen::setNbThreads(threads);
            const bool left = a.strides()[1] != 1;
            const bool right = b.strides()[1] != 1;
            return left ? (right ? product<ColMajor, ColMajor>(a, b, out)
                                 : product<ColMajor, RowMajor>(a, b, out))
                        : (right ? product<RowMajor, ColMajor>(a, b, out)
                                 : product<RowMajor, RowMajor>(a, b, out));
          }};
}

}  // namespace heddle::bench
