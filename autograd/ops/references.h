#pragma once

#include <cstdint>

#include "autograd/operation.h"
#include "kernels/attention.h"
#include "kernels/bias_activation.h"
#include "kernels/conv.h"
#include "kernels/cross_entropy.h"
#include "kernels/pool.h"

namespace heddle {

// The fused operations composed of simple ones: the oracle for their values and gradients, and the
// way to their higher derivatives. Operands as those of the operation itself, already checked, in
// the order of its inputs (lengths, ids and masks among them as variables that want no gradient).

Variable linear_reference(const Variables& inputs);
Variable linear_tanh_reference(const Variables& inputs);
Variable bias_activation_reference(const Variables& inputs, Activation activation, int dim);
Variables attention_pool_reference(const Variables& inputs);
Variable attention_reference(const Variables& inputs, const AttentionOptions& options);
Variables lstm_reference(const Variables& inputs);
Variable layer_norm_reference(const Variables& inputs, double epsilon);
Variable conv2d_reference(const Variables& inputs, const ConvOptions& options);
Variable max_pool2d_reference(const Variables& inputs, const PoolOptions& options);
Variable average_pool2d_reference(const Variables& inputs, const PoolOptions& options);
Variable cross_entropy_rows_reference(const Variables& inputs, const CrossEntropyOptions& options);

}  // namespace heddle
