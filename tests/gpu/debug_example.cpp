// The program of docs/debugging-a-kernel.md: one softmax over 4 rows of 100 numbers, a block per
// row.

#include <cstdint>
#include <iostream>
#include <string_view>

#include "core/random.h"
#include "core/tensor.h"
#include "kernels/gpu/families.h"

int main() {
  using namespace heddle;
  const Device device{.backend = Backend::sim};
  Generator random(1);
  const Tensor x = random_uniform({4, 100}, -1, 1, random);
  const Tensor y = Tensor::empty_like(x);
  for (const auto& version : kernels::sim::softmax_versions()) {
    if (version.name == "block_per_row") {
      version.kernels.forward(current_stream(device), x.view(), {}, false, y.output_view());
    }
  }
  std::cout << y << '\n';
}
