// The example of docs/autograd.md, "An operation of your own": the text between the marks is shown
// there, and a test compares the two.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "autograd/gradcheck.h"

// [example]
#include "autograd/ops.h"

using heddle::BackwardCall, heddle::Operation, heddle::Tensor, heddle::Variable;

// swish(x) = x σ(x), with derivative σ(x) + y (1 − σ(x)); computed here element by element in f64.
Variable swish(const Variable& x, heddle::Where where = heddle::Where::current()) {
  Operation op("swish", {x}, where);
  const Tensor in = x.value().contiguous();
  Tensor out = Tensor::empty(in.shape(), heddle::DType::f64);
  double* y = out.mutable_data<double>();
  for (std::int64_t i = 0; i < in.elements(); ++i) {
    const double value = in.data<double>()[i];
    y[i] = value / (1.0 + std::exp(-value));
  }
  return op.finish(out, [x = op.save(x), y = op.save_output(out)](const BackwardCall& call) {
    // Written with operations, so that it can be differentiated again.
    const Variable s = sigmoid(call.get(x));
    return heddle::Variables{call.dy() * (s + call.get(y) * (1.0 - s))};
  });
}
// [example]

namespace heddle {
namespace {

TEST(CustomOperation, passes_gradcheck_and_gradgradcheck) {
  const Variable x(Tensor::from<double>({-3.0, -0.5, 0.0, 0.25, 2.0, 7.0}, {2, 3}), true);
  const auto function = [](const Variables& in) { return Variables{swish(in[0])}; };
  const GradcheckResult first = gradcheck(function, {x});
  EXPECT_TRUE(first.passed) << first.message;
  const GradcheckResult second = gradgradcheck(function, {x});
  EXPECT_TRUE(second.passed) << second.message;
}

TEST(CustomOperation, a_gradient_of_the_wrong_shape_is_an_error_that_names_it) {
  Variable x(Tensor::from<double>({1.0, 2.0}, {2}), true);
  Tape tape;
  Operation op("wrong", {x}, Where::current());
  const Variable y = op.finish(Tensor::scalar(3.0, DType::f64),
                               [](const BackwardCall& call) { return Variables{call.dy()}; });
  try {
    tape.backward(y);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("gradient of input 0 is [] f64, expected [2] f64"),
              std::string::npos)
        << error.what();
  }
}

std::string between_marks(const std::string& path, const std::string& begin,
                          const std::string& end) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const auto first = all.find(begin);
  if (first == std::string::npos) {
    return "";
  }
  const auto last = all.find(end, first + begin.size());
  return all.substr(first + begin.size(), last - first - begin.size());
}

TEST(CustomOperation, is_the_example_of_the_documentation) {
  const std::string root = HEDDLE_SOURCE_DIR;
  const std::string code =
      between_marks(root + "/tests/autograd/custom_op_test.cpp", "// [example]\n", "// [example]");
  ASSERT_FALSE(code.empty());
  const std::string page =
      between_marks(root + "/docs/autograd.md", "## An operation of your own", "\n## ");
  EXPECT_NE(page.find(code), std::string::npos);
}

}  // namespace
}  // namespace heddle
