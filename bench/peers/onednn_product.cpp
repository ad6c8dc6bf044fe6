#include <omp.h>

#include <dnnl.hpp>
#include <memory>
#include <unordered_map>

#include "bench/peers/onednn_lstm.h"
#include "bench/peers/products.h"

namespace heddle::bench {
namespace {

using dnnl::memory;

memory::desc described(const Tensor& tensor) {
  return {{tensor.size(0), tensor.size(1)},
          memory::data_type::f32,
          memory::dims{tensor.strides()[0], tensor.strides()[1]}};
}

struct Product {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul run;
  std::unordered_map<int, memory> arguments;

  memory seen(const Tensor& tensor) const {
    return {described(tensor), engine,
            const_cast<void*>(static_cast<const void*>(tensor.data<float>()))};
  }
};

}  // namespace

ProductPeer onednn_product() {
  return {OneDnnLstm::name(), [](const Tensor& a, const Tensor& b, const Tensor& out, int threads) {
            omp_set_num_threads(threads);
            const auto product = std::make_shared<Product>();
            product->run = dnnl::matmul(dnnl::matmul::primitive_desc(
                {described(a), described(b), described(out)}, product->engine));
            product->arguments = {{DNNL_ARG_SRC, product->seen(a)},
                                  {DNNL_ARG_WEIGHTS, product->seen(b)},
                                  {DNNL_ARG_DST, product->seen(out)}};
            return [product] {
              product->run.execute(product->stream, product->arguments);
              product->stream.wait();
            };
          }};
}

}  // namespace heddle::bench
