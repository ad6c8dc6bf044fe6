// Every version of the LSTM against doubles, in every schedule.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/gpu/sim/recorder.h"
#include "tests/gpu/lstm_tensors.h"

namespace heddle::testing {
namespace {

const std::vector<DType> all_types{DType::f32, DType::f64, DType::bf16};

TEST(GpuLstmVersions, AgreeWithDoubles) {
  for (const LstmCase& sizes : std::vector<LstmCase>{
           {1, 1, 1, 1, 1},
           {2, 3, 2, 1, 2, {2, 0, 1}, true},
           {7, 3, 5, 31, 2, {0, 7, 3}, true},
           {7, 9, 3, 33, 1, mixed_lengths(9, 7)},
           {2, 1, 33, 33, 2, {}, true, false},
       }) {
    expect_versions_agree(sizes, all_types);
  }
}

TEST(GpuLstmVersions, AgreeWithDoublesWithMoreUnits) {
  const std::vector<DType> types{DType::f32, DType::bf16};
  expect_versions_agree({3, 9, 4, 64, 2, mixed_lengths(9, 3), true}, types);
  expect_versions_agree({2, 5, 4, 128, 1, {2, 0, 1, 2, 2}, true}, types, "persistent");
  expect_versions_agree({2, 2, 3, 190, 1, {2, 1}, true}, {DType::bf16}, "persistent");
}

TEST(GpuLstmVersions, AgreeWithDoublesBeyondOneMultiprocessor) {
  // persistent_grid; the others hand these sizes on, once is enough to see it.
  expect_versions_agree({2, 3, 2, 200, 1, {2, 0, 1}, true}, {DType::bf16}, "persistent");
  expect_versions_agree({2, 9, 2, 129, 2, mixed_lengths(9, 2)}, {DType::f32}, "persistent");
}

TEST(GpuLstmVersions, NothingToDoIsDone) {
  for (const LstmCase& sizes : std::vector<LstmCase>{{0, 3, 2, 2, 2, {}, true},
                                                     {4, 0, 2, 2, 1, {}},
                                                     {4, 2, 0, 3, 2, {}},
                                                     {3, 4, 2, 2, 2, {0, 0, 0, 0}, true}}) {
    expect_versions_agree(sizes, {DType::f32, DType::bf16});
  }
}

/// persistent_cluster: clusters of 2, 4 and 8 blocks; four rows and eight, whole slices of the
/// batch and not; units that fill their blocks and do not, blocks without a unit.
TEST(GpuLstmVersions, AgreeWithDoublesInClusters) {
  const std::vector<LstmCase> cases{
      {4, 11, 3, 50, 2, mixed_lengths(11, 4), true},  // 2 blocks, 25 units each
      {4, 4, 3, 64, 1, {4, 1, 3, 0}, true},           // 2 blocks, four rows
      {3, 9, 3, 70, 2, mixed_lengths(9, 3)},          // 4 blocks, 18 units each
      {3, 3, 3, 128, 1, {3, 1, 2}, true, false},      // 4 blocks, full
      {3, 3, 2, 129, 1, {1, 3, 2}, true},             // 8 blocks, the last without a unit
      {2, 10, 2, 250, 2, mixed_lengths(10, 2)},       // 8 blocks
  };
  for (const LstmCase& sizes : cases) {
    expect_versions_agree(sizes, {DType::f32}, "persistent_cluster");
  }
  for (const std::size_t i : {0u, 2u, 4u}) {
    expect_versions_agree(cases[i], {DType::bf16}, "persistent_cluster_tensor_cores");
  }
}

TEST(GpuLstmVersions, AgreeWithDoublesInLargeClusters) {
  // Beyond 256 units on tensor cores alone: 48 and 64 units of a block.
  expect_versions_agree({2, 3, 2, 300, 1, {1, 2, 0}, true}, {DType::bf16},
                        "persistent_cluster_tensor_cores");
  expect_versions_agree({2, 2, 2, 510, 1, {2, 1}}, {DType::bf16},
                        "persistent_cluster_tensor_cores");
  // Larger ones are handed on.
  expect_versions_agree({1, 2, 1, 260, 1}, {DType::f32}, "persistent_cluster");
}

/// Names of the kernels that are launched.
class LaunchNames : public sim::Recorder {
 public:
  void begin_launch(const char* kernel, std::size_t /*blocks*/, std::size_t /*threads*/) override {
    names.emplace_back(kernel);
  }
  void access(const sim::ThreadPlace& /*who*/, const sim::Access& /*what*/) override {}
  void operations(const sim::ThreadPlace& /*who*/, int /*count*/, sim::Place /*at*/) override {}
  void word(const sim::ThreadPlace& /*who*/, const char* /*word*/, sim::Place /*at*/) override {}

  std::vector<std::string> names;
};

TEST(GpuLstmVersions, TheDefaultTakesAClusterWhereOneMultiprocessorIsTooSmall) {
  const Device device{.backend = Backend::sim};
  const auto launches = [&](std::int64_t hidden, DType dtype, const std::string& kernel) {
    LaunchNames recorder;
    const sim::RecordScope scope(recorder);
    LstmTensors({1, 1, 1, hidden, 1}, dtype, dtype, device).run(kernels::sim::lstm_kernels());
    const auto count = [&](const std::string& name) {
      return std::count(recorder.names.begin(), recorder.names.end(), name);
    };
    return count(kernel) == 1 && count(kernel + "_backward") == 1;
  };
  EXPECT_TRUE(launches(128, DType::f32, "lstm.persistent_block"));
  EXPECT_TRUE(launches(129, DType::f32, "lstm.persistent_cluster"));
  EXPECT_TRUE(launches(192, DType::bf16, "lstm.persistent_tensor_cores"));
  EXPECT_TRUE(launches(193, DType::bf16, "lstm.persistent_cluster_tensor_cores"));
  Stream& stream = current_stream(device);
  const Math before = stream.math;
  stream.math = Math::tf32;
  EXPECT_TRUE(launches(129, DType::f32, "lstm.persistent_cluster_tensor_cores"));
  stream.math = before;
}

}  // namespace
}  // namespace heddle::testing
