#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/random.h"
#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct AttentionCase {
  std::int64_t batch, heads, queries, keys, width, value_width;
  bool causal = false;
  std::vector<std::int64_t> key_lengths = {};  // empty: not given
  bool has_mask = false;
  bool side_by_side = true;  // heads next to each other in a row, as projections give them
};

std::string name_of(const AttentionCase& sizes) {
  return concat(sizes.batch, "×", sizes.heads, ", ", sizes.queries, " queries, ", sizes.keys,
                " keys, widths ", sizes.width, " and ", sizes.value_width,
                sizes.causal ? ", causal" : "", sizes.has_mask ? ", mask" : "");
}

const std::vector<AttentionCase>& small_cases() {
  static const std::vector<AttentionCase> all{
      {0, 2, 3, 3, 4, 4},
      {1, 1, 0, 3, 4, 4},
      {1, 2, 3, 0, 4, 4},
      {1, 1, 2, 3, 0, 4},
      {1, 1, 2, 3, 4, 0},
      {1, 1, 1, 1, 1, 1},
      {2, 3, 5, 7, 4, 6},
      {2, 1, 4, 9, 3, 5, true, {9, 0}},
      {2, 1, 9, 4, 3, 5, true},
      {3, 2, 33, 31, 16, 16, false, {31, 5, 0}, true},
      {1, 1, 31, 32, 33, 31, true, {}, false, false},
      {1, 2, 32, 33, 32, 32, true, {}, true},
  };
  return all;
}

/// Several tiles, each width of the versions, aligned and not. Slower: fewer runs.
const std::vector<AttentionCase>& large_cases() {
  static const std::vector<AttentionCase> all{
      {1, 1, 128, 127, 64, 64, true}, {1, 1, 65, 129, 40, 24, false, {100}},
      {1, 1, 20, 128, 128, 128},      {2, 1, 129, 50, 64, 64, false, {50, 13}, true},
      {1, 1, 17, 70, 130, 72, true},  {1, 1, 3, 1000, 8, 8},
      {1, 1, 200, 3, 8, 8, true},
  };
  return all;
}

struct AttentionTensors {
  AttentionCase sizes;
  Device device;
  AttentionOptions options;
  Tensor q, k, v, key_lengths, mask, out, logsumexp, dout, dq, dk, dv;

  AttentionTensors(const AttentionCase& given, DType dtype, Device where)
      : sizes(given), device(where) {
    options = {.scale = 0.7 / std::sqrt(std::max(1.0, static_cast<double>(sizes.width) / 4)),
               .causal = sizes.causal};
    q = laid_out(sizes.queries, sizes.width, dtype, 1);
    k = laid_out(sizes.keys, sizes.width, dtype, 2);
    v = laid_out(sizes.keys, sizes.value_width, dtype, 3);
    dout = laid_out(sizes.queries, sizes.value_width, dtype, 4);
    out = laid_out(sizes.queries, sizes.value_width, dtype, 0);
    dq = laid_out(sizes.queries, sizes.width, dtype, 0);
    dk = laid_out(sizes.keys, sizes.width, dtype, 0);
    dv = laid_out(sizes.keys, sizes.value_width, dtype, 0);
    logsumexp = unwritten({sizes.batch, sizes.heads, sizes.queries},
                          dtype == DType::bf16 ? DType::f32 : dtype)
                    .to(device);
    if (!sizes.key_lengths.empty()) {
      key_lengths = lengths_tensor(sizes.key_lengths).to(device);
    }
    if (sizes.has_mask) {
      Generator generator(5);
      mask = random_bernoulli({sizes.batch, 1, sizes.queries, sizes.keys}, 0.6, generator);
      mask.select(2, sizes.queries / 2).fill_(0.0);  // a query that sees nothing
      mask = mask.to(device).expand({sizes.batch, sizes.heads, sizes.queries, sizes.keys});
    }
  }
  /// Numbers of that seed rounded to bf16, the same for all types; not a number where seed is 0.
  Tensor laid_out(std::int64_t time, std::int64_t width, DType dtype, std::uint64_t seed) const {
    const Shape shape = sizes.side_by_side ? Shape{sizes.batch, time, sizes.heads, width}
                                           : Shape{sizes.batch, sizes.heads, time, width};
    const Tensor numbers = seed == 0 ? unwritten(shape, DType::f32).to(dtype)
                                     : sample(shape, DType::f32, seed).to(DType::bf16).to(dtype);
    return sizes.side_by_side ? numbers.to(device).transpose(1, 2) : numbers.to(device);
  }
  ConstView view_or_none(const Tensor& tensor) const {
    return tensor.defined() ? tensor.view() : ConstView{};
  }
  Stream stream(Math math) const {
    Stream copy = current_stream(device);
    copy.math = math;
    return copy;
  }
  void run(const AttentionKernels& kernels, Math math = Math::f32) const {
    Stream where = stream(math);
    kernels.forward(where, options, q.view(), k.view(), v.view(), view_or_none(key_lengths),
                    view_or_none(mask), out.output_view(), logsumexp.output_view());
    kernels.backward(where, options, q.view(), k.view(), v.view(), view_or_none(key_lengths),
                     view_or_none(mask), out.view(), logsumexp.view(), dout.view(),
                     dq.output_view(), dk.output_view(), dv.output_view());
  }
  std::vector<Tensor> results() const {
    std::vector<Tensor> all;
    for (const Tensor& one : {out, logsumexp, dq, dk, dv}) {
      all.push_back(one.to(Device{}).contiguous());
    }
    return all;
  }
};

const char* const result_names[] = {"out", "logsumexp", "dq", "dk", "dv"};

/// From the cpu's kernels in f64.
std::vector<Tensor> expected_results(const AttentionCase& sizes) {
  const AttentionTensors tensors(sizes, DType::f64, Device{});
  tensors.run(cpu_kernels().attention);
  return tensors.results();
}

/// The largest |got − expected| / max(1, |expected|); infinite where one is not a number or
/// infinities differ.
double largest_error(const Tensor& got, const Tensor& expected) {
  const std::vector<double> left = got.to(DType::f64).to_vector<double>();
  const std::vector<double> right = expected.to_vector<double>();
  double most = left.size() == right.size() ? 0.0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i] == right[i]) {
      continue;
    }
    const double error = std::abs(left[i] - right[i]) / std::max(1.0, std::abs(right[i]));
    most = error <= most ? most
                         : (std::isnan(error) ? std::numeric_limits<double>::infinity() : error);
  }
  return most;
}

double tolerance_for(DType dtype, std::string_view math) {
  if (dtype == DType::bf16) {
    return 2e-2;
  }
  return dtype == DType::f64 ? 1e-12 : math == "f32" ? 2e-5 : 2e-3;
}

bool same_bits_everywhere(const std::vector<Tensor>& left, const std::vector<Tensor>& right) {
  bool same = true;
  for (std::size_t i = 0; i < left.size(); ++i) {
    same = same && same_bits(left[i], right[i]);
  }
  return same;
}

const Device sim_device{.backend = Backend::sim};

/// Version `index` in all runs; the default choice where `index` is default_choice.
constexpr std::size_t default_choice = 100;
void check_version(std::size_t index, std::string_view math, const AttentionCase& sizes,
                   DType dtype, const std::vector<Tensor>& expected, Math asked = Math::f32) {
  std::vector<Tensor> first;
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope schedule(run.schedule);
    const AttentionTensors tensors(sizes, dtype, run.device);
    const bool chosen = index == default_choice;
    tensors.run(chosen ? kernels_for(run.device).attention
                       : HEDDLE_VERSIONS(attention, run.device)[index].kernels,
                asked);
    const std::vector<Tensor> got = tensors.results();
    const std::string_view name =
        chosen ? "default" : HEDDLE_VERSIONS(attention, run.device)[index].name;
    const std::string what =
        concat(name, ", ", heddle::name_of(dtype), ", ", run.name(), ": ", name_of(sizes), ": ");
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LE(largest_error(got[i], expected[i]), tolerance_for(dtype, math))
          << what << result_names[i];
    }
    if (run.device.backend != Backend::sim) {
      continue;
    }
    if (first.empty()) {
      first = got;
    }
    EXPECT_TRUE(same_bits_everywhere(got, first)) << what << "other bits than in the first run";
  }
}

void check_all(const std::vector<AttentionCase>& cases, const std::vector<DType>& dtypes) {
  for (const AttentionCase& sizes : cases) {
    const std::vector<Tensor> expected = expected_results(sizes);
    const auto& versions = HEDDLE_VERSIONS(attention, sim_device);
    for (std::size_t i = 0; i < versions.size(); ++i) {
      for (const DType dtype : dtypes) {
        check_version(i, versions[i].math, sizes, dtype, expected);
      }
    }
  }
}

TEST(GpuAttention, VersionsAgreeWithTheCpuInDouble) {
  check_all(small_cases(), {DType::f32, DType::f64, DType::bf16});
}

TEST(GpuAttention, VersionsAgreeOverSeveralTiles) { check_all(large_cases(), {DType::f32}); }

TEST(GpuAttention, TensorCoresTakeBf16AndEveryWidth) {
  const auto& versions = HEDDLE_VERSIONS(attention, sim_device);
  ASSERT_EQ(versions.back().name, "tensor_cores");
  for (const AttentionCase& sizes : large_cases()) {
    check_version(versions.size() - 1, "bf16", sizes, DType::bf16, expected_results(sizes));
  }
}

TEST(GpuAttention, TheDefaultChoosesByShapeAndMath) {
  const std::vector<AttentionCase> cases = {
      {2, 1, 9, 4, 3, 5, true},       // whole_row
      {1, 1, 140, 40, 24, 16},        // whole_row, then tiled
      {1, 1, 70, 131, 20, 12, true},  // tiled
      {1, 1, 40, 60, 150, 8, false, {}, true},
  };
  for (const AttentionCase& sizes : cases) {
    const std::vector<Tensor> expected = expected_results(sizes);
    check_version(default_choice, "f32", sizes, DType::f32, expected);
    check_version(default_choice, "f32", sizes, DType::f64, expected);
    check_version(default_choice, "tf32", sizes, DType::f32, expected, Math::tf32);
    check_version(default_choice, "bf16", sizes, DType::bf16, expected, Math::bf16);
  }
}

TEST(GpuAttention, ExactMathIsKeptUnlessAskedOtherwise) {
  const AttentionCase sizes{1, 1, 40, 200, 64, 64};
  const std::vector<Tensor> expected = expected_results(sizes);
  const auto error = [&](Math math) {
    const AttentionTensors tensors(sizes, DType::f32, sim_device);
    // Numbers that bf16 and tf32 do not hold.
    AttentionTensors changed = tensors;
    changed.v = sample({1, 1, 200, 64}, DType::f32, 9).to(tensors.device);
    AttentionTensors wide(sizes, DType::f64, Device{});
    wide.v = changed.v.to(Device{}).to(DType::f64);
    wide.run(cpu_kernels().attention);
    changed.run(kernels::sim::attention_kernels(), math);
    return largest_error(changed.results()[0], wide.results()[0]);
  };
  EXPECT_LT(error(Math::f32), 1e-6);
  EXPECT_GT(error(Math::tf32), 1e-6);
  EXPECT_LT(error(Math::tf32), 2e-3);
}

TEST(GpuAttention, NotANumberShowsInItsQueryAlone) {
  for (const auto& version : HEDDLE_VERSIONS(attention, sim_device)) {
    const AttentionTensors tensors({1, 1, 3, 4, 2, 2}, DType::f32, sim_device);
    Tensor query = tensors.q.select(2, 1);
    query.fill_(std::numeric_limits<double>::quiet_NaN());
    tensors.run(version.kernels);
    const std::vector<double> out = tensors.out.to_vector<double>();
    EXPECT_TRUE(std::isfinite(out[0])) << version.name;
    EXPECT_TRUE(std::isnan(out[2])) << version.name;
    EXPECT_TRUE(std::isfinite(out[4])) << version.name;
  }
}

TEST(GpuAttention, KeysBeyondTheLengthAreNotRead) {
  const AttentionCase sizes{2, 1, 5, 70, 8, 8, false, {40, 70}};
  const std::vector<Tensor> expected = expected_results(sizes);
  for (const auto& version : HEDDLE_VERSIONS(attention, sim_device)) {
    const AttentionTensors tensors(sizes, DType::f32, sim_device);
    for (const Tensor& each : {tensors.k, tensors.v}) {
      Tensor padding = each.select(0, 0).slice(1, 40);
      padding.fill_(std::numeric_limits<double>::quiet_NaN());
    }
    tensors.run(version.kernels);
    const std::vector<Tensor> got = tensors.results();
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LE(largest_error(got[i], expected[i]), tolerance_for(DType::f32, version.math))
          << version.name << ": " << result_names[i];
    }
  }
}

TEST(GpuAttention, GradientsOfAnExpandedInputAgree) {
  // All heads look at the same keys: strides of 0.
  const AttentionCase sizes{2, 3, 20, 30, 16, 16};
  AttentionTensors wide(sizes, DType::f64, Device{});
  const auto share = [](AttentionTensors& tensors, DType dtype) {
    const Tensor one = sample({2, 1, 30, 16}, DType::f32, 11).to(dtype).to(tensors.device);
    tensors.k = one.expand({2, 3, 30, 16});
  };
  share(wide, DType::f64);
  wide.run(cpu_kernels().attention);
  const std::vector<Tensor> expected = wide.results();
  for (const auto& version : HEDDLE_VERSIONS(attention, sim_device)) {
    AttentionTensors tensors(sizes, DType::f32, sim_device);
    share(tensors, DType::f32);
    tensors.run(version.kernels);
    const std::vector<Tensor> got = tensors.results();
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LE(largest_error(got[i], expected[i]), tolerance_for(DType::f32, version.math))
          << version.name << ": " << result_names[i];
    }
  }
}

TEST(GpuAttention, WrongCallsSayWhatIsWrong) {
  // As the cpu's kernels do.
  const auto message_holds = [&](auto&& change, const std::string& text) {
    for (const Device device : {Device{}, sim_device}) {
      AttentionTensors wrong({2, 1, 4, 5, 3, 3}, DType::f32, device);
      change(wrong);
      expect_error([&] { wrong.run(kernels_for(device).attention); }, text);
    }
  };
  const auto zeros = [](const Shape& shape, DType dtype = DType::f32) {
    return Tensor::zeros(shape, dtype);
  };
  message_holds(
      [&](AttentionTensors& t) {
        t.q = zeros({2, 4, 3});
      },
      "attention: q is [2, 4, 3]; expected rank 4");
  message_holds(
      [&](AttentionTensors& t) {
        t.k = zeros({2, 1, 5, 4});
      },
      "attention: k is [2, 1, 5, 4]; expected [2, 1, 5, 3]");
  message_holds(
      [&](AttentionTensors& t) {
        t.v = zeros({2, 1, 6, 3});
      },
      "attention: v is [2, 1, 6, 3]; expected [2, 1, 5, 3]");
  message_holds(
      [&](AttentionTensors& t) {
        t.k = zeros({2, 1, 5, 3}, DType::f64);
      },
      "attention: k: got f64, expected f32");
  message_holds(
      [&](AttentionTensors& t) {
        t.q = zeros({2, 1, 3, 4}).transpose(2, 3);
      },
      "attention: q: last stride is 4, expected 1");
  message_holds(
      [&](AttentionTensors& t) {
        t.mask = zeros({2, 1, 4, 5});
      },
      "attention: mask is f32; expected bool");
  message_holds(
      [&](AttentionTensors& t) {
        t.mask = zeros({4, 5}, DType::boolean);
      },
      "attention: mask is [4, 5]; expected [2, 1, 4, 5]");
  message_holds(
      [&](AttentionTensors& t) {
        t.out = zeros({2, 1, 4, 2});
      },
      "attention: out is [2, 1, 4, 2]; expected [2, 1, 4, 3]");
  message_holds(
      [&](AttentionTensors& t) {
        t.dq = zeros({2, 1, 4, 2});
      },
      "attention: dq is [2, 1, 4, 2]; expected [2, 1, 4, 3]");
  message_holds([&](AttentionTensors& t) { t.key_lengths = lengths_tensor({1}); },
                "attention: lengths is [1]; expected [2]");
  message_holds(
      [&](AttentionTensors& t) {
        t.key_lengths = lengths_tensor({5, 6});
      },
      "attention: lengths[1] is 6; expected 0 … 5");
}

}  // namespace
}  // namespace heddle::testing
