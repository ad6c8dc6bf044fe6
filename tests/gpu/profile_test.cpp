// Sectors, banks and divergence, counted on kernels whose figures are known.

#include "kernels/gpu/sim/profile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::sim {
namespace {

using ::heddle::sim::LaunchProfile;
using ::heddle::sim::LineAccess;
using ::heddle::sim::Profile;
using ::heddle::sim::Reach;
using ::heddle::sim::RecordScope;
using ::heddle::sim::Request;
using ::heddle::sim::Space;

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

template <int padding>
struct TileShared {
  SharedArray<float, 32, 32 + padding> tile;
};

__global__ void transpose_naive(Matrix<const float> x, Matrix<float> y) {
  y(threadIdx.x, threadIdx.y) = x(threadIdx.y, threadIdx.x);
}

template <int padding>
__global__ void transpose_tile(Matrix<const float> x, Matrix<float> y) {
  auto& shared = shared_memory<TileShared<padding>>();
  const int column = static_cast<int>(threadIdx.x);
  const int row = static_cast<int>(threadIdx.y);
  shared.tile(row, column) = x(row, column);
  sync_threads();
  y(row, column) = static_cast<float>(shared.tile(column, row));
}

__global__ void odd_lanes_store(Row<float> y) {
  if (threadIdx.x % 2 == 1) {
    y(threadIdx.x) = 1.0f;
  }
}

template <typename Run>
LaunchProfile profile_of(Run&& run) {
  Profile profile;
  {
    const RecordScope scope(profile);
    run();
  }
  const std::vector<LaunchProfile> kernels = profile.kernels();
  EXPECT_EQ(kernels.size(), 1u);
  return kernels.front();
}

const LineAccess& access_of(const LaunchProfile& profile, Space space, Reach reach) {
  const auto found = std::find_if(
      profile.accesses.begin(), profile.accesses.end(),
      [&](const LineAccess& line) { return line.space == space && line.reach == reach; });
  EXPECT_NE(found, profile.accesses.end());
  return *found;
}

class TransposeProfile : public ::testing::Test {
 protected:
  Tensor x_ = Tensor::zeros({32, 32});
  Tensor y_ = Tensor::zeros({32, 32});
};

TEST_F(TransposeProfile, NaiveStoresTouchASectorPerLane) {
  const LaunchProfile profile = profile_of([&] {
    launch(transpose_naive, Launch{"naive", stream(), 1, {32, 32}}, matrix_of<float>(x_.view()),
           matrix_of<float>(y_.output_view()));
  });
  const LineAccess& load = access_of(profile, Space::global, Reach::load);
  EXPECT_EQ(load.requests, 32);
  EXPECT_EQ(load.cost, 32 * 4);
  EXPECT_EQ(load.ideal, 32 * 4);
  const LineAccess& store = access_of(profile, Space::global, Reach::store);
  EXPECT_EQ(store.cost, 32 * 32);
  EXPECT_EQ(store.ideal, 32 * 4);
  EXPECT_EQ(store.bytes, 32 * 32 * 4);
}

TEST_F(TransposeProfile, PaddingRemovesBankConflicts) {
  const auto with = [&](auto kernel, std::size_t bytes) {
    return profile_of([&] {
      launch(kernel, Launch{"tile", stream(), 1, {32, 32}, bytes}, matrix_of<float>(x_.view()),
             matrix_of<float>(y_.output_view()));
    });
  };
  const LaunchProfile plain = with(transpose_tile<0>, sizeof(TileShared<0>));
  EXPECT_EQ(access_of(plain, Space::shared, Reach::load).cost, 32 * 32);
  EXPECT_EQ(access_of(plain, Space::shared, Reach::load).ideal, 32);
  EXPECT_EQ(access_of(plain, Space::shared, Reach::store).cost, 32);
  EXPECT_EQ(access_of(plain, Space::global, Reach::store).cost, 32 * 4);
  ASSERT_EQ(plain.words.size(), 1u);
  EXPECT_EQ(plain.words[0].word, "sync_threads");
  EXPECT_EQ(plain.words[0].calls, 1);
  const LaunchProfile padded = with(transpose_tile<1>, sizeof(TileShared<1>));
  EXPECT_EQ(access_of(padded, Space::shared, Reach::load).cost, 32);
}

TEST(Profile, CountsLanesThatTakePart) {
  const Tensor y = Tensor::zeros({64});
  const LaunchProfile profile = profile_of([&] {
    launch(odd_lanes_store, Launch{"odd", stream(), 1, 64}, flat_of<float>(y.output_view()));
  });
  const LineAccess& store = access_of(profile, Space::global, Reach::store);
  EXPECT_EQ(store.requests, 2);
  EXPECT_EQ(store.lanes, 32);
  EXPECT_EQ(store.cost, 2 * 4);
  EXPECT_EQ(store.ideal, 2 * 2);
}

__global__ void store_apart(Row<float> y, int apart) {
  y(std::int64_t{threadIdx.x} * apart) = 1.0f;
}

TEST(Profile, KeepsTheWorstRequestOfAllLaunches) {
  const Tensor y = Tensor::zeros({32 * 8});
  const LaunchProfile profile = profile_of([&] {
    for (const int apart : {1, 8, 1}) {
      launch(store_apart, Launch{"apart", stream(), 1, 32}, flat_of<float>(y.output_view()), apart);
    }
  });
  EXPECT_EQ(profile.launches, 3);
  const LineAccess& store = access_of(profile, Space::global, Reach::store);
  EXPECT_EQ(sectors_of(store.worst).touched, 32);
}

TEST(Profile, WideAccessesGoInParts) {
  Request request{.lanes = 0xFFFFFFFFu, .address = {}, .bytes = 16};
  for (unsigned lane = 0; lane < 32; ++lane) {
    request.address[lane] = 4096 + lane * 16;
  }
  EXPECT_EQ(wavefronts_of(request).needed, 4);
  EXPECT_EQ(wavefronts_of(request).ideal, 4);
  EXPECT_EQ(sectors_of(request).touched, 16);
  for (unsigned lane = 0; lane < 32; ++lane) {
    request.address[lane] = 4096 + lane * 128;
  }
  EXPECT_EQ(wavefronts_of(request).needed, 32);
}

TEST_F(TransposeProfile, TextAndPageNameTheLines) {
  Profile profile;
  {
    const RecordScope scope(profile);
    launch(transpose_tile<0>, Launch{"tile <0>", stream(), 1, {32, 32}, sizeof(TileShared<0>)},
           matrix_of<float>(x_.view()), matrix_of<float>(y_.output_view()));
  }
  const std::string text = to_text(profile.kernels());
  EXPECT_NE(text.find("tile <0>: 1 launch, 1 block of 1024 threads"), std::string::npos) << text;
  EXPECT_NE(text.find("profile_test.cpp:"), std::string::npos);
  EXPECT_NE(text.find("32.00"), std::string::npos) << text;
  const std::string page = to_html(profile.kernels(), "a & b");
  EXPECT_NE(page.find("<h2>tile &lt;0&gt;</h2>"), std::string::npos);
  EXPECT_NE(page.find("a &amp; b"), std::string::npos);
  EXPECT_NE(page.find("<svg"), std::string::npos);
}

}  // namespace
}  // namespace heddle::kernels::sim
