#include "bench/peers/products.h"

namespace heddle::bench {

std::vector<ProductPeer> product_peers() {
  std::vector<ProductPeer> all;
#if defined(HEDDLE_BENCH_ONEDNN)
  all.push_back(onednn_product());
#endif
#if defined(HEDDLE_BENCH_OPENBLAS)
  all.push_back(openblas_product());
#endif
  all.push_back(eigen_product());
  return all;
}

}  // namespace heddle::bench
