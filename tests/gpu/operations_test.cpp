// Floating-point operations, counted line by line on kernels whose lines are known: their counts
// follow from the sizes.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/tensor.h"
#include "kernels/examples/examples.h"
#include "kernels/gpu/families.h"
#include "kernels/gpu/sim/profile.h"

namespace heddle::kernels {
namespace {

using ::heddle::sim::LaunchProfile;
using ::heddle::sim::LineOperations;

constexpr Device sim_device{.backend = Backend::sim};

/// What a line of a kernel says.
std::string source_of(const LineOperations& line) {
  for (const char* folder : {"/kernels/gpu/", "/kernels/gpu/device/"}) {
    std::ifstream file(std::string(HEDDLE_SOURCE_DIR) + folder + line.file);
    std::string text;
    for (unsigned i = 0; i < line.line; ++i) {
      std::getline(file, text);
    }
    if (file) {
      return text;
    }
  }
  ADD_FAILURE() << "no line " << line.line << " of " << line.file;
  return {};
}

/// Parts of lines, and the operations done there.
using Expected = std::vector<std::pair<std::string_view, std::int64_t>>;

/// Exactly these lines compute, and so much.
void expect_operations(const LaunchProfile& kernel, const Expected& expected) {
  Expected left = expected;
  for (const LineOperations& line : kernel.operations) {
    const std::string source = source_of(line);
    const auto found = std::find_if(left.begin(), left.end(), [&](const auto& one) {
      return source.find(one.first) != std::string::npos;
    });
    if (found == left.end()) {
      ADD_FAILURE() << line.operations << " operations at a line that is not expected, "
                    << line.file << ':' << line.line << ": " << source;
      continue;
    }
    EXPECT_EQ(line.operations, found->second) << line.file << ':' << line.line << ": " << source;
    left.erase(found);
  }
  for (const auto& [part, operations] : left) {
    ADD_FAILURE() << kernel.kernel << ": no operation at a line with: " << part;
  }
}

/// The kernels that one call of a family's example runs.
std::vector<LaunchProfile> profiles(std::string_view family, std::string_view version,
                                    const Sizes& sizes, bool backward) {
  ::heddle::sim::Profile profile;
  for (const ExampleCall& call : example_of(family).calls(sizes, DType::f32, sim_device)) {
    if (call.version == version) {
      const ::heddle::sim::RecordScope scope(profile);
      (backward ? call.backward : call.forward)();
    }
  }
  return profile.kernels();
}

LaunchProfile kernel_of(const std::vector<LaunchProfile>& kernels, std::string_view name) {
  for (const LaunchProfile& kernel : kernels) {
    if (kernel.kernel == name) {
      return kernel;
    }
  }
  ADD_FAILURE() << "no kernel " << name;
  return {};
}

TEST(OperationsProfile, Elementwise) {
  constexpr std::int64_t n = 1003;
  for (const char* version : {"scalar", "vector"}) {
    const auto forward = profiles("elementwise", version, {{"elements", n}}, false);
    ASSERT_EQ(forward.size(), 1u) << version;
    expect_operations(forward[0], {{"return tanh_of(x)", n}});
    const auto backward = profiles("elementwise", version, {{"elements", n}}, true);
    ASSERT_EQ(backward.size(), 1u) << version;
    expect_operations(backward[0], {{"dy * (A{1} - saved * saved)", 3 * n}});
  }
}

std::int64_t operations_of(const std::vector<LaunchProfile>& kernels) {
  std::int64_t sum = 0;
  for (const LaunchProfile& kernel : kernels) {
    for (const LineOperations& line : kernel.operations) {
      sum += line.operations;
    }
  }
  return sum;
}

std::int64_t operations_of_sum(DType dtype) {
  const Tensor a = Tensor::full({7, 5}, 2.0, dtype).to(sim_device);
  const Tensor out = Tensor::empty_like(a);
  ::heddle::sim::Profile profile;
  {
    const ::heddle::sim::RecordScope scope(profile);
    kernels_for(sim_device)
        .elementwise.binary(current_stream(sim_device), BinaryOp::add, a.view(), a.view(),
                            out.output_view());
  }
  return operations_of(profile.kernels());
}

TEST(OperationsProfile, WholeNumbersAreNotCounted) {
  EXPECT_EQ(operations_of_sum(DType::f32), 35);
  EXPECT_EQ(operations_of_sum(DType::bf16), 35);
  EXPECT_EQ(operations_of_sum(DType::i64), 0);
}

TEST(OperationsProfile, Softmax) {
  constexpr std::int64_t rows = 8;
  constexpr std::int64_t cols = 1000;
  const Sizes sizes = {{"rows", rows}, {"cols", cols}};
  expect_operations(profiles("softmax", "thread_per_row", sizes, false).at(0),
                    {{"sum += exp_of(", 3 * rows * cols},
                     {"factor(of_logarithm ?", rows},
                     {"counted<2>(exp_of(x - shift) * factor)", 3 * rows * cols}});
  // Each of 32 lanes holds 32 numbers, whether the row has them or not, and adds five times.
  expect_operations(profiles("softmax", "online", sizes, false).at(0),
                    {{"centred = counted<1>(", rows * 1024},
                     {"exponential = exp_of(", rows * 1024},
                     {"sum += exponential", rows * 1024},
                     {"sum = warp_sum<lanes>(sum)", rows * 32 * 5},
                     {"factor = p.logarithmic ?", rows * 32},
                     {"counted<1>(part.value[k] * factor)", rows * 1024}});
  expect_operations(profiles("softmax", "thread_per_row", sizes, true).at(0),
                    {{"counted<1>(y_element * dy_element)", rows * cols},
                     {"d += p.term(", rows * cols},
                     {"counted<2>(y_element * (dy_element - d))", 2 * rows * cols}});
}

TEST(OperationsProfile, LayerNorm) {
  constexpr std::int64_t rows = 3;
  constexpr std::int64_t cols = 50;
  constexpr std::int64_t n = rows * cols;
  const Sizes sizes = {{"rows", rows}, {"cols", cols}};
  expect_operations(profiles("layer_norm", "thread_per_row", sizes, false).at(0),
                    {{"sum += widen<T>(p.x(r, c))", n},
                     {"mean = counted<1>(sum / ", rows},
                     {"centred = counted<1>(", n},
                     {"squares += centred * centred", 2 * n},
                     {"A{1} / sqrt_of(squares / ", 4 * rows},
                     {"p.y(r, c) = narrow<T>(counted<4>(", 4 * n}});
  expect_operations(kernel_of(profiles("layer_norm", "thread_per_row", sizes, true),
                              "layer_norm_backward.thread_per_row"),
                    {{"g = counted<1>(widen<T>(p.dy(r, c)) * ", n},
                     {"sum += g", n},
                     {"counted<2>((x - mean) * rstd)", 4 * n},
                     {"dot += g * row.normalized(", 2 * n},
                     {"row.mean_g = ", rows},
                     {"row.mean_gn = ", rows},
                     {"g = counted<1>(widen<T>(p.dy(r, c)) * ", n},
                     {"rstd * (g - mean_g - normalized(x) * mean_gn)", 4 * n}});
}

TEST(OperationsProfile, Adam) {
  constexpr std::int64_t tensors = 2;
  constexpr std::int64_t n = tensors * 100;
  constexpr std::int64_t threads = tensors * 256;  // each works out the step's numbers
  expect_operations(
      profiles("optimizer", "all_tensors", {{"tensors", tensors}, {"elements", 100}}, false).at(0),
      {{"const T g = multiply_add(", 3 * n},
       {"at.first = multiply_add(beta1", 3 * n},
       {"at.second = multiply_add(beta2", 4 * n},
       {"const T step = ", 5 * n},
       {"at.value = multiply_add(keep", 2 * n},
       {"const double rate = ", threads},
       {".keep = ", 2 * threads},
       {".rest1 = ", threads},
       {".rest2 = ", threads},
       {".rate = ", threads},
       {".root = ", 2 * threads}});
}

TEST(OperationsProfile, LinearTanhBackward) {
  constexpr std::int64_t rows = 5;
  constexpr std::int64_t out = 9;
  const Sizes sizes = {{"rows", rows}, {"in", 7}, {"out", out}};
  const auto kernels = profiles("linear_tanh", "product_then_tanh", sizes, true);
  expect_operations(kernel_of(kernels, "linear_tanh.dz_alone"),
                    {{"A{1} - widen<T>(y) * widen<T>(y)", 3 * rows * out}});
  expect_operations(kernel_of(kernels, "linear_tanh.column_sums"),
                    {{"sum += widen<T>(dz(at))", rows * out}});
}

TEST(OperationsProfile, LstmCell) {
  constexpr std::int64_t units = 2 * 3 * 4 * 8;  // directions, steps, rows, hidden
  const Sizes sizes = {{"time", 3}, {"batch", 4}, {"input", 5}, {"hidden", 8}};
  expect_operations(kernel_of(profiles("lstm", "fused_cell", sizes, false), "lstm.fused_cell"),
                    {{"z[gate] += widen<T>(bias(gate))", 4 * units},
                     {"z[gate] += widen<T>(recurrent(", 4 * units},
                     {"return sigmoid_of(value)", 3 * 3 * units},
                     {"return tanh_of(value)", 2 * units},
                     {"step.c = ", 3 * units},
                     {"step.h = ", units}});
  expect_operations(
      kernel_of(profiles("lstm", "fused_cell", sizes, true), "lstm.fused_cell_backward"),
      {{"cell_step_backward<false>(", units},
       {"squashed = tanh_of(saved.c)", units},
       {"const A into_c = ", 5 * units},
       {"dc = counted<1>(into_c * f)", units},
       {"counted<4>(into_c * g * i * (A{1} - i))", 4 * units},
       {"counted<4>(into_c * saved.c_before * f * (A{1} - f))", 4 * units},
       {"(A{1} - g * g)), counted<4>(dh * squashed * o * (A{1} - o))", 8 * units}});
}

TEST(OperationsProfile, Attention) {
  constexpr std::int64_t steps = 12;
  constexpr std::int64_t width = 16;
  constexpr std::int64_t rows = 2 * steps;  // of two heads
  const Sizes sizes = {
      {"batch", 1}, {"heads", 2}, {"steps", steps}, {"width", width}, {"causal", 0}};
  const auto forward = profiles("attention", "three_kernels", sizes, false);
  expect_operations(
      kernel_of(forward, "attention.three_kernels scores"),
      {{"sum = multiply_add(", 2 * width * rows * steps}, {"score = counted<1>(", rows * steps}});
  expect_operations(kernel_of(forward, "attention.three_kernels softmax"),
                    {{"weight = exp_of(counted<1>(", 2 * rows * steps},
                     {"total += weight", rows * steps},
                     {"total = warp_sum(total)", rows * 32 * 5},
                     {"share = total > A{0} ?", rows * 32},
                     {"row(key) *= share", rows * steps},
                     {"most + log_of(total)", 2 * rows}});
  expect_operations(kernel_of(profiles("attention", "three_kernels", sizes, true),
                              "attention_backward.three_kernels slopes"),
                    {{"score = multiply_add(", 2 * width * rows * steps},
                     {"slope = multiply_add(", 2 * width * rows * steps},
                     {"weight = exp_of(counted<2>(", 3 * rows * steps},
                     {"slope = counted<3>(", 3 * rows * steps}});
}

/// What `heddle kernel` prints above the table is what the formula takes: every version of every
/// family does that much.
TEST(OperationsProfile, NoVersionDoesLessThanTheFormula) {
  for (const KernelExample& example : kernel_examples()) {
    for (const ExampleCall& call : example.calls(example.sizes, DType::f32, sim_device)) {
      for (const bool backward : {false, true}) {
        const std::function<void()>& body = backward ? call.backward : call.forward;
        if (!body) {
          continue;
        }
        ::heddle::sim::Profile profile;
        {
          const ::heddle::sim::RecordScope scope(profile);
          body();
        }
        // How many numbers dropout keeps is drawn.
        const double least = example.work(example.sizes, DType::f32, backward).operations *
                             (example.family == "dropout" ? 0.95 : 1.0);
        EXPECT_GE(static_cast<double>(operations_of(profile.kernels())), least)
            << example.family << ", version " << call.version << (backward ? ", backward" : "");
      }
    }
  }
}

}  // namespace
}  // namespace heddle::kernels
