#include "kernels/kernels.h"

#include "core/error.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/gpu/families.h"
#include "kernels/recorded_kernels.h"

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

Kernels sim_table() {
  Kernels table{};
  put_recorded_cpu_kernels(table);
#define HEDDLE_FAMILY(name, Table) table.name = kernels::sim::name##_kernels();
#include "kernels/gpu/families.def"
#undef HEDDLE_FAMILY
  return table;
}

}  // namespace

const Kernels& kernels_for(Device device) {
  switch (device.backend) {
    case Backend::cpu: {
      static const Kernels table = cpu_table();
      return table;
    }
    case Backend::sim: {
      static const Kernels table = sim_table();
      return table;
    }
    case Backend::cuda:
      break;
  }
  fail<Unavailable>("device ", device, ": ", why_unavailable(device));
}

const char* why_unavailable(Device device) {
  switch (device.backend) {
    case Backend::cpu:
    case Backend::sim:
      return "";
    case Backend::cuda:
      return "the CUDA kernels are not in this build; use device cpu or sim";
  }
  return "no such backend; expected cpu, sim or cuda";
}

}  // namespace heddle
