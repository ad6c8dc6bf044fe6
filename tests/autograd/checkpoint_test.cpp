#include <gtest/gtest.h>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "core/allocator.h"
#include "core/random.h"

namespace heddle {
namespace {

struct Small {
  Variable x, w;
  explicit Small(std::uint64_t seed) {
    Generator generator(seed);
    x = Variable(random_normal({4, 3}, 0, 1, generator, DType::f64), true);
    w = Variable(random_normal({5, 3}, 0, 1, generator, DType::f64), true);
  }
};

TEST(Checkpoint, gives_the_same_gradients_to_inputs_and_to_parameters) {
  Small plain(1);
  Small saved(1);
  const auto body = [](const Small& s) {
    return [&s](const Variables& in) { return Variables{tanh(linear(in[0], s.w, Variable()))}; };
  };
  {
    Tape tape;
    tape.backward(sum(square(body(plain)({plain.x})[0])));
  }
  {
    Tape tape;
    tape.backward(sum(square(checkpoint(body(saved), {saved.x})[0])));
  }
  EXPECT_TRUE(same_bits(plain.x.grad().value(), saved.x.grad().value()));
  EXPECT_TRUE(same_bits(plain.w.grad().value(), saved.w.grad().value()));
}

TEST(Checkpoint, replays_the_random_numbers_of_the_first_run) {
  Generator generator(7);
  Variable x(Tensor::full({1000}, 1.0, DType::f64), true);
  Tape tape;
  const Variables outputs =
      checkpoint([&](const Variables& in) { return Variables{dropout(in[0], 0.5, generator)}; },
                 {x}, {&generator});
  const Generator::State after = generator.state();
  tape.backward(sum(outputs[0]));
  EXPECT_EQ(generator.state(), after);
  EXPECT_TRUE(same_bits(x.grad().value(), outputs[0].value()));  // both are the mask / (1 − p)
}

TEST(Checkpoint, holds_less_memory_between_forward_and_backward) {
  const auto chain = [](const Variables& in) {
    Variable y = in[0];
    for (int i = 0; i < 8; ++i) {
      y = tanh(y);
    }
    return Variables{y};
  };
  const auto bytes_held = [&](bool checkpointed) {
    Variable x(Tensor::zeros({256, 256}), true);
    const std::int64_t before = memory_statistics(Device{}).current_bytes;
    Tape tape;
    const Variable y = checkpointed ? checkpoint(chain, {x})[0] : chain({x})[0];
    return memory_statistics(Device{}).current_bytes - before;
  };
  EXPECT_LT(4 * bytes_held(true), bytes_held(false));
}

TEST(Checkpoint, can_be_differentiated_twice) {
  Small s(3);
  const auto function = [](const Variables& in) {
    return checkpoint(
        [](const Variables& inner) {
          return Variables{linear_tanh(inner[0], inner[1], Variable())};
        },
        in);
  };
  const GradcheckResult first = gradcheck(function, {s.x, s.w});
  EXPECT_TRUE(first.passed) << first.message;
  const GradcheckResult second = gradgradcheck(function, {s.x, s.w});
  EXPECT_TRUE(second.passed) << second.message;
}

}  // namespace
}  // namespace heddle
