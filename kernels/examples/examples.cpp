#include "kernels/examples/examples.h"

#include "core/error.h"
#include "kernels/examples/parts.h"

namespace heddle {

const std::vector<KernelExample>& kernel_examples() {
  static const std::vector<KernelExample> all = {
      examples::attention(),   examples::attention_pool(), examples::bias_activation(),
      examples::conv(),        examples::cross_entropy(),  examples::dropout(),
      examples::elementwise(), examples::embedding(),      examples::gather(),
      examples::layer_norm(),  examples::linear_tanh(),    examples::lstm(),
      examples::matmul(),      examples::optimizer(),      examples::pool(),
      examples::reduce(),      examples::softmax(),
  };
  return all;
}

const KernelExample& example_of(std::string_view family) {
  std::string known;
  for (const KernelExample& example : kernel_examples()) {
    if (example.family == family) {
      return example;
    }
    known += (known.empty() ? "" : ", ") + std::string(example.family);
  }
  fail<UsageError>("no kernel family is named \"", family, "\"; there are ", known);
}

}  // namespace heddle
