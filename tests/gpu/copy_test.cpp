#include "kernels/gpu/copy.h"

#include <algorithm>
#include <vector>

#include "core/host_copy.h"
#include "tests/core/throws.h"
#include "tests/gpu/results.h"
#include "tests/gpu/sectors.h"

namespace heddle::testing {
namespace {

using kernels::CopyVersion;

const std::vector<DType> all_types{DType::f32, DType::f64, DType::i64, DType::boolean, DType::bf16};
const std::vector<CopyVersion> all_versions{CopyVersion::strided, CopyVersion::coalesced,
                                            CopyVersion::tiled};

void copy(const GpuRun& run, const View& destination, const ConstView& source,
          CopyVersion version) {
#if defined(HEDDLE_HAS_CUDA)
  if (run.device.backend == Backend::cuda) {
    return kernels::cuda::strided_copy(current_stream(run.device), destination, source, version);
  }
#endif
  kernels::sim::strided_copy(current_stream(run.device), destination, source, version);
}

void fill(const GpuRun& run, const View& destination, double value, CopyVersion version) {
#if defined(HEDDLE_HAS_CUDA)
  if (run.device.backend == Backend::cuda) {
    return kernels::cuda::strided_fill(current_stream(run.device), destination, value, version);
  }
#endif
  kernels::sim::strided_fill(current_stream(run.device), destination, value, version);
}

/// A view of the destination's shape in a new tensor of the type.
using MakeTarget = Tensor (*)(const Tensor& room);
Tensor whole(const Tensor& room) { return room; }

/// source → target in all versions and runs, with the bits of host_copy and nothing written beside
/// the target.
void expect_copy(const Tensor& source, DType to, const Shape& room_shape,
                 const std::function<Tensor(const Tensor&)>& target_in, const std::string& what) {
  const Tensor expected = Tensor::full(room_shape, 1, to);
  host_copy(target_in(expected).output_view(), source.view());
  for (const CopyVersion version : all_versions) {
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope schedule(run.schedule);
      const auto [owner, view] = laid_out(source, run.device);
      const Tensor room = Tensor::full(room_shape, 1, to, run.device);
      copy(run, target_in(room).output_view(), view, version);
      EXPECT_TRUE(same_bits(room.to(Device{}), expected))
          << what << ", " << source.dtype() << " → " << to << ", version "
          << static_cast<int>(version) << " in " << run.name();
    }
  }
}

Tensor extremes(DType dtype) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Tensor all = Tensor::from<double>(
      {0.0, -0.0, 1.0, -1.5, 2.999, 1e10, -1e10, 9.3e18, -9.3e18, 1e300, infinity, -infinity,
       std::numeric_limits<double>::quiet_NaN(), 0x1p62, 1.00390625, 1.01171875, 3.4e38, 1e-40},
      {18});
  return all.to(dtype);
}

TEST(GpuCopy, ConvertsEveryTypeAsTheHostDoes) {
  for (const DType from : all_types) {
    for (const DType to : all_types) {
      expect_copy(extremes(from), to, {18}, whole, "extremes");
      for (const std::int64_t size : {0, 1, 31, 33, 128, 1000}) {
        expect_copy(numbers_of({size}, from, 1, -3, 3), to, {size}, whole, concat('[', size, ']'));
      }
    }
  }
}

TEST(GpuCopy, WalksEveryKindOfView) {
  for (const DType from : {DType::f32, DType::f64, DType::boolean, DType::bf16}) {
    for (const DType to : {from, DType::f32, DType::bf16}) {
      const Tensor x = numbers_of({5, 40, 36}, from, 1, -3, 3);
      const auto expect_clone = [&](const Tensor& source) {
        expect_copy(source, to, source.shape(), whole, concat("strides ", source.strides()));
      };
      expect_clone(x.transpose(1, 2));
      expect_clone(x.transpose(0, 2));
      expect_clone(x.permute({2, 0, 1}));
      expect_clone(x.permute({1, 2, 0}));
      expect_clone(x.slice(2, 1, 36, 3));
      expect_clone(x.slice(1, 4, 40, 2));
      expect_clone(x.slice(2, 3, 35).transpose(1, 2));
      expect_clone(x.select(0, 1).slice(0, 0, 8).transpose(0, 1));  // too narrow for tiles
      expect_clone(numbers_of({36}, from, 2).expand({5, 40, 36}));
      expect_clone(numbers_of({5, 1, 36}, from, 2).expand({5, 40, 36}));
      expect_clone(numbers_of({40, 1}, from, 2).expand({5, 40, 36}));
      expect_clone(numbers_of({}, from, 2));
      expect_clone(numbers_of({2, 3, 2, 2, 1, 2, 3, 2}, from, 2).permute({7, 6, 5, 4, 3, 2, 1, 0}));
    }
  }
}

TEST(GpuCopy, WritesThroughEveryKindOfViewAndNowhereElse) {
  const Tensor x = numbers_of({40, 36}, DType::f32, 1);
  for (const DType to : {DType::f32, DType::f64, DType::i64}) {
    expect_copy(
        x, to, {80, 80},
        [](const Tensor& room) { return room.slice(0, 0, 80, 2).slice(1, 0, 36, 1); },
        "rows apart");
    expect_copy(
        x, to, {80, 80},
        [](const Tensor& room) { return room.slice(0, 0, 80, 2).slice(1, 3, 75, 2); },
        "every other");
    expect_copy(
        x, to, {36, 48}, [](const Tensor& room) { return room.slice(1, 4, 44).transpose(0, 1); },
        "transposed");
    expect_copy(
        x.transpose(0, 1).contiguous().transpose(0, 1), to, {36, 48},
        [](const Tensor& room) { return room.slice(1, 4, 44).transpose(0, 1); }, "both transposed");
  }
}

TEST(GpuCopy, FillsEveryKindOfView) {
  for (const DType to : all_types) {
    for (const double value :
         {0.0, -2.5, 3.14159, std::numeric_limits<double>::quiet_NaN(), 1e300}) {
      const auto targets = {
          +[](const Tensor& room) { return room; },
          +[](const Tensor& room) { return room.slice(1, 1, 60, 2); },
          +[](const Tensor& room) { return room.slice(0, 1, 20, 3).slice(1, 16, 48); },
          +[](const Tensor& room) { return room.slice(1, 5, 5); },
          +[](const Tensor& room) { return room.transpose(0, 1); }};
      for (const auto target_in : targets) {
        const Tensor expected = Tensor::full({20, 64}, 1, to);
        host_fill(target_in(expected).output_view(), value);
        for (const CopyVersion version : all_versions) {
          for (const GpuRun& run : gpu_runs()) {
            const sim::ScheduleScope schedule(run.schedule);
            const Tensor room = Tensor::full({20, 64}, 1, to, run.device);
            fill(run, target_in(room).output_view(), value, version);
            EXPECT_TRUE(same_bits(room.to(Device{}), expected))
                << value << " as " << to << " in " << run.name();
          }
        }
      }
    }
  }
}

TEST(GpuCopy, ATiledTransposeReadsAndWritesWholeRows) {
  const GpuRun run{{.backend = Backend::sim}, {}};
  const Tensor x = numbers_of({64, 64}, DType::f32, 1).transpose(0, 1);
  const auto sectors = [&](CopyVersion version, sim::Reach reach) {
    const Tensor target = Tensor::empty({64, 64});
    SectorCounter counter;
    const sim::RecordScope scope(counter);
    copy(run, target.output_view(), x.view(), version);
    return counter.sectors_per_request(reach);
  };
  EXPECT_EQ(sectors(CopyVersion::coalesced, sim::Reach::load), 32.0);
  EXPECT_EQ(sectors(CopyVersion::coalesced, sim::Reach::store), 4.0);
  EXPECT_EQ(sectors(CopyVersion::tiled, sim::Reach::load), 4.0);
  EXPECT_EQ(sectors(CopyVersion::tiled, sim::Reach::store), 4.0);
}

TEST(GpuCopy, ShapesMustAgree) {
  const Device device{.backend = Backend::sim};
  const Tensor x = Tensor::zeros({2, 3}, DType::f32, device);
  const Tensor y = Tensor::zeros({3, 2}, DType::f32, device);
  EXPECT_EQ(message_of([&] {
              kernels::sim::strided_copy(current_stream(device), x.output_view(), y.view());
            }),
            "copy: source is [3, 2]; expected [2, 3]");
}

}  // namespace
}  // namespace heddle::testing
