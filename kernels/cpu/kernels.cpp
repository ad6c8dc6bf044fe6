#include "kernels/kernels.h"

#include "core/error.h"
#include "kernels/cpu/cpu_kernels.h"

namespace heddle {
namespace {

Kernels cpu_table() {
  return {
      .elementwise = cpu::elementwise_kernels(),
      .reduce = cpu::reduce_kernels(),
      .matmul = cpu::matmul_kernels(),
      .linear_tanh = cpu::linear_tanh_kernels(),
      .softmax = cpu::softmax_kernels(),
      .attention_pool = cpu::attention_pool_kernels(),
      .attention = cpu::attention_kernels(),
      .lstm = cpu::lstm_kernels(),
      .embedding = cpu::embedding_kernels(),
      .gather = cpu::gather_kernels(),
      .conv = cpu::conv_kernels(),
      .pool = cpu::pool_kernels(),
      .layer_norm = cpu::layer_norm_kernels(),
      .dropout = cpu::dropout_kernels(),
      .cross_entropy = cpu::cross_entropy_kernels(),
      .optimizer = cpu::optimizer_kernels(),
  };
}

}  // namespace

const Kernels& kernels_for(Device device) {
  if (device.backend == Backend::cpu) [[likely]] {
    static const Kernels table = cpu_table();
    return table;
  }
  fail<Unavailable>("device ", device, ": ", why_unavailable(device));
}

const char* why_unavailable(Device device) {
  switch (device.backend) {
    case Backend::cpu:
      return "";
    case Backend::sim:
      return "the kernels that run CUDA sources on the host are not in this build; use device cpu";
    case Backend::cuda:
      return "the CUDA kernels are not in this build; use device cpu";
  }
  return "no such backend; expected cpu, sim or cuda";
}

}  // namespace heddle
