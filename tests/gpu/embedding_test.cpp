#include <cstring>
#include <optional>
#include <vector>

#include "tests/gpu/runs.h"
#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

/// Ids below `rows`; every third is 0, as padding is.
Tensor ids_below(std::int64_t rows, std::int64_t count) {
  Generator generator(3);
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto id = static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(rows)));
    ids.push_back(i % 3 == 0 ? 0 : id);
  }
  return Tensor::from<std::int64_t>(ids, {count});
}

using Version = kernels::KernelVersion<EmbeddingKernels>;

Tensor look_up(const Version& version, Device device, const Tensor& table, const Tensor& ids) {
  const Tensor out = unwritten({ids.size(0), table.size(1)}, table.dtype()).to(device);
  version.kernels.forward(current_stream(device), table.to(device).view(), ids.to(device).view(),
                          out.output_view());
  return out.to(Device{});
}

Tensor gradient(const Version& version, Device device, const Tensor& ids, const Tensor& dout,
                std::int64_t rows) {
  const Tensor dtable = unwritten({rows, dout.size(1)}, dout.dtype()).to(device);
  version.kernels.backward(current_stream(device), ids.to(device).view(), dout.to(device).view(),
                           dtable.output_view());
  return dtable.to(Device{});
}

struct Sizes {
  std::int64_t rows, width, count;
};

void expect_embedding(const Sizes& sizes, DType dtype) {
  const Tensor table = sample({sizes.rows, sizes.width}, dtype, 1);
  const Tensor ids = ids_below(sizes.rows, sizes.count);
  const Tensor dout = sample({sizes.count, sizes.width}, dtype, 2);
  const std::vector<double> from = table.to_vector<double>();
  const std::vector<double> upstream = dout.to_vector<double>();
  std::vector<double> expected;
  std::vector<double> expected_gradient(from.size());
  const auto cols = static_cast<std::size_t>(sizes.width);
  const std::vector<std::int64_t> places = ids.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t c = 0; c < cols; ++c) {
      const std::size_t at = static_cast<std::size_t>(places[i]) * cols + c;
      expected.push_back(from[at]);
      expected_gradient[at] += upstream[i * cols + c];
    }
  }
  const double tolerance = dtype == DType::bf16 ? 8e-3 : tolerance_of(dtype);
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(embedding, run.device)) {
      const std::string what = concat(version.name, ", ", run.name(), ", ", name_of(dtype), " ",
                                      table.shape(), ", ", sizes.count, " ids");
      if (version.kernels.forward != nullptr) {
        expect_near(look_up(version, run.device, table, ids), expected, 0.0, what);
      }
      const bool is_slow = version.name == "scan_all" && sizes.rows * sizes.count > 1'000'000;
      if (version.kernels.backward != nullptr && !is_slow) {
        expect_near(gradient(version, run.device, ids, dout, sizes.rows), expected_gradient,
                    tolerance, what);
      }
    }
    if (sizes.rows > 10'000) {
      return;  // a warp for each row takes its time under sim: one schedule
    }
  }
}

TEST(GpuEmbedding, TakesRowsAndSumsTheirGradients) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const Sizes& sizes : std::vector<Sizes>{{1, 1, 33},
                                                 {3, 0, 5},
                                                 {10, 8, 0},
                                                 {2, 31, 1000},
                                                 {33, 32, 128},
                                                 {255, 33, 127},
                                                 {256, 12, 129},
                                                 {70, 300, 31},
                                                 {300, 130, 1}}) {
      expect_embedding(sizes, dtype);
    }
  }
}

TEST(GpuEmbedding, ManyIdsAreSortedByManyBlocks) {
  expect_embedding({70'000, 1, 4097}, DType::f32);
  expect_embedding({9, 4, 9000}, DType::f32);
}

Tensor ones(std::int64_t count) { return Tensor::full({count}, 1.0); }

TEST(GpuEmbedding, SegmentsOfEveryLengthAroundAPieceAreSummedWhole) {
  // Ids 0 to 8 with these numbers of places: pieces end inside and at the borders of windows.
  const std::vector<std::int64_t> lengths{63, 64, 65, 1, 127, 128, 129, 0, 200};
  std::vector<std::int64_t> ids;
  std::vector<double> expected;
  for (std::size_t id = 0; id < lengths.size(); ++id) {
    ids.insert(ids.end(), static_cast<std::size_t>(lengths[id]), static_cast<std::int64_t>(id));
    expected.push_back(static_cast<double>(lengths[id]));
  }
  const auto count = static_cast<std::int64_t>(ids.size());
  const Tensor dout = ones(count).reshape({count, 1});
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(embedding, run.device)) {
      if (version.kernels.backward != nullptr) {
        expect_near(gradient(version, run.device, Tensor::from<std::int64_t>(ids, {count}), dout,
                             static_cast<std::int64_t>(lengths.size())),
                    expected, 0.0, std::string(version.name));
      }
    }
  }
}

TEST(GpuEmbedding, GradientsAreSummedInTheOrderOfPlaces) {
  // In f32, (1 + 1e8) − 1e8 is 0 and (1e8 − 1e8) + 1 is 1.
  const Tensor ids = Tensor::from<std::int64_t>({1, 1, 1}, {3});
  const Tensor late = Tensor::from<float>({1.0f, 1e8f, -1e8f}, {3, 1});
  const Tensor early = Tensor::from<float>({1e8f, -1e8f, 1.0f}, {3, 1});
  for (const GpuRun& run : gpu_runs()) {
    const sim::ScheduleScope scope(run.schedule);
    for (const Version& version : HEDDLE_VERSIONS(embedding, run.device)) {
      if (version.kernels.backward != nullptr) {
        EXPECT_EQ(gradient(version, run.device, ids, late, 2).to_vector<float>(),
                  (std::vector<float>{0.0f, 0.0f}))
            << version.name;
        EXPECT_EQ(gradient(version, run.device, ids, early, 2).to_vector<float>(),
                  (std::vector<float>{0.0f, 1.0f}))
            << version.name;
      }
    }
  }
}

TEST(GpuEmbedding, BitsDoNotDependOnTheSchedule) {
  const Tensor ids = ids_below(20, 700);
  const Tensor dout = sample({700, 36}, DType::f32, 1);
  for (std::size_t v = 0; v < HEDDLE_VERSIONS(embedding, Device{.backend = Backend::sim}).size();
       ++v) {
    std::optional<Tensor> first;
    for (const GpuRun& run : gpu_runs()) {
      const sim::ScheduleScope scope(run.schedule);
      const Version& version = HEDDLE_VERSIONS(embedding, run.device)[v];
      if (version.kernels.backward == nullptr) {
        continue;
      }
      const Tensor got = gradient(version, run.device, ids, dout, 20);
      EXPECT_TRUE(!first || same_bits(got, *first)) << version.name << ", " << run.name();
      first = got;
    }
  }
}

TEST(GpuEmbedding, AnIdOutsideTheTableIsNamed) {
  const Tensor table = Tensor::zeros({4, 3});
  const Device device{.backend = Backend::sim};
  for (const Version& version : HEDDLE_VERSIONS(embedding, device)) {
    for (const std::int64_t bad : {std::int64_t{4}, std::int64_t{-1}}) {
      const Tensor ids = Tensor::from<std::int64_t>({0, 3, bad}, {3});
      const std::string text = concat("ids[2] is ", bad, "; expected 0 … 3");
      if (version.kernels.forward != nullptr) {
        expect_error([&] { look_up(version, device, table, ids); }, "embedding: " + text);
        expect_error(
            [&] { look_up(version, device, table.to(device).transpose(0, 1), Tensor::arange(2)); },
            "table has strides [1, 3]; expected it contiguous");
      } else {
        expect_error(
            [&] {
              gradient(version, device, ids, Tensor::zeros({3, 3}), 4);
            },
            "embedding_backward: " + text);
      }
    }
  }
}

}  // namespace
}  // namespace heddle::testing
