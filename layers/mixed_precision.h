#pragma once

#include "autograd/variable.h"
#include "core/device.h"
#include "core/dtype.h"

namespace heddle {

// Training in bf16 (Micikevicius et al., arXiv 1710.03740): parameters are f32 masters, which the
// optimiser updates and checkpoints hold; activations are bf16, and each layer takes copies of its
// parameters in the type of what it is given. So the type of a model's inputs decides about all of
// it, and a layer given f32 computes in f32.

/// The type activations have where parameters are of type `parameters`: bf16 where they are f32 and
/// the device's stream is asked for Math::bf16 (core/stream.h), else the same.
DType activation_type(DType parameters, Device device);

/// The parameter as an operation on x takes it: a copy in bf16 where x is bf16, whose gradient
/// comes back in the parameter's own type, else itself. Undefined stays undefined.
Variable cast_like(const Variable& parameter, const Variable& x);

}  // namespace heddle
