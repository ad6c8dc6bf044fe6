#include <algorithm>
#include <vector>

#include "kernels/gpu/strided_plan.h"
#include "tests/core/throws.h"
#include "tests/gpu/results.h"
#include "tests/gpu/sectors.h"

namespace heddle::testing {
namespace {

const std::vector<std::int64_t> sizes{0, 1, 31, 32, 33, 127, 128, 129, 1000};
const std::vector<DType> storage_types{DType::f32, DType::f64, DType::bf16};

const ElementwiseKernels& cpu() { return kernels_for(Device{}).elementwise; }
Stream& cpu_stream() { return current_stream(Device{}); }

std::vector<kernels::KernelVersion<ElementwiseKernels>> versions(Device device) {
  return HEDDLE_VERSIONS(elementwise, device);
}

/// f64 copies of operands, for the reference.
Tensor exact(const Tensor& x) { return is_floating(x.dtype()) ? x.to(DType::f64) : x; }

/// Calls body(version, name) for all versions.
template <typename Body>
void for_each_version(const Body& body) {
  const auto all = versions(Device{.backend = Backend::sim});
  for (std::size_t v = 0; v < all.size(); ++v) {
    body(v, std::string(all[v].name));
  }
}

/// One call of any function: out = call(kernels, stream, inputs).
using Call = std::function<void(const ElementwiseKernels&, Stream&, const std::vector<ConstView>&,
                                const View&)>;

/// The call on the inputs in all versions and runs, against the cpu kernel in f64. `out_dtype` is
/// that of the result.
void expect_call(const Call& call, const std::vector<Tensor>& inputs, DType out_dtype,
                 const std::string& what) {
  std::vector<ConstView> exact_views;
  std::vector<Tensor> kept;
  for (const Tensor& input : inputs) {
    kept.push_back(exact(input));
    exact_views.push_back(kept.back().view());
  }
  const Shape shape = inputs[0].shape();
  const Tensor expected =
      poisoned(shape, is_floating(out_dtype) ? DType::f64 : out_dtype, Device{});
  call(cpu(), cpu_stream(), exact_views, expected.output_view());
  const std::vector<double> numbers = expected.to_vector<double>();
  for_each_version([&](std::size_t v, const std::string& name) {
    in_all_runs(
        [&](const GpuRun& run) {
          const Tensor out = poisoned(shape, out_dtype, run.device);
          std::vector<Tensor> moved;
          std::vector<ConstView> views;
          for (const Tensor& input : inputs) {
            const auto [owner, view] = laid_out(input, run.device);
            moved.push_back(owner);
            views.push_back(view);
          }
          call(versions(run.device)[v].kernels, current_stream(run.device), views,
               out.output_view());
          return out;
        },
        [&](const Tensor& got, const std::string& where) {
          const double tolerance = is_floating(out_dtype) ? gpu_tolerance(out_dtype) : 0.0;
          expect_close(got, numbers, tolerance, where);
        },
        what + ", " + name);
  });
}

Call unary_call(UnaryOp op) {
  return [op](const ElementwiseKernels& kernels, Stream& stream, const std::vector<ConstView>& in,
              const View& out) { kernels.unary(stream, op, in[0], out); };
}

Call binary_call(BinaryOp op) {
  return [op](const ElementwiseKernels& kernels, Stream& stream, const std::vector<ConstView>& in,
              const View& out) { kernels.binary(stream, op, in[0], in[1], out); };
}

bool needs_positive(UnaryOp op) {
  return op == UnaryOp::log || op == UnaryOp::sqrt || op == UnaryOp::reciprocal;
}

/// A zero among the others, for the kinks.
Tensor argument(const Shape& shape, DType dtype, bool positive, std::uint64_t seed) {
  const Tensor x = numbers_of(shape, dtype, seed, positive ? 0.1 : -5.0, 5.0);
  if (!positive && x.elements() > 2) {
    x.flatten().slice(0, 1, 2).fill_(0.0);
  }
  return x;
}

TEST(GpuElementwise, UnaryFunctionsAreRight) {
  for (const DType dtype : storage_types) {
    for (const std::int64_t size : sizes) {
      for (int op = 0; op <= static_cast<int>(UnaryOp::softplus); ++op) {
        const auto kind = static_cast<UnaryOp>(op);
        expect_call(unary_call(kind), {argument({size}, dtype, needs_positive(kind), 1)}, dtype,
                    concat("unary ", op, ", ", dtype, " [", size, "]"));
      }
    }
  }
}

TEST(GpuElementwise, UnarySlopesAreRight) {
  for (const DType dtype : storage_types) {
    for (const std::int64_t size : sizes) {
      for (int op = 0; op <= static_cast<int>(UnaryOp::softplus); ++op) {
        const auto kind = static_cast<UnaryOp>(op);
        const Tensor saved = argument({size}, dtype, needs_positive(kind), 1);
        const Tensor dy = numbers_of({size}, dtype, 2);
        // x and y are what they are to the kernel: any numbers.
        const Call call = [kind](const ElementwiseKernels& kernels, Stream& stream,
                                 const std::vector<ConstView>& in, const View& out) {
          kernels.unary_backward(stream, kind, in[0], in[0], in[1], out);
        };
        expect_call(call, {saved, dy}, dtype, concat("slope ", op, ", ", dtype, " [", size, "]"));
      }
    }
  }
}

TEST(GpuElementwise, UnaryFunctionsReachTheirLimits) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Tensor x =
      Tensor::from<double>({-infinity, infinity, nan, -100.0, 100.0, -0.0, 1e-30, -30.0}, {8});
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (int op = 0; op <= static_cast<int>(UnaryOp::softplus); ++op) {
      if (op == static_cast<int>(UnaryOp::exp) || op == static_cast<int>(UnaryOp::reciprocal)) {
        continue;  // their f32 overflows sooner than f64
      }
      expect_call(unary_call(static_cast<UnaryOp>(op)), {x.to(dtype)}, dtype,
                  concat("unary ", op, " at its limits, ", dtype));
    }
  }
}

TEST(GpuElementwise, BinaryFunctionsAreRight) {
  for (const std::int64_t size : sizes) {
    for (int op = 0; op <= static_cast<int>(BinaryOp::maximum); ++op) {
      for (const DType dtype : storage_types) {
        expect_call(binary_call(static_cast<BinaryOp>(op)),
                    {argument({size}, dtype, true, 1), numbers_of({size}, dtype, 2, 0.1, 2.0)},
                    dtype, concat("binary ", op, ", ", dtype, " [", size, "]"));
      }
      if (op != static_cast<int>(BinaryOp::divide) && op != static_cast<int>(BinaryOp::power)) {
        expect_call(binary_call(static_cast<BinaryOp>(op)),
                    {numbers_of({size}, DType::i64, 1, -1e6, 1e6),
                     numbers_of({size}, DType::i64, 2, -9, 9)},
                    DType::i64, concat("binary ", op, ", i64 [", size, "]"));
      }
    }
  }
}

TEST(GpuElementwise, MinimumAndMaximumKeepNaNAndWholeNumbersWrapAround) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor some = Tensor::from<float>({nan, 1.0f, nan, 2.0f}, {4});
  const Tensor other = Tensor::from<float>({1.0f, nan, nan, 3.0f}, {4});
  for (const BinaryOp op : {BinaryOp::minimum, BinaryOp::maximum}) {
    expect_call(binary_call(op), {some, other}, DType::f32, "NaN");
  }
  expect_call(binary_call(BinaryOp::add),
              {Tensor::from<std::int64_t>({std::numeric_limits<std::int64_t>::max()}, {1}),
               Tensor::from<std::int64_t>({1}, {1})},
              DType::i64, "wraps around");
}

TEST(GpuElementwise, EveryKindOfViewIsWalked) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::i64}) {
    const auto values = [&](const Shape& shape, std::uint64_t seed) {
      return numbers_of(shape, dtype, seed, -50.0, 50.0);
    };
    const auto expect_add = [&](const Tensor& a, const Tensor& b) {
      expect_call(
          binary_call(BinaryOp::add), {a, b}, dtype,
          concat("add ", dtype, ' ', a.shape(), " strides ", a.strides(), ' ', b.strides()));
    };
    const Tensor matrix = values({37, 52}, 1);
    expect_add(matrix, values({52}, 2).expand({37, 52}));     // packets that repeat by row
    expect_add(matrix, values({37, 1}, 2).expand({37, 52}));  // one number for a packet
    expect_add(matrix, values({}, 2).expand({37, 52}));
    expect_add(values({}, 1).expand({37, 52}), values({}, 2).expand({37, 52}));
    expect_add(values({37, 53}, 1), values({53}, 2).expand({37, 53}));  // no packets
    expect_add(matrix, values({52, 37}, 2).transpose(0, 1));
    expect_add(matrix.transpose(0, 1), values({52, 37}, 2));
    expect_add(matrix.slice(1, 1, 49, 1), values({37, 48}, 2));  // not aligned
    expect_add(matrix.slice(1, 8, 48, 1), values({37, 40}, 2));  // aligned, rows apart
    expect_add(matrix.slice(1, 3, 50, 4), values({37, 12}, 2));
    expect_add(matrix.slice(0, 1, Tensor::end, 2), values({18, 52}, 2));
    expect_add(values({}, 1), values({}, 2));
    expect_add(values({300, 2}, 1), values({2}, 2).expand({300, 2}));
    expect_add(values({2, 50, 3}, 1).permute({2, 0, 1}), values({3, 2, 50}, 2));
    expect_add(values({2, 3, 1, 2, 3, 2, 1, 8}, 1),
               values({3, 1, 2, 1, 2, 1, 1}, 2).expand({2, 3, 1, 2, 3, 2, 1, 8}));
    expect_add(values({4, 0, 3}, 1), values({3}, 2).expand({4, 0, 3}));
    expect_add(values({4, 1, 16}, 1).expand({4, 5, 16}), values({5, 16}, 2).expand({4, 5, 16}));
  }
}

TEST(GpuElementwise, EveryKindOfViewIsWritten) {
  const Tensor x = numbers_of({20, 32}, DType::f32, 1);
  for_each_version([&](std::size_t v, const std::string& name) {
    for (const bool transposed : {false, true}) {
      for (const GpuRun& run : gpu_runs()) {
        const sim::ScheduleScope schedule(run.schedule);
        Tensor room = Tensor::zeros({60, 64}, DType::f32, run.device);
        const Tensor target = transposed
                                  ? room.slice(0, 0, 60, 3).slice(1, 0, 32, 1).transpose(0, 1)
                                  : room.slice(0, 0, 60, 3).slice(1, 0, 64, 2);
        const Tensor source = (transposed ? x.transpose(0, 1) : x).to(run.device);
        versions(run.device)[v].kernels.affine(current_stream(run.device), 2.0, 1.0, source.view(),
                                               target.output_view());
        std::vector<double> expected = (transposed ? x.transpose(0, 1) : x).to_vector<double>();
        for (double& value : expected) {
          value = 2 * value + 1;
        }
        expect_close(target.to(Device{}), expected, 1e-6, name + run.name());
        const std::vector<double> whole = room.to(Device{}).to_vector<double>();
        EXPECT_EQ(std::count(whole.begin(), whole.end(), 0.0), 60 * 64 - 640)
            << name << " wrote outside its view";
      }
    }
  });
}

TEST(GpuElementwise, AffineRoundsTwiceAndWorksInPlace) {
  // (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴: the last is lost where the product is rounded by itself.
  const double near_one = 1.0 + 0x1p-12;
  for_each_version([&](std::size_t v, const std::string& name) {
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope schedule(run.schedule);
      Tensor x = Tensor::full({10}, near_one, DType::f32, run.device);
      versions(run.device)[v].kernels.affine(current_stream(run.device), near_one, -(1.0 + 0x1p-11),
                                             x.view(), x.mutable_view("affine"));
      expect_close(x.to(Device{}), std::vector<double>(10, 0.0), 0.0, name + run.name());
    }
  });
}

TEST(GpuElementwise, WhereChoosesAndComparisonsAnswer) {
  for (const DType dtype : {DType::f32, DType::f64, DType::i64, DType::boolean, DType::bf16}) {
    for (const std::int64_t size : sizes) {
      const Tensor a = numbers_of({size}, DType::i64, 1, -3, 3).to(dtype);
      const Tensor b = numbers_of({size}, DType::i64, 2, -3, 3).to(dtype);
      for (int op = 0; op <= static_cast<int>(CompareOp::greater_equal); ++op) {
        const Call call = [op](const ElementwiseKernels& kernels, Stream& stream,
                               const std::vector<ConstView>& in, const View& out) {
          kernels.compare(stream, static_cast<CompareOp>(op), in[0], in[1], out);
        };
        expect_call(call, {a, b}, DType::boolean,
                    concat("compare ", op, ' ', dtype, " [", size, "]"));
      }
      const Call call = [](const ElementwiseKernels& kernels, Stream& stream,
                           const std::vector<ConstView>& in,
                           const View& out) { kernels.where(stream, in[0], in[1], in[2], out); };
      const Tensor condition = numbers_of({size}, DType::i64, 3, 0, 2).to(DType::boolean);
      expect_call(call, {condition, a, b}, dtype, concat("where ", dtype, " [", size, "]"));
    }
  }
}

TEST(GpuElementwise, PairLossesAndTheirSlopesAreRight) {
  for (const DType dtype : storage_types) {
    for (const std::int64_t size : sizes) {
      for (int kind = 0; kind <= static_cast<int>(PairLoss::binary_cross_entropy); ++kind) {
        const auto loss = static_cast<PairLoss>(kind);
        const Tensor x = argument({size}, dtype, false, 1);
        const Tensor target = numbers_of({size}, dtype, 2, 0.0, 1.0);
        const Tensor dout = numbers_of({size}, dtype, 3);
        const Call value = [loss](const ElementwiseKernels& kernels, Stream& stream,
                                  const std::vector<ConstView>& in, const View& out) {
          kernels.pair_loss(stream, loss, in[0], in[1], out);
        };
        expect_call(value, {x, target}, dtype, concat("loss ", kind, ' ', dtype));
        const Call slope = [loss](const ElementwiseKernels& kernels, Stream& stream,
                                  const std::vector<ConstView>& in, const View& out) {
          kernels.pair_loss_backward(stream, loss, in[0], in[1], in[2], out);
        };
        expect_call(slope, {x, target, dout}, dtype, concat("slope of loss ", kind, ' ', dtype));
      }
    }
  }
}

TEST(GpuElementwise, BinaryCrossEntropyOfASureRightAnswerIsNotLost) {
  const Tensor x = Tensor::from<float>({30.0f, -30.0f}, {2});
  const Tensor target = Tensor::from<float>({1.0f, 0.0f}, {2});
  for (const GpuRun& run : gpu_runs()) {
    const Tensor loss = poisoned({2}, DType::f32, run.device);
    HEDDLE_VERSIONS(elementwise, run.device)
        .back()
        .kernels.pair_loss(current_stream(run.device), PairLoss::binary_cross_entropy,
                           x.to(run.device).view(), target.to(run.device).view(),
                           loss.output_view());
    for (const double got : loss.to(Device{}).to_vector<double>()) {
      EXPECT_NEAR(got / std::exp(-30.0), 1.0, 1e-6);
    }
  }
}

TEST(GpuElementwise, PacketsMakeAQuarterOfTheRequestsAlsoBesideARepeatedRow) {
  const Tensor x = numbers_of({16, 128}, DType::f32, 1);
  const Tensor row = numbers_of({128}, DType::f32, 2).expand({16, 128});
  const auto sectors = [&](std::size_t version, const Tensor& b) {
    const Device device{.backend = Backend::sim};
    const Tensor out = Tensor::empty({16, 128});
    SectorCounter counter;
    const sim::RecordScope scope(counter);
    versions(device)[version].kernels.binary(current_stream(device), BinaryOp::add, x.view(),
                                             b.view(), out.output_view());
    return counter.sectors_per_request(sim::Reach::load);
  };
  EXPECT_EQ(sectors(0, x), 4.0);     // scalar: 32 times 4 bytes
  EXPECT_EQ(sectors(1, x), 16.0);    // vector: 32 times 16 bytes
  EXPECT_EQ(sectors(2, x), 16.0);    // broadcast
  EXPECT_EQ(sectors(1, row), 4.0);   // vector falls back to scalar
  EXPECT_EQ(sectors(2, row), 16.0);  // broadcast does not
}

TEST(GpuElementwise, DivisionsByPreparedNumbersAreExact) {
  Generator generator(1);
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::uint32_t>(generator.below(bound));
  };
  for (int round = 0; round < 20000; ++round) {
    const std::uint32_t d = round < 4000 ? static_cast<std::uint32_t>(round + 1)
                                         : 1 + below(std::uint64_t{1} << (1 + below(31)));
    const kernels::sim::Divisor divisor(d);
    constexpr std::uint32_t most = 0x7FFFFFFFu;
    for (const std::uint32_t n : {0u, 1u, d - 1, d, d + 1, most, most / d * d, most / d * d - 1,
                                  below(std::uint64_t{most} + 1)}) {
      if (n <= most) {
        ASSERT_EQ(divisor.quotient(n), n / d) << n << " / " << d;
      }
    }
  }
}

TEST(GpuElementwise, ErrorsNameWhatWasFoundAndExpected) {
  const Device device{.backend = Backend::sim};
  const ElementwiseKernels& kernels = kernels_for(device).elementwise;
  Stream& stream = current_stream(device);
  const Tensor x = Tensor::zeros({2, 3}, DType::f32, device);
  const Tensor other = Tensor::zeros({3, 2}, DType::f32, device);
  const Tensor whole = Tensor::zeros({2, 3}, DType::i64, device);
  const auto binary = [&](BinaryOp op, const Tensor& a, const Tensor& b) {
    return message_of([&] { kernels.binary(stream, op, a.view(), b.view(), a.output_view()); });
  };
  EXPECT_EQ(binary(BinaryOp::add, x, other), "binary: b is [3, 2]; expected [2, 3]");
  EXPECT_EQ(binary(BinaryOp::add, x, whole), "binary: b is i64; expected f32");
  EXPECT_EQ(binary(BinaryOp::divide, whole, whole),
            "binary: got i64 to divide or raise to a power, expected f32 or f64");
  EXPECT_EQ(
      message_of([&] { kernels.unary(stream, UnaryOp::exp, whole.view(), whole.output_view()); }),
      "unary: got i64, expected f32, f64 or bf16");
  EXPECT_EQ(message_of([&] {
              kernels.unary_backward(stream, UnaryOp::tanh, x.view(), {}, x.view(),
                                     x.output_view());
            }),
            "unary_backward: y is not given, but this call needs it");
}

}  // namespace
}  // namespace heddle::testing
