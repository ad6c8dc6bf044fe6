#include <cstdio>

#include "autograd/ops.h"
#include "layers/linear.h"
#include "layers/linear_tanh.h"
#include "layers/sequential.h"
#include "train/optimizer.h"

using namespace heddle;

int main() {
  Generator random(1);
  Sequential model(LinearTanh(2, 16, random.named("hidden")), Linear(16, 2, random.named("out")));
  const Variable points(random_uniform({256, 2}, -1, 1, random));
  const Tensor labels =
      compare(CompareOp::greater, (select(points, 1, 0) * select(points, 1, 1)).value(),
              Tensor::scalar(0))
          .to(DType::i64);  // same side of both axes?
  Optimizer adam({.learning_rate = 0.05}, parameters_of(model));
  for (int step = 1; step <= 200; ++step) {
    Tape tape;
    const Variable loss = cross_entropy(model(points), labels);
    tape.backward(loss);
    adam.step(loss.value());
    adam.clear_gradients();
    if (step % 50 == 0) std::printf("step %3d  loss %.4f\n", step, loss.item<double>());
  }
}
