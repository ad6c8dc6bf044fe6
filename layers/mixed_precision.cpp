#include "layers/mixed_precision.h"

#include "autograd/ops.h"
#include "core/stream.h"

namespace heddle {

DType activation_type(DType parameters, Device device) {
  const bool in_bf16 = parameters == DType::f32 && device.backend != Backend::cpu &&
                       current_stream(device).math == Math::bf16;
  return in_bf16 ? DType::bf16 : parameters;
}

Variable cast_like(const Variable& parameter, const Variable& x) {
  return parameter.defined() && x.dtype() == DType::bf16 ? cast(parameter, DType::bf16) : parameter;
}

}  // namespace heddle
