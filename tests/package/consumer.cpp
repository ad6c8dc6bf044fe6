// What a user of the installed package writes: a model of layers, one step of training.
#include <cstdio>

#include "autograd/ops.h"
#include "core/build_info.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/sequential.h"
#include "train/optimizer.h"

namespace {

using heddle::Variable;

template <typename Model>
Variable loss_of(Model& model, const Variable& points, const heddle::Tensor& labels) {
  return heddle::cross_entropy(model(points), labels);
}

}  // namespace

int main() {
  heddle::Generator generator(1);
  heddle::Sequential model(heddle::LinearTanh(2, 8, generator.named("hidden")),
                           heddle::Linear(8, 2, generator.named("out")));
  const Variable points(heddle::random_uniform({64, 2}, -1.0, 1.0, generator));
  const heddle::Tensor labels =
      heddle::random_bernoulli({64}, 0.5, generator).to(heddle::DType::i64);

  heddle::Optimizer adam({.learning_rate = 0.01}, heddle::parameters_of(model));
  heddle::Tape tape;
  const Variable before = loss_of(model, points, labels);
  tape.backward(before);
  adam.step(before.value());
  const Variable after = loss_of(model, points, labels);

  std::printf("heddle %s: loss %.6f, after one step %.6f\n", heddle::build_info().version,
              before.item<double>(), after.item<double>());
  return after.item<double>() < before.item<double>() ? 0 : 1;
}
