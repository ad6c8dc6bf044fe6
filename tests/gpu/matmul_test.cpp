#include <gtest/gtest.h>

#include "kernels/gpu/product.h"
#include "tests/gpu/runs.h"
#include "tests/gpu/warpgroup_products.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

/// A matrix kept as it is, or as the transpose of a row-major one.
enum class Major : std::uint8_t { row, column };

Tensor sample_matrices(std::int64_t batch, std::int64_t rows, std::int64_t cols, Major major,
                       DType dtype, std::uint64_t seed) {
  if (major == Major::row) {
    return sample({batch, rows, cols}, dtype, seed);
  }
  return sample({batch, cols, rows}, dtype, seed).transpose(1, 2);
}

/// The product of what `a` and `b` hold, in double.
std::vector<double> product_in_double(const Tensor& a, const Tensor& b, const Tensor& start) {
  const Tensor out = start.to(DType::f64).clone();
  cpu_kernels().matmul.multiply(cpu_stream(), a.to(DType::f64).view(), b.to(DType::f64).view(),
                                true, out.output_view());
  return out.to_vector<double>();
}

double tolerance_of_class(std::string_view math, DType dtype) {
  if (dtype == DType::f64) {
    return 1e-12;
  }
  return dtype == DType::bf16 || math == "bf16" ? 2e-2 : math == "tf32" ? 2e-3 : 2e-5;
}

struct Shapes {
  std::int64_t batch, m, k, n;
};

/// Numbers whose sums of `k` products stay within about ±1, so that errors are relative to 1.
Tensor sample_factor(std::int64_t batch, std::int64_t rows, std::int64_t cols, std::int64_t k,
                     Major major, DType dtype, std::uint64_t seed) {
  Tensor factor = sample_matrices(batch, rows, cols, major, DType::f32, seed);
  std::vector<float> values = factor.to_vector<float>();
  for (float& value : values) {
    value *= static_cast<float>(std::pow(static_cast<double>(std::max<std::int64_t>(k, 1)), -0.25));
  }
  const Tensor scaled = Tensor::from<float>(values, {batch, rows, cols});
  return major == Major::row ? scaled.to(dtype)
                             : scaled.transpose(1, 2).contiguous().to(dtype).transpose(1, 2);
}

/// A copy on the device with the same dimension contiguous; `to` alone makes all row-major.
Tensor copy_there(const Tensor& matrices, Device device) {
  const bool is_row_major = matrices.strides()[2] == 1 || matrices.size(2) == 1;
  return is_row_major ? matrices.to(device) : matrices.transpose(1, 2).to(device).transpose(1, 2);
}

struct MatmulCase {
  Shapes sizes;
  Major a = Major::row, b = Major::row, out = Major::row;
  DType dtype = DType::f32;
  DType out_dtype = DType::f32;
};

void expect_versions_agree(const MatmulCase& example) {
  const auto& [batch, m, k, n] = example.sizes;
  const Tensor a = sample_factor(batch, m, k, k, example.a, example.dtype, 1);
  const Tensor b = sample_factor(batch, k, n, k, example.b, example.dtype, 2);
  const Tensor before = sample_matrices(batch, m, n, example.out, example.out_dtype, 3);
  const std::vector<double> product =
      product_in_double(a, b, Tensor::zeros({batch, m, n}, DType::f64));
  const std::vector<double> added = product_in_double(a, b, before);
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : HEDDLE_VERSIONS(matmul, run.device)) {
      const std::string what =
          concat(version.name, " on ", run.name(), ", ", batch, " × ", m, "×", k, "×", n, ' ',
                 name_of(example.dtype), " majors ", static_cast<int>(example.a),
                 static_cast<int>(example.b), static_cast<int>(example.out));
      const double tolerance = std::max(tolerance_of_class(version.math, example.dtype),
                                        tolerance_of_class("f32", example.out_dtype));
      const Tensor a_there = copy_there(a, run.device);
      const Tensor b_there = copy_there(b, run.device);
      for (const bool accumulate : {false, true}) {
        // Under sim one of the three schedules adds to out, the others do not.
        if (run.device.backend == Backend::sim &&
            accumulate != (run.schedule.order == sim::Order::reverse)) {
          continue;
        }
        Tensor out = copy_there(before, run.device);
        if (!accumulate) {
          out.fill_(std::numeric_limits<double>::quiet_NaN());
        }
        version.kernels.multiply(current_stream(run.device), a_there.view(), b_there.view(),
                                 accumulate, out.output_view());
        expect_near(out.to(Device{}), accumulate ? added : product, tolerance,
                    what + (accumulate ? " added to out" : ""));
      }
    }
  }
}

TEST(GpuMatmul, VersionsAgreeWithDoubles) {
  for (const Shapes& sizes :
       {Shapes{1, 1, 1, 1}, Shapes{1, 31, 33, 32}, Shapes{1, 33, 127, 31}, Shapes{1, 128, 32, 129},
        Shapes{1, 129, 128, 127}, Shapes{1, 1, 1000, 3}, Shapes{3, 17, 65, 33}, Shapes{1, 2, 0, 3},
        Shapes{1, 0, 5, 3}, Shapes{0, 2, 2, 2}, Shapes{1, 5, 700, 9}}) {
    expect_versions_agree({.sizes = sizes});
    if (sizes.m < 100) {
      expect_versions_agree({.sizes = sizes, .dtype = DType::f64, .out_dtype = DType::f64});
      expect_versions_agree({.sizes = sizes, .dtype = DType::bf16, .out_dtype = DType::bf16});
    }
  }
}

TEST(GpuMatmul, TakesEveryTranspose) {
  for (int majors = 0; majors < 8; ++majors) {
    const auto major = [&](int bit) {
      return (majors >> bit) % 2 == 0 ? Major::row : Major::column;
    };
    for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
      expect_versions_agree({{2, 36, 40, 28},
                             major(0),
                             major(1),
                             major(2),
                             dtype,
                             dtype == DType::bf16 && majors % 2 == 0 ? DType::f32 : dtype});
    }
  }
}

Tensor multiplied(const kernels::KernelVersion<MatmulKernels>& version, Device device,
                  const Tensor& a, const Tensor& b) {
  const Tensor out = Tensor::full({a.size(0), a.size(1), b.size(2)},
                                  std::numeric_limits<double>::quiet_NaN(), a.dtype())
                         .to(device);
  version.kernels.multiply(current_stream(device), a.to(device).view(), b.to(device).view(), false,
                           out.output_view());
  return out.to(Device{});
}

/// By the version of that name, one `a` for all of out where it is one; the products of warp groups
/// are added to `products`.
Tensor multiplied_by(std::string_view name, const Tensor& a, const Tensor& b, const Tensor& before,
                     bool accumulate, int* products = nullptr) {
  const Device device{.backend = Backend::sim};
  for (const auto& version : HEDDLE_VERSIONS(matmul, device)) {
    if (version.name == name) {
      const Tensor out = copy_there(before, device);
      WarpgroupProducts recorder;
      const sim::RecordScope scope(recorder);
      const Tensor a_there = copy_there(a, device).expand({before.size(0), a.size(1), a.size(2)});
      version.kernels.multiply(current_stream(device), a_there.view(), copy_there(b, device).view(),
                               accumulate, out.output_view());
      if (products != nullptr) {
        *products += recorder.count;
      }
      return out.to(Device{});
    }
  }
  throw Error(concat("no version ", name));
}

TEST(GpuMatmul, WarpgroupsTakeEveryLayoutThatTheCopyEngineTakes) {
  struct Case {
    Shapes sizes;
    Major a, b, out;
    DType dtype, out_dtype;
  };
  std::vector<Case> cases{
      {{1, 64, 32, 64}, Major::row, Major::column, Major::row, DType::f32, DType::f32},
      {{2, 129, 100, 31}, Major::row, Major::column, Major::column, DType::f32, DType::f32},
      {{1, 1, 1000, 257}, Major::row, Major::column, Major::row, DType::f32, DType::f32},
      {{1, 300, 4, 1}, Major::row, Major::column, Major::row, DType::f32, DType::f32}};
  for (int majors = 0; majors < 8; ++majors) {
    const auto major = [&](int bit) {
      return (majors >> bit) % 2 == 0 ? Major::row : Major::column;
    };
    cases.push_back({{2, 136, 72, 264},
                     major(0),
                     major(1),
                     major(2),
                     DType::bf16,
                     majors % 3 == 0 ? DType::f32 : DType::bf16});
    cases.push_back({{1, 8, 328, 16}, major(0), major(1), major(2), DType::bf16, DType::bf16});
  }
  for (const GpuRun& run : gpu_runs()) {
    if (run.device.backend != Backend::sim) {
      continue;
    }
    const sim::ScheduleScope scope(run.schedule);
    for (const Case& example : cases) {
      const auto& [batch, m, k, n] = example.sizes;
      const Tensor a = sample_factor(batch, m, k, k, example.a, example.dtype, 1);
      const Tensor b = sample_factor(batch, k, n, k, example.b, example.dtype, 2);
      const Tensor before = sample_matrices(batch, m, n, example.out, example.out_dtype, 3);
      const bool is_f32 = example.dtype == DType::f32;
      const std::string math = is_f32 ? "tf32" : "bf16";
      const std::string what = concat(run.name(), ", ", batch, " × ", m, "×", k, "×", n, ' ', math,
                                      " majors ", static_cast<int>(example.a),
                                      static_cast<int>(example.b), static_cast<int>(example.out));
      const bool accumulate = m % 3 == 0;
      int products = 0;
      const Tensor got =
          multiplied_by("warpgroup_tensor_cores_" + math, a, b, before, accumulate, &products);
      EXPECT_GT(products, 0) << what;
      expect_near(
          got,
          product_in_double(a, b, accumulate ? before : Tensor::zeros({batch, m, n}, DType::f64)),
          is_f32                             ? 2e-3
          : example.out_dtype == DType::bf16 ? 2e-2
                                             : 2e-5,
          what);
      // The same factors, rounded alike, in the order of k: under sim the same bits.
      EXPECT_TRUE(same_bits(got, multiplied_by("tensor_cores_" + math, a, b, before, accumulate)))
          << what;
    }
  }
}

TEST(GpuMatmul, WarpgroupsFallBackWhereTheCopyEngineCannotRead) {
  const Device device{.backend = Backend::sim};
  const auto products_of = [](std::string_view math, const Tensor& a, const Tensor& b) {
    int products = 0;
    const Tensor before = Tensor::zeros({a.size(0), a.size(1), b.size(2)}, a.dtype());
    const Tensor got =
        multiplied_by(concat("warpgroup_tensor_cores_", math), a, b, before, false, &products);
    EXPECT_TRUE(same_bits(got, multiplied_by(concat("tensor_cores_", math), a, b, before, false)));
    return products;
  };
  const auto factor = [](std::int64_t rows, std::int64_t cols, DType dtype) {
    return sample({1, rows, cols}, dtype, 1);
  };
  EXPECT_GT(
      products_of("tf32", factor(8, 32, DType::f32), factor(12, 32, DType::f32).transpose(1, 2)),
      0);
  EXPECT_EQ(products_of("tf32", factor(8, 32, DType::f32), factor(32, 12, DType::f32)), 0);
  EXPECT_EQ(
      products_of("tf32", factor(8, 33, DType::f32), factor(12, 33, DType::f32).transpose(1, 2)),
      0);
  EXPECT_EQ(products_of("bf16", factor(8, 32, DType::f32), factor(32, 16, DType::f32)), 0);
  EXPECT_EQ(products_of("bf16", factor(8, 32, DType::bf16), factor(32, 12, DType::bf16)), 0);
  EXPECT_EQ(products_of("bf16", factor(8, 48, DType::bf16).to(device).slice(2, 1, 33),
                        factor(32, 16, DType::bf16)),
            0);
  EXPECT_EQ(products_of("bf16", factor(8, 32, DType::f64), factor(32, 16, DType::f64)), 0);
  EXPECT_EQ(products_of("bf16", factor(8, 0, DType::bf16), factor(0, 16, DType::bf16)), 0);
}

TEST(GpuMatmul, WarpgroupTilesOfBothSizesGiveTheSameBits) {
  // 32 matrices of 2 × 2 large tiles are enough for large tiles; one alone gets small ones. All of
  // a are one matrix.
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const std::string math = dtype == DType::f32 ? "tf32" : "bf16";
    const Tensor a = sample({1, 136, 48}, dtype, 1);
    const Tensor b = sample({32, 264, 48}, dtype, 2).transpose(1, 2);
    int products = 0;
    const Tensor zeros = Tensor::zeros({32, 136, 264}, dtype);
    const Tensor all =
        multiplied_by("warpgroup_tensor_cores_" + math, a, b, zeros, false, &products);
    const Tensor last = multiplied_by("warpgroup_tensor_cores_" + math, a, b.slice(0, 31, 32),
                                      Tensor::zeros({1, 136, 264}, dtype), false, &products);
    EXPECT_GT(products, 0);
    EXPECT_TRUE(same_bits(all.slice(0, 31, 32).contiguous(), last)) << math;
    expect_near(last,
                product_in_double(a, b.slice(0, 31, 32), Tensor::zeros({1, 136, 264}, DType::f64)),
                5e-2, math);
  }
}

TEST(GpuMatmul, SameBitsInEveryScheduleAndForAnyPlaceInATile) {
  const Tensor a = sample({1, 70, 600}, DType::f32, 1);
  const Tensor b = sample({1, 600, 75}, DType::f32, 2);
  std::vector<Tensor> of_sim;
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    std::size_t index = 0;
    Tensor first_f32;
    for (const auto& version : HEDDLE_VERSIONS(matmul, run.device)) {
      const std::string what = concat(version.name, " on ", run.name());
      const Tensor all = multiplied(version, run.device, a, b);
      for (const std::int64_t row : {0, 7, 69}) {
        const Tensor part =
            multiplied(version, run.device, a.slice(1, row, row + 1), b.slice(2, 3, 75));
        EXPECT_TRUE(same_bits(part, all.slice(1, row, row + 1).slice(2, 3, 75).contiguous()))
            << what << ", row " << row;
      }
      // Versions that add in the order of k agree bit by bit, on both builds.
      if (version.math == "f32" && version.name != "split_k") {
        first_f32 = first_f32.defined() ? first_f32 : all;
        EXPECT_TRUE(same_bits(all, first_f32)) << what;
      }
      if (run.device.backend == Backend::sim) {
        if (of_sim.size() <= index) {
          of_sim.push_back(all);
        }
        EXPECT_TRUE(same_bits(all, of_sim[index])) << what;
      } else if (version.math == "f32") {
        EXPECT_TRUE(same_bits(all, of_sim[index])) << what;
      }
      ++index;
    }
  }
}

TEST(GpuMatmul, LargeTilesGiveTheBitsOfSmallOnes) {
  // 32 matrices of 2 × 2 large tiles each are enough for large tiles; one alone gets small ones.
  const Device device{.backend = Backend::sim};
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    const Tensor a = sample({32, 130, 20}, dtype, 1);
    const Tensor b = sample({32, 131, 20}, dtype, 2).transpose(1, 2);
    for (const auto& version : HEDDLE_VERSIONS(matmul, device)) {
      if (version.name == "naive" || version.name == "shared_tile" ||
          version.name.substr(0, 5) == "split" ||
          (dtype != DType::f32 && version.math != "f32" && version.math != "bf16")) {
        continue;
      }
      const Tensor all = multiplied(version, device, a, b);
      const Tensor last = multiplied(version, device, a.slice(0, 31, 32), b.slice(0, 31, 32));
      EXPECT_TRUE(same_bits(all.slice(0, 31, 32).contiguous(), last))
          << version.name << ' ' << name_of(dtype);
      if (version.math == "f32" || dtype == DType::bf16) {
        expect_near(last,
                    product_in_double(a.slice(0, 31, 32), b.slice(0, 31, 32),
                                      Tensor::zeros({1, 130, 131}, DType::f64)),
                    tolerance_of_class(version.math, dtype), std::string(version.name));
      }
    }
  }
}

/// The largest error relative to Σ |a||b|, of k = 2000 products, in units of 2⁻²⁴.
double error_in_units(const kernels::KernelVersion<MatmulKernels>& version, Device device) {
  const Tensor a = sample({1, 32, 2000}, DType::f32, 1);
  const Tensor b = sample({1, 2000, 32}, DType::f32, 2);
  const std::vector<double> got = multiplied(version, device, a, b).to_vector<double>();
  const Tensor zeros = Tensor::zeros({1, 32, 32}, DType::f64);
  const auto magnitudes = [](const Tensor& tensor) {
    std::vector<double> values = tensor.to_vector<double>();
    for (double& value : values) {
      value = std::abs(value);
    }
    return Tensor::from<double>(values, tensor.shape());
  };
  const std::vector<double> expected = product_in_double(a, b, zeros);
  const std::vector<double> sizes = product_in_double(magnitudes(a), magnitudes(b), zeros);
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    worst = std::max(worst, std::abs(got[i] - expected[i]) / sizes[i]);
  }
  return worst * 16777216;
}

TEST(GpuMatmul, ErrorsOfTheAccuracyClasses) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    if (run.device.backend == Backend::sim && run.schedule.order != sim::Order::forward) {
      continue;
    }
    for (const auto& version : HEDDLE_VERSIONS(matmul, run.device)) {
      const double error = error_in_units(version, run.device);
      RecordProperty(concat(version.name, " on ", to_string(run.device)), concat(error));
      const double most = version.math == "f32"      ? 4.0
                          : version.math == "3xtf32" ? 8.0
                          : version.math == "tf32"   ? 1000.0
                                                     : 8000.0;
      EXPECT_LE(error, most) << version.name;
    }
  }
}

TEST(GpuMatmul, WritesOnlyItsPartAndReadsRepeatedMatrices) {
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const auto& version : HEDDLE_VERSIONS(matmul, run.device)) {
      const Tensor whole = Tensor::full({2, 40, 50}, 7.0).to(run.device);
      const Tensor part = whole.slice(1, 3, 30).slice(2, 5, 39);
      // Parts of larger matrices, off any alignment; one a for both products.
      const auto part_of = [](const Tensor& factor, std::int64_t rows, std::int64_t cols) {
        return factor.slice(1, 2, 2 + rows).slice(2, 3, 3 + cols);
      };
      const Tensor whole_a = sample({1, 30, 20}, DType::f32, 1);
      const Tensor whole_b = sample({2, 15, 40}, DType::f32, 2);
      const Tensor a = part_of(whole_a, 27, 11).expand({2, 27, 11});
      const Tensor b = part_of(whole_b, 11, 34);
      const Tensor a_there = part_of(whole_a.to(run.device), 27, 11).expand({2, 27, 11});
      const Tensor b_there = part_of(whole_b.to(run.device), 11, 34);
      version.kernels.multiply(current_stream(run.device), a_there.view(), b_there.view(), false,
                               part.output_view());
      part.mark_changed("test");
      expect_near(part.to(Device{}), product_in_double(a, b, Tensor::zeros({2, 27, 34})),
                  tolerance_of_class(version.math, DType::f32), std::string(version.name));
      const std::vector<double> values = whole.to(Device{}).to_vector<double>();
      double outside = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t row = i / 50 % 40;
        const std::size_t col = i % 50;
        if (row < 3 || row >= 30 || col < 5 || col >= 39) {
          outside += std::abs(values[i] - 7.0);
        }
      }
      EXPECT_EQ(outside, 0.0) << version.name;
    }
  }
}

TEST(GpuMatmul, ProductsForOtherFamiliesTakeMatrices) {
  const Device device{.backend = Backend::sim};
  const Tensor a = sample({9, 20}, DType::f32, 1);
  const Tensor b = sample({13, 20}, DType::f32, 2);
  const Tensor out = unwritten({9, 13}, DType::f32).to(device);
  kernels::sim::product(current_stream(device), a.to(device).view(),
                        kernels::sim::transposed(b.to(device).view()), false, out.output_view());
  expect_near(out.to(Device{}),
              product_in_double(a.reshape({1, 9, 20}), b.reshape({1, 13, 20}).transpose(1, 2),
                                Tensor::zeros({1, 9, 13})),
              2e-5, "matrices");
}

TEST(GpuMatmul, DefaultFollowsShapeAndTheStreamsMath) {
  const Device device{.backend = Backend::sim};
  const auto version_named = [&](std::string_view name) {
    for (const auto& version : HEDDLE_VERSIONS(matmul, device)) {
      if (version.name == name) {
        return version;
      }
    }
    throw Error(concat("no version ", name));
  };
  struct Choice {
    Math math;
    std::int64_t k;
    DType dtype;
    std::string_view name;
  };
  for (const Choice& choice : {Choice{Math::f32, 40, DType::f32, "register_tile"},
                               Choice{Math::f32, 1030, DType::f32, "split_k"},
                               Choice{Math::tf32, 40, DType::f32, "tensor_cores_tf32"},
                               Choice{Math::tf32, 1030, DType::f32, "split_k_tf32"},
                               Choice{Math::bf16, 40, DType::f32, "tensor_cores_bf16"},
                               Choice{Math::bf16, 1030, DType::f32, "split_k_bf16"},
                               Choice{Math::f32, 40, DType::bf16, "tensor_cores_bf16"},
                               Choice{Math::tf32, 1030, DType::f64, "split_k"}}) {
    const Tensor a = sample({1, 5, choice.k}, choice.dtype, 1);
    const Tensor b = sample({1, choice.k, 7}, choice.dtype, 2);
    Stream& stream = current_stream(device);
    const Math before = stream.math;
    stream.math = choice.math;
    const Tensor got = multiplied({"default", "", kernels::sim::matmul_kernels()}, device, a, b);
    stream.math = before;
    EXPECT_TRUE(same_bits(got, multiplied(version_named(choice.name), device, a, b)))
        << choice.name << ", k = " << choice.k;
  }
}

TEST(GpuMatmul, SaysWhatDoesNotFitAsTheCpuDoes) {
  const auto message = [](const Kernels& kernels, Device device, const Tensor& a, const Tensor& b,
                          const Tensor& out) -> std::string {
    try {
      kernels.matmul.multiply(current_stream(device), a.view(), b.view(), false, out.output_view());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const Device sim_device{.backend = Backend::sim};
  const Tensor out = Tensor::zeros({1, 2, 4});
  const Tensor steps = Tensor::zeros({1, 2, 6}).slice(2, 0, 6, 2);
  for (const auto& [a, b] : std::vector<std::pair<Tensor, Tensor>>{
           {Tensor::zeros({1, 2, 3}), Tensor::zeros({1, 5, 4})},
           {steps, Tensor::zeros({1, 3, 4})},
           {Tensor::zeros({1, 2, 3}, DType::f64), Tensor::zeros({1, 3, 4})},
           {Tensor::zeros({2, 3}), Tensor::zeros({1, 3, 4})}}) {
    const std::string expected = message(cpu_kernels(), Device{}, a, b, out);
    EXPECT_NE(expected, "");
    EXPECT_EQ(message(kernels_for(sim_device), sim_device, a, b, out), expected);
  }
}

}  // namespace
}  // namespace heddle::testing
