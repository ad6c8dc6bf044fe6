#include "autograd/tape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/allocator.h"
#include "core/tensor.h"

namespace heddle {
namespace {

Variable leaf(std::initializer_list<double> values, const Shape& shape) {
  return Variable(Tensor::from<double>(values, shape), true);
}

std::vector<double> values_of(const Variable& variable) {
  return variable.value().to_vector<double>();
}

template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Tape, backward_reaches_every_leaf) {
  Variable x = leaf({1, 2, 3}, {3});
  Variable w = leaf({4, 5, 6}, {3});
  Tape tape;
  tape.backward(sum(x * w));
  EXPECT_EQ(values_of(x.grad()), (std::vector<double>{4, 5, 6}));
  EXPECT_EQ(values_of(w.grad()), (std::vector<double>{1, 2, 3}));
}

TEST(Tape, a_variable_used_twice_gets_the_sum) {
  Variable x = leaf({3}, {});
  Tape tape;
  tape.backward(x * x + 2.0 * x);
  EXPECT_DOUBLE_EQ(x.grad().item<double>(), 8.0);
}

TEST(Tape, gradients_accumulate_until_cleared) {
  Variable x = leaf({3}, {});
  for (int pass = 1; pass <= 3; ++pass) {
    Tape tape;
    tape.backward(square(x));
    EXPECT_DOUBLE_EQ(x.grad().item<double>(), 6.0 * pass);
  }
  x.clear_grad();
  EXPECT_FALSE(x.grad().defined());
}

TEST(Tape, leaves_never_share_the_memory_of_a_gradient) {
  Variable a = leaf({1, 2}, {2});
  Variable b = leaf({3, 4}, {2});
  Tape tape;
  tape.backward(sum(a + b));
  EXPECT_TRUE(a.grad().value().is_contiguous());
  EXPECT_FALSE(a.grad().value().shares_storage_with(b.grad().value()));
}

TEST(Tape, nothing_is_recorded_without_a_tape_under_no_grad_or_without_need) {
  Variable x = leaf({2}, {});
  EXPECT_FALSE(square(x).needs_grad());
  Tape tape;
  {
    NoGrad no_grad;
    EXPECT_FALSE(square(x).needs_grad());
  }
  square(x.detach());
  EXPECT_EQ(tape.size(), 0u);
  EXPECT_TRUE(square(x).needs_grad());
  EXPECT_EQ(tape.size(), 1u);
}

TEST(Tape, backward_frees_what_was_saved_unless_told_to_retain) {
  Variable x = leaf({2}, {});
  Tape tape;
  Variable y = square(x);
  tape.backward(y, {.retain = true});
  tape.backward(y);
  EXPECT_DOUBLE_EQ(x.grad().item<double>(), 8.0);
  const std::string message = message_of([&] { tape.backward(y); });
  EXPECT_NE(message.find("'square' (tape_test.cpp:"), std::string::npos) << message;
  EXPECT_NE(message.find("retain = true"), std::string::npos) << message;
}

TEST(Tape, memory_is_given_back_as_backward_goes) {
  Variable x(Tensor::zeros({1024, 1024}), true);
  const std::int64_t before = memory_statistics(Device{}).current_bytes;
  Tape tape;
  Variable y = sum(tanh(tanh(tanh(x))));
  const std::int64_t recorded = memory_statistics(Device{}).current_bytes - before;
  EXPECT_GE(recorded, 3 * 4 * 1024 * 1024);
  tape.backward(y);
  const std::int64_t after = memory_statistics(Device{}).current_bytes - before;
  EXPECT_LT(after, 2 * 4 * 1024 * 1024);  // the gradient of x is what remains
}

TEST(Tape, changing_a_saved_operand_in_place_is_an_error_that_names_both) {
  Variable x = leaf({2, 3}, {2});
  Variable w = leaf({1, 1}, {2});
  Tape tape;
  Variable y = sum(x * w);
  w.value_in_place().fill_(7.0);
  const std::string message = message_of([&] { tape.backward(y); });
  EXPECT_NE(message.find("'multiply'"), std::string::npos) << message;
  EXPECT_NE(message.find("'fill_'"), std::string::npos) << message;
}

TEST(Tape, changing_a_saved_result_in_place_is_an_error) {
  Variable x = leaf({2, 3}, {2});
  Tape tape;
  Variable y = tanh(x);
  Variable loss = sum(y);
  Tensor alias = y.value();
  alias.fill_(0.0);
  const std::string message = message_of([&] { tape.backward(loss); });
  EXPECT_NE(message.find("'tanh'"), std::string::npos) << message;
  EXPECT_NE(message.find("result"), std::string::npos) << message;
}

TEST(Tape, detach_stops_the_gradient) {
  Variable x = leaf({3}, {});
  Tape tape;
  tape.backward(x * square(x).detach());
  EXPECT_DOUBLE_EQ(x.grad().item<double>(), 9.0);
}

TEST(Tape, keep_grad_keeps_the_gradient_of_a_result) {
  Variable x = leaf({3}, {});
  Tape tape;
  Variable y = square(x);
  y.keep_grad();
  tape.backward(square(y));
  EXPECT_DOUBLE_EQ(y.grad().item<double>(), 18.0);
}

TEST(Tape, hooks_see_and_may_replace_gradients) {
  Variable x = leaf({3}, {});
  double seen = 0.0;
  x.add_hook([&](const Variable& gradient) {
    seen = gradient.item<double>();
    return Variable();
  });
  Tape tape;
  Variable y = square(x);
  y.add_hook([](const Variable& gradient) { return 10.0 * gradient; });
  tape.backward(y + y);
  EXPECT_DOUBLE_EQ(seen, 120.0);
  EXPECT_DOUBLE_EQ(x.grad().item<double>(), 120.0);
}

TEST(Tape, gradient_returns_and_adds_nowhere) {
  Variable x = leaf({3}, {});
  Variable w = leaf({5}, {});
  Tape tape;
  Variable y = x * w;
  Variable z = square(y);
  const Variables found = tape.gradient({z}, {y, x}, {}, {.retain = true});
  EXPECT_DOUBLE_EQ(found[0].item<double>(), 30.0);
  EXPECT_DOUBLE_EQ(found[1].item<double>(), 150.0);
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(w.grad().defined());
  Variable unrelated = leaf({1}, {});
  EXPECT_FALSE(tape.gradient({z}, {unrelated})[0].defined());
}

TEST(Tape, derivatives_of_any_order) {
  Variable x = leaf({0.7}, {});
  Tape tape;
  Variable y = power(x, Variable(Tensor::scalar(5.0, DType::f64)));
  const double expected[] = {5 * std::pow(0.7, 4), 20 * std::pow(0.7, 3), 60 * 0.49, 120 * 0.7,
                             120};
  for (const double value : expected) {
    y = tape.gradient({y}, {x}, {}, {.create_graph = true})[0];
    EXPECT_NEAR(y.item<double>(), value, 1e-10);
  }
}

TEST(Tape, create_graph_goes_through_a_fused_operation_by_its_reference) {
  Variable x = leaf({0.3}, {1, 1});
  Variable w = leaf({1.7}, {1, 1});
  Tape tape;
  const Variable y = sum(linear_tanh(x, w, Variable()));
  const Variable first = tape.gradient({y}, {x}, {}, {.create_graph = true})[0];
  const Variable second = tape.gradient({sum(first)}, {x}, {}, {.create_graph = true})[0];
  const Variable third = tape.gradient({sum(second)}, {x}, {}, {.create_graph = true})[0];
  const double t = std::tanh(0.51);
  const double s = 1 - t * t;
  EXPECT_NEAR(first.item<double>(), 1.7 * s, 1e-12);
  EXPECT_NEAR(second.item<double>(), -2 * 1.7 * 1.7 * t * s, 1e-12);
  EXPECT_NEAR(third.item<double>(), std::pow(1.7, 3) * s * (4 * t * t - 2 * s), 1e-12);
}

TEST(Tape, backward_of_a_gradient_penalty_reaches_the_parameters) {
  Variable x = leaf({0.5, -0.25}, {1, 2});
  Variable w = leaf({0.3, 0.8}, {1, 2});
  Tape tape;
  const Variable y = sum(linear_tanh(x, w, Variable()));
  const Variable dx = tape.gradient({y}, {x}, {}, {.create_graph = true})[0];
  tape.backward(sum(square(dx)));
  // d/dw_j Σ_i (s w_i)² with s = 1 − tanh²(w·x):  2 s² w_j − 4 t s² x_j Σ w².
  const double t = std::tanh(0.3 * 0.5 - 0.8 * 0.25);
  const double s = 1 - t * t;
  const double norm = 0.3 * 0.3 + 0.8 * 0.8;
  const auto found = values_of(w.grad());
  EXPECT_NEAR(found[0], 2 * s * s * 0.3 - 4 * t * s * s * 0.5 * norm, 1e-12);
  EXPECT_NEAR(found[1], 2 * s * s * 0.8 - 4 * t * s * s * -0.25 * norm, 1e-12);
}

TEST(Tape, a_long_chain_needs_no_deep_stack) {
  Variable x = leaf({1}, {});
  Tape tape;
  Variable y = x;
  for (int i = 0; i < 100'000; ++i) {
    y = y + 0.0;
  }
  tape.backward(y);
  EXPECT_DOUBLE_EQ(x.grad().item<double>(), 1.0);
}

TEST(Tape, errors_say_what_is_wrong) {
  Variable x = leaf({1, 2}, {2});
  Tape tape;
  EXPECT_NE(message_of([&] { tape.backward(square(x)); }).find("not a single value"),
            std::string::npos);
  EXPECT_NE(message_of([&] { tape.backward(sum(x.detach())); }).find("no history"),
            std::string::npos);
  Variable other;
  {
    Tape inner;
    other = square(x);
  }
  EXPECT_NE(message_of([&] { square(other); }).find("another tape"), std::string::npos);
  EXPECT_NE(message_of([&] { add(x, Variable(Tensor::zeros({2}, DType::f32))); }).find("cast"),
            std::string::npos);
  EXPECT_NE(message_of([&] { square(x).value_in_place(); }).find("only leaves"), std::string::npos);
}

TEST(DetectAnomaly, names_the_operation_the_line_and_the_place) {
  Variable x = leaf({1, 0, 4}, {3});
  Tape tape;
  DetectAnomaly detect;
  const int line = __LINE__ + 1;
  const std::string message = message_of([&] { log(x); });
  EXPECT_NE(message.find(concat("'log' (tape_test.cpp:", line, ")")), std::string::npos) << message;
  EXPECT_NE(message.find("-inf at [1] of [3]"), std::string::npos) << message;
}

TEST(DetectAnomaly, finds_a_gradient_that_is_not_finite) {
  Variable x = leaf({0, 4}, {2});
  Tape tape;
  Variable y = sum(sqrt(x));
  DetectAnomaly detect;
  const std::string message = message_of([&] { tape.backward(y); });
  EXPECT_NE(message.find("'sqrt'"), std::string::npos) << message;
  EXPECT_NE(message.find("gradient of input 0 is +inf at [0]"), std::string::npos) << message;
}

TEST(DetectAnomaly, operators_bring_their_own_line) {
  Variable x = leaf({1, 0}, {2});
  DetectAnomaly detect;
  const int line = __LINE__ + 1;
  const std::string message = message_of([&] { (void)(x / x); });
  EXPECT_NE(message.find(concat("'divide' (tape_test.cpp:", line, ")")), std::string::npos)
      << message;
}

}  // namespace
}  // namespace heddle
