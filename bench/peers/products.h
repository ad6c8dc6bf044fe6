#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/tensor.h"

// Matrix products of other libraries on the host, f32.

namespace heddle::bench {

/// out = a · b: a [m, k] or a transpose of [k, m], b [k, n] or a transpose of [n, k], out [m, n].
struct ProductPeer {
  std::string name;
  /// Makes what a call needs; the result computes it.
  std::function<std::function<void()>(const Tensor& a, const Tensor& b, const Tensor& out,
                                      int threads)>
      prepare;
};

std::vector<ProductPeer> product_peers();  // those in this build

#if defined(HEDDLE_BENCH_ONEDNN)
ProductPeer onednn_product();
#endif
#if defined(HEDDLE_BENCH_OPENBLAS)
ProductPeer openblas_product();
#endif
ProductPeer eigen_product();

}  // namespace heddle::bench
