#include <span>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "autograd/ops/references.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

Example cross_entropy_example(const char* name, const Variable& logits, const Tensor& targets,
                              const Tensor& class_weights, const CrossEntropyOptions& options) {
  const auto call = [=](const Variables& in) -> Variables {
    return {cross_entropy(in[0], beside(targets, in[0]), beside(class_weights, in[0]), options)};
  };
  const auto reference = [=](const Variables& in) -> Variables {
    const std::int64_t classes = in[0].size(-1);
    const Tensor flat = beside(targets, in[0]).flatten();
    const Variable losses =
        cross_entropy_rows_reference({reshape(in[0], {flat.size(0), classes}), Variable(flat),
                                      variable_beside(class_weights, in[0])},
                                     options);
    double total = 0.0;
    for (const std::int64_t target : flat.to_vector<std::int64_t>()) {
      const bool counted = target != options.ignore_index;
      total += !counted                  ? 0.0
               : class_weights.defined() ? class_weights.select(0, target).item<double>()
                                         : 1.0;
    }
    return {sum(losses) / (total == 0.0 ? 1.0 : total)};
  };
  return {name, call, {logits}, reference};
}

OperationCase cross_entropy_case() {
  const Tensor targets = integers({2, 0, 1}, {3});
  const Tensor some = integers({2, -100, 1}, {3});
  const Tensor none = integers({9, 9}, {2});
  const Tensor weights = numbers({3}, 1, 0.5, 2.0);
  std::vector<std::int64_t> many(67);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = i % 5 == 0 ? -100 : static_cast<std::int64_t>(i * 7 % 37);
  }
  return {.name = "cross_entropy",
          .operations = {"cross_entropy_rows"},
          .examples = {cross_entropy_example("plain", leaf({3, 3}, 1), targets, {}, {}),
                       without_differences(cross_entropy_example(
                           "larger", leaf({67, 37}, 11),
                           Tensor::from(std::span<const std::int64_t>(many), {67}),
                           numbers({37}, 12, 0.5, 2.0), {.label_smoothing = 0.1})),
                       cross_entropy_example("ignored rows", leaf({3, 3}, 2), some, {}, {}),
                       cross_entropy_example("class weights", leaf({3, 3}, 3), some, weights, {}),
                       cross_entropy_example("label smoothing", leaf({3, 4}, 4), targets, {},
                                             {.label_smoothing = 0.1}),
                       cross_entropy_example("all of it", leaf({3, 3}, 5), some, weights,
                                             {.label_smoothing = 0.2}),
                       cross_entropy_example("sequence", leaf({2, 2, 3}, 6),
                                             integers({0, 2, 1, 0}, {2, 2}), {}, {}),
                       cross_entropy_example("one row without dimension", leaf({4}, 7),
                                             integers({3}, {}), {}, {}),
                       cross_entropy_example("everything ignored", leaf({2, 3}, 8), none, {},
                                             {.ignore_index = 9}),
                       cross_entropy_example("no rows", leaf({0, 3}, 9),
                                             Tensor::empty({0}, DType::i64), {}, {}),
                       cross_entropy_example("one class", leaf({2, 1}, 10), integers({0, 0}, {2}),
                                             {}, {})},
          .wrong_calls = {{"cross_entropy: targets is [2] i64; expected [3] i64",
                           [] {
                             cross_entropy(zeros_of({3, 4}), integers({0, 1}, {2}));
                           }},
                          {"cross_entropy: targets is [3] f32; expected [3] i64",
                           [] {
                             cross_entropy(zeros_of({3, 4}), Tensor::zeros({3}));
                           }},
                          {"cross_entropy: class_weights is [3] f32; expected [4] f32",
                           [targets] {
                             cross_entropy(zeros_of({3, 4}), targets, Tensor::zeros({3}));
                           }},
                          {"cross_entropy: label_smoothing is 1.5",
                           [targets] {
                             cross_entropy(zeros_of({3, 4}), targets, {}, {.label_smoothing = 1.5});
                           }},
                          {"4",
                           [] {
                             cross_entropy(zeros_of({1, 4}), integers({4}, {1}));
                           }},
                          {"-1", [] {
                             cross_entropy(zeros_of({1, 4}), integers({-1}, {1}));
                           }}}};
}

using Loss = Variable (*)(const Variable&, const Tensor&, const Tensor&, Where);

/// A loss per element, here of x and t; its mean and weighted mean.
OperationCase pair_loss_case(const char* name, Loss loss,
                             Variable (*one_by_one)(const Variable& x, const Variable& t)) {
  const Tensor targets = numbers({3, 4}, 1, 0.02, 0.07);  // between the tenths x consists of
  const Tensor weights =
      Tensor::from({1.0, 0.0, 2.0, 0.5, 1.0, 1.5, 0.0, 0.25, 1.0, 2.0, 0.5, 1.0}, {3, 4});
  const auto call = [=](const Tensor& t, const Tensor& w) -> DifferentiableFunction {
    return [=](const Variables& in) -> Variables {
      return {loss(in[0], beside(t, in[0]), beside(w, in[0]), Where::current())};
    };
  };
  const std::string prefix = std::string(name) + ": ";
  return {
      .name = name,
      .operations = {name},
      .examples = {{"mean",
                    call(targets, {}),
                    {leaf_of_distinct({3, 4}, 2)},
                    [=](const Variables& in) -> Variables {
                      return {mean(one_by_one(in[0], variable_beside(targets, in[0])))};
                    }},
                   {"weights",
                    call(targets, weights),
                    {leaf_of_distinct({3, 4}, 3)},
                    [=](const Variables& in) -> Variables {
                      const Variable w = variable_beside(weights, in[0]);
                      return {sum(one_by_one(in[0], variable_beside(targets, in[0])) * w) / sum(w)};
                    }},
                   {"weights all 0",
                    call(targets, Tensor::zeros({3, 4})),
                    {leaf_of_distinct({3, 4}, 4)}},
                   {"single value", call(Tensor::scalar(0.03), {}), {leaf_of_distinct({}, 5)}},
                   {"nothing", call(Tensor::zeros({0, 2}), {}), {leaf({0, 2}, 6)}}},
      .wrong_calls = {
          {prefix + "targets is [4] f32; expected [3, 4] f32",
           [=] {
             loss(zeros_of({3, 4}), Tensor::zeros({4}), {}, Where::current());
           }},
          {prefix + "targets is [3, 4] f64; expected [3, 4] f32",
           [=] {
             loss(zeros_of({3, 4}), targets, {}, Where::current());
           }},
          {prefix + "weights is [4] f32; expected [3, 4] f32",
           [=] {
             loss(zeros_of({3, 4}), Tensor::zeros({3, 4}), Tensor::zeros({4}), Where::current());
           }},
          {prefix + "targets is not given", [=] {
             loss(zeros_of({3, 4}), {}, {}, Where::current());
           }}}};
}

}  // namespace

std::vector<OperationCase> loss_cases() {
  return {cross_entropy_case(),
          pair_loss_case("mean_squared_error", mean_squared_error,
                         [](const Variable& x, const Variable& t) { return square(x - t); }),
          pair_loss_case("mean_absolute_error", mean_absolute_error,
                         [](const Variable& x, const Variable& t) { return absolute(x - t); }),
          pair_loss_case("binary_cross_entropy", binary_cross_entropy,
                         [](const Variable& x, const Variable& t) { return softplus(x) - t * x; })};
}

}  // namespace heddle
