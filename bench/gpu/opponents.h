#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/case.h"
#include "bench/operation.h"

// NVIDIA's libraries beside our kernels, as contenders of the families. Each function gives none
// where the setting's device is not cuda. What a library refuses is a contender that is absent, in
// the library's words; a build without the library has one that says so.

namespace heddle::bench {

/// cuDNN's four algorithms, in each class that the setting asks for (f32: exact and TF32). `ours`
/// has the inputs x, weight_input, weight_hidden, bias. With `lengths` (i64 [batch] on the host)
/// padded and packed rows, else full ones.
std::vector<Contender> cudnn_lstms(const std::shared_ptr<Operation>& ours, const Tensor& lengths,
                                   const Setting& setting);
/// cuDNN's two descriptions of rows. Input x [rows, cols].
std::vector<Contender> cudnn_softmaxes(const std::shared_ptr<Operation>& ours,
                                       const Setting& setting);
/// Inputs q, k, v; scores by 1/√width.
std::vector<Contender> cudnn_attentions(const std::shared_ptr<Operation>& ours, bool causal,
                                        const Setting& setting);
/// Inputs x, weight, bias.
std::vector<Contender> cudnn_linear_tanhs(const std::shared_ptr<Operation>& ours,
                                          const Setting& setting);
std::vector<Contender> cublas_linear_tanhs(const std::shared_ptr<Operation>& ours,
                                           const Setting& setting);
/// a [m, k] and b [k, n] in f32 on the GPU, `reference` [m, n] in f64 on the host.
std::vector<Contender> cublas_matmuls(const Tensor& a, const Tensor& b, const Tensor& reference,
                                      const Setting& setting);

}  // namespace heddle::bench
