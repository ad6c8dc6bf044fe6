#include <cmath>
#include <vector>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct Problem {
  Tensor logits, targets, weights;  // weights may be undefined
  CrossEntropyOptions options;

  ConstView weight_view() const { return weights.defined() ? weights.view() : ConstView{}; }
};

struct Losses {
  Tensor losses, row_weights, logsumexp;
};

Losses cross_entropy(const Problem& problem) {
  const Shape rows{problem.logits.size(0)};
  const DType dtype = problem.logits.dtype();
  const Losses out{unwritten(rows, dtype), unwritten(rows, dtype), unwritten(rows, dtype)};
  cpu_kernels().cross_entropy.forward(cpu_stream(), problem.options, problem.logits.view(),
                                      problem.targets.view(), problem.weight_view(),
                                      out.losses.output_view(), out.row_weights.output_view(),
                                      out.logsumexp.output_view());
  return out;
}

Tensor cross_entropy_backward(const Problem& problem, const Tensor& logsumexp,
                              const Tensor& dlosses) {
  const Tensor dlogits = unwritten(problem.logits.shape(), problem.logits.dtype());
  cpu_kernels().cross_entropy.backward(cpu_stream(), problem.options, problem.logits.view(),
                                       problem.targets.view(), problem.weight_view(),
                                       logsumexp.view(), dlosses.view(), dlogits.output_view());
  return dlogits;
}

Problem make_problem(std::int64_t rows, std::int64_t classes, DType dtype, bool weighted,
                     double smoothing) {
  Generator generator(5);
  std::vector<std::int64_t> targets;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto target = generator.below(static_cast<std::uint64_t>(classes));
    targets.push_back(r % 4 == 3 ? -100 : static_cast<std::int64_t>(target));
  }
  Problem problem{sample({rows, classes}, dtype, 1),
                  Tensor::from<std::int64_t>(targets, {rows}),
                  {},
                  {.label_smoothing = smoothing}};
  if (weighted) {
    problem.weights = sample({classes}, dtype, 2);
  }
  return problem;
}

struct Expected {
  std::vector<double> losses, row_weights, logsumexp;
};

Expected reference(const Problem& problem) {
  const std::vector<double> x = problem.logits.to_vector<double>();
  const std::vector<std::int64_t> targets = problem.targets.to_vector<std::int64_t>();
  const auto classes = static_cast<std::size_t>(problem.logits.size(1));
  const std::vector<double> weights = problem.weights.defined()
                                          ? problem.weights.to_vector<double>()
                                          : std::vector<double>(classes, 1.0);
  const double smoothing = problem.options.label_smoothing;
  Expected expected;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      sum += std::exp(x[r * classes + c]);
    }
    const double lse = std::log(sum);
    expected.logsumexp.push_back(lse);
    if (targets[r] == problem.options.ignore_index) {
      expected.losses.push_back(0);
      expected.row_weights.push_back(0);
      continue;
    }
    const auto target = static_cast<std::size_t>(targets[r]);
    double loss = (1 - smoothing) * weights[target] * (lse - x[r * classes + target]);
    for (std::size_t c = 0; c < classes; ++c) {
      loss += smoothing / static_cast<double>(classes) * weights[c] * (lse - x[r * classes + c]);
    }
    expected.losses.push_back(loss);
    expected.row_weights.push_back(weights[target]);
  }
  return expected;
}

TEST(CrossEntropy, LossesAreRight) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t classes : {1, 2, 31, 32, 33, 127, 128, 129, 1000}) {
      for (const bool weighted : {false, true}) {
        for (const double smoothing : {0.0, 0.1}) {
          const Problem problem = make_problem(9, classes, dtype, weighted, smoothing);
          const Expected expected = reference(problem);
          const Losses got = cross_entropy(problem);
          const std::string what = std::to_string(classes) + " classes";
          expect_near(got.losses, expected.losses, tolerance_of(dtype), "losses, " + what);
          expect_near(got.row_weights, expected.row_weights, tolerance_of(dtype), what);
          expect_near(got.logsumexp, expected.logsumexp, tolerance_of(dtype), what);
        }
      }
    }
  }
}

TEST(CrossEntropy, GradientsAreTheSlopes) {
  for (const std::int64_t classes : {1, 2, 33, 130}) {
    for (const bool weighted : {false, true}) {
      for (const double smoothing : {0.0, 0.1}) {
        const Problem problem = make_problem(5, classes, DType::f64, weighted, smoothing);
        const Tensor dlosses = sample({5}, DType::f64, 3);
        const Tensor got =
            cross_entropy_backward(problem, cross_entropy(problem).logsumexp, dlosses);
        expect_gradient(
            problem.logits, got,
            [&] { return weighted_sum(cross_entropy(problem).losses, dlosses); }, "logits");
        Problem in_f32 = problem;
        in_f32.logits = problem.logits.to(DType::f32);
        in_f32.weights = weighted ? problem.weights.to(DType::f32) : Tensor();
        expect_near(
            cross_entropy_backward(in_f32, cross_entropy(in_f32).logsumexp, dlosses.to(DType::f32)),
            got.to_vector<double>(), tolerance_of(DType::f32), "dlogits in f32");
      }
    }
  }
}

TEST(CrossEntropy, SurvivesLargeLogitsAndNoRows) {
  const Problem large{Tensor::from<float>({1000.0f, 0.0f, -1000.0f, 0.0f}, {2, 2}),
                      Tensor::from<std::int64_t>({0, 0}, {2}),
                      {},
                      {}};
  EXPECT_EQ(cross_entropy(large).losses.to_vector<float>(), (std::vector<float>{0.0f, 1000.0f}));
  const Problem none{Tensor::empty({0, 3}), Tensor::empty({0}, DType::i64), {}, {}};
  EXPECT_EQ(cross_entropy(none).losses.elements(), 0);
}

TEST(CrossEntropy, BitsDoNotDependOnThreads) {
  const Problem problem = make_problem(1000, 77, DType::f32, true, 0.1);
  const Tensor dlosses = sample({1000}, DType::f32, 3);
  expect_same_bits_for_any_threads([&] {
    const Losses out = cross_entropy(problem);
    return std::vector{out.losses, out.logsumexp,
                       cross_entropy_backward(problem, out.logsumexp, dlosses)};
  });
}

TEST(CrossEntropy, ATargetThatIsNoClassIsNamed) {
  for (const std::int64_t bad : {std::int64_t{3}, std::int64_t{-1}}) {
    const Problem problem{Tensor::zeros({2, 3}), Tensor::from<std::int64_t>({2, bad}, {2}), {}, {}};
    expect_error([&] { cross_entropy(problem); },
                 "cross_entropy: the target of row 1 is " + std::to_string(bad));
  }
  const Problem smooth{
      Tensor::zeros({1, 3}), Tensor::from<std::int64_t>({2}, {1}), {}, {.label_smoothing = 1.5}};
  expect_error([&] { cross_entropy(smooth); }, "label_smoothing is 1.5; expected 0 … 1");
}

}  // namespace
}  // namespace heddle::testing
