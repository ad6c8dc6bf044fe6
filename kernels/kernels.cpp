#include "kernels/kernels.h"

#include <map>
#include <mutex>
#include <string>

#include "core/cuda_cards.h"
#include "core/error.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/gpu/copy.h"
#include "kernels/gpu/families.h"

namespace heddle {
namespace {

Kernels cpu_table() {
  return {
      .elementwise = cpu::elementwise_kernels(),
      .bias_activation = cpu::bias_activation_kernels(),
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

#define HEDDLE_FAMILY(name, Table) table.name = BACKEND::name##_kernels();

#if defined(HEDDLE_HAS_SIM)
Kernels sim_table() {
  namespace BACKEND = kernels::sim;
  Kernels table{};
#include "kernels/gpu/families.def"
  return table;
}
#endif

#if defined(HEDDLE_HAS_CUDA)
Kernels cuda_table() {
  namespace BACKEND = kernels::cuda;
  kernels::cuda::use_copy_kernels();
  Kernels table{};
#include "kernels/gpu/families.def"
  return table;
}
#endif

#undef HEDDLE_FAMILY

/// The reason stays where it is, and is looked for once: a card does not come while a program runs.
const char* why_no_card(int index) {
  static std::mutex mutex;
  static auto& reasons = *new std::map<int, std::string>;
  const std::lock_guard lock(mutex);
  const auto found = reasons.find(index);
  return (found != reasons.end() ? found
                                 : reasons.emplace(index, why_cuda_unavailable(index)).first)
      ->second.c_str();
}

}  // namespace

const Kernels& kernels_for(Device device) {
  switch (device.backend) {
    case Backend::cpu: {
      static const Kernels table = cpu_table();
      return table;
    }
    case Backend::sim: {
#if defined(HEDDLE_HAS_SIM)
      static const Kernels table = sim_table();
      return table;
#else
      break;
#endif
    }
    case Backend::cuda: {
#if defined(HEDDLE_HAS_CUDA)
      if (*why_no_card(device.index) == '\0') [[likely]] {
        static const Kernels table = cuda_table();
        return table;
      }
#endif
      break;
    }
  }
  const std::string reason = why_unavailable(device);
  fail<Unavailable>(reason.starts_with("device ") ? "" : concat("device ", device, ": "), reason);
}

const char* why_unavailable(Device device) {
  if (device.backend == Backend::cuda) {
    return why_no_card(device.index);
  }
#if !defined(HEDDLE_HAS_SIM)
  if (device.backend == Backend::sim) {
    return "the backend sim is not in this build; ./dev build adds it (cmake -DHEDDLE_SIM=ON)";
  }
#endif
  return "";
}

}  // namespace heddle
