#pragma once

#include "tests/bench/peers.h"

namespace heddle::bench {

/// Inputs of linear_tanh, and what ours computes of them.
struct LinearTanhTensors {
  Tensor x, weight, bias, dy;

  explicit LinearTanhTensors(Device device)
      : x(normal({40, 64}, 1).to(device)),
        weight(normal({96, 64}, 2, 0.1).to(device)),
        bias(normal({96}, 3, 0.1).to(device)),
        dy(normal({40, 96}, 4).to(device)) {}

  std::map<std::string, Tensor> our_results() const {
    std::map<std::string, Tensor> out = {{"y", Tensor::empty_like(dy)},
                                         {"dx", Tensor::empty_like(x)},
                                         {"dweight", Tensor::empty_like(weight)},
                                         {"dbias", Tensor::empty_like(bias)}};
    Stream& stream = current_stream(gpu);
    const LinearTanhKernels& ours = kernels_for(gpu).linear_tanh;
    ours.forward(stream, x.view(), weight.view(), bias.unsqueeze(0).view(),
                 out.at("y").output_view());
    ours.backward(stream, x.view(), weight.view(), out.at("y").view(), dy.view(),
                  out.at("dx").output_view(), out.at("dweight").output_view(),
                  out.at("dbias").unsqueeze(0).output_view());
    return out;
  }
};

}  // namespace heddle::bench
