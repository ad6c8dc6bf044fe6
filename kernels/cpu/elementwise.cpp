#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/elementwise_kernels.h"

namespace heddle::cpu {

ElementwiseKernels elementwise_kernels() {
  return {
      .unary = unary,
      .unary_backward = unary_backward,
      .binary = binary,
      .affine = affine,
      .where = where,
      .compare = compare,
      .pair_loss = pair_loss,
      .pair_loss_backward = pair_loss_backward,
  };
}

}  // namespace heddle::cpu
