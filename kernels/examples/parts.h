#pragma once

#include <memory>
#include <utility>

#include "core/random.h"
#include "core/stream.h"
#include "core/tensor.h"
#include "kernels/examples/examples.h"
#include "kernels/gpu/families.h"

// What the examples of the families are made of.

namespace heddle::examples {

/// Uniform in [−1, 1], drawn on the host.
inline Tensor drawn(const Shape& shape, DType dtype, Device device, std::uint64_t seed = 1) {
  Generator generator(seed);
  return random_uniform(shape, -1.0, 1.0, generator, DType::f32).to(dtype).to(device);
}

/// Whole numbers from 0 to bound − 1.
inline Tensor drawn_ids(const Shape& shape, std::int64_t bound, Device device,
                        std::uint64_t seed = 2) {
  Generator generator(seed);
  Tensor ids = Tensor::empty(shape, DType::i64);
  auto* const values = ids.mutable_data<std::int64_t>();
  for (std::int64_t i = 0; i < ids.elements(); ++i) {
    values[i] = static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(bound)));
  }
  return ids.to(device);
}

inline double bytes_each(DType dtype) { return static_cast<double>(size_of(dtype)); }

/// A call for each version: `forward` and `backward` are given the version's table and the tensors.
template <typename Table, typename Tensors>
std::vector<ExampleCall> calls_of(const std::vector<kernels::KernelVersion<Table>>& versions,
                                  std::shared_ptr<Tensors> tensors,
                                  bool (*has_forward)(const Table&),
                                  bool (*has_backward)(const Table&),
                                  void (*forward)(const Table&, Tensors&),
                                  void (*backward)(const Table&, Tensors&)) {
  std::vector<ExampleCall> calls;
  for (const kernels::KernelVersion<Table>& version : versions) {
    ExampleCall& call = calls.emplace_back(
        ExampleCall{std::string(version.name), std::string(version.math), {}, {}});
    const Table table = version.kernels;
    if (forward != nullptr && has_forward(table)) {
      call.forward = [table, tensors, forward] { forward(table, *tensors); };
    }
    if (backward != nullptr && has_backward(table)) {
      call.backward = [table, tensors, backward] { backward(table, *tensors); };
    }
  }
  return calls;
}

// One function per family, each in its own file.
KernelExample attention();
KernelExample attention_pool();
KernelExample bias_activation();
KernelExample conv();
KernelExample cross_entropy();
KernelExample dropout();
KernelExample elementwise();
KernelExample embedding();
KernelExample gather();
KernelExample layer_norm();
KernelExample linear_tanh();
KernelExample lstm();
KernelExample matmul();
KernelExample optimizer();
KernelExample pool();
KernelExample reduce();
KernelExample softmax();

}  // namespace heddle::examples
