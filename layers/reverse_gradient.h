#pragma once

#include "autograd/variable.h"
#include "core/tensor.h"

namespace heddle {

/// x itself, the same bits (where they are finite); its gradient is −strength times the true one.
/// Put before a discriminator, what computes x learns to deceive it while the discriminator learns
/// to tell (gradient reversal, Ganin et al., JMLR 2016, §4.2).
Variable reverse_gradient(const Variable& x, double strength);
/// The same with a strength [1] on the device of x, that may change from step to step.
Variable reverse_gradient(const Variable& x, const Tensor& strength);

}  // namespace heddle
