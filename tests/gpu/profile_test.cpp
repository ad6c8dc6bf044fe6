// Sectors, banks and divergence, counted on kernels whose figures are known.

#include "kernels/gpu/sim/profile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"
#include "kernels/gpu/sim/picture.h"

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

struct PeerShared {
  SharedArray<float, 4 * 64> value;
};

/// Each thread sends 16 bytes to the next block of its cluster.
__global__ void sends_to_a_peer() {
  auto& shared = shared_memory<PeerShared>();
  sync_cluster();
  store_peer(1 - cluster_rank(), shared.value.address(4 * static_cast<int>(threadIdx.x)),
             Vector<float, 4>{});
  sync_cluster();
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

TEST(Profile, CountsWhatIsSentToPeersAndBarriersOfClusters) {
  const LaunchProfile profile = profile_of([&] {
    launch(sends_to_a_peer, Launch{.kernel = "sends",
                                   .stream = stream(),
                                   .grid = 4,
                                   .block = 64,
                                   .shared_bytes = sizeof(PeerShared),
                                   .cluster = 2});
  });
  const LineAccess& store = access_of(profile, Space::shared, Reach::store);
  EXPECT_EQ(store.bytes, 4 * 64 * 16);
  EXPECT_EQ(store.cost, store.ideal);
  ASSERT_EQ(profile.words.size(), 2u);
  EXPECT_EQ(profile.words[0].word, "sync_cluster");
  EXPECT_EQ(profile.words[0].calls, 4);
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

/// Lanes take turns: in turn j those with (lane + j) % 2 = 0 store.
__global__ void store_by_turns(Row<const float> x, Row<float> y) {
  for (int j = 0; j < 4; ++j) {
    const float value = x(threadIdx.x);
    if ((threadIdx.x + static_cast<unsigned>(j)) % 2 == 0) {
      y(j * 32 + static_cast<int>(threadIdx.x)) = value;
    }
  }
}

TEST(Profile, LanesThatSkipATurnTakeNoPartInIt) {
  const Tensor x = Tensor::zeros({32});
  const Tensor y = Tensor::zeros({4 * 32});
  const LaunchProfile profile = profile_of([&] {
    launch(store_by_turns, Launch{"turns", stream(), 1, 32}, flat_of<float>(x.view()),
           flat_of<float>(y.output_view()));
  });
  const LineAccess& store = access_of(profile, Space::global, Reach::store);
  EXPECT_EQ(store.requests, 4);
  EXPECT_EQ(store.lanes, 4 * 16);
  EXPECT_EQ(store.cost, 4 * 4);
  EXPECT_EQ(access_of(profile, Space::global, Reach::load).requests, 4);
}

/// Each lane reads another number of elements, then all store.
__global__ void sum_of_prefix(Row<const float> x, Row<float> y) {
  float sum = 0;
  for (unsigned i = 0; i <= threadIdx.x; ++i) {
    sum += x(i);
  }
  y(threadIdx.x) = sum;
}

TEST(Profile, LanesMeetAgainAfterLoopsOfTheirOwn) {
  const Tensor x = Tensor::zeros({32});
  const Tensor y = Tensor::zeros({32});
  const LaunchProfile profile = profile_of([&] {
    launch(sum_of_prefix, Launch{"prefix", stream(), 1, 32}, flat_of<float>(x.view()),
           flat_of<float>(y.output_view()));
  });
  EXPECT_EQ(access_of(profile, Space::global, Reach::load).requests, 32);
  const LineAccess& store = access_of(profile, Space::global, Reach::store);
  EXPECT_EQ(store.requests, 1);
  EXPECT_EQ(store.lanes, 32);
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

TEST_F(TransposeProfile, PicturesShowTheWorstLineOfEachSpace) {
  Profile profile;
  {
    const RecordScope scope(profile);
    launch(transpose_naive, Launch{"naive", stream(), 1, {32, 32}}, matrix_of<float>(x_.view()),
           matrix_of<float>(y_.output_view()));
    launch(transpose_tile<0>, Launch{"tile", stream(), 1, {32, 32}, sizeof(TileShared<0>)},
           matrix_of<float>(x_.view()), matrix_of<float>(y_.output_view()));
  }
  const std::vector<LaunchProfile> kernels = profile.kernels();
  const LineAccess* const global = worst_line(kernels, Space::global);
  ASSERT_NE(global, nullptr);
  EXPECT_EQ(global->reach, Reach::store);
  EXPECT_EQ(global->cost, 32 * 32);
  const std::string sectors = to_svg(*global, "a < b");
  EXPECT_EQ(sectors.find("<svg xmlns="), 0u);
  EXPECT_NE(sectors.find("a &lt; b"), std::string::npos);
  EXPECT_NE(sectors.find("32 lanes × 4 bytes; 32 sectors, 4 would do: 8.00 times as many"),
            std::string::npos)
      << sectors;
  EXPECT_NE(sectors.find("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"),
            std::string::npos);
  const LineAccess* const shared = worst_line(kernels, Space::shared);
  ASSERT_NE(shared, nullptr);
  EXPECT_EQ(shared->reach, Reach::load);
  const std::string banks = to_svg(*shared, "tile");
  EXPECT_NE(banks.find("32 passes, 1 would do: 32.00 times as many; a 32-way bank conflict"),
            std::string::npos)
      << banks;
  EXPECT_NE(banks.find(">pass 32<"), std::string::npos);
}

TEST(Profile, ThereIsNoPictureOfSharedMemoryThatIsNotUsed) {
  const Tensor y = Tensor::zeros({64});
  const LaunchProfile profile = profile_of([&] {
    launch(odd_lanes_store, Launch{"odd", stream(), 1, 64}, flat_of<float>(y.output_view()));
  });
  EXPECT_EQ(worst_line({profile}, Space::shared), nullptr);
}

__global__ void compute(Row<float> y) {
  const auto i = static_cast<float>(threadIdx.x);
  const float fused = multiply_add(i, 2.0f, 1.0f);
  const float function = exp_of(-i);
  y(threadIdx.x) += fused + function;
}

TEST(Profile, CountsTheOperationsOfWordsByLine) {
  const Tensor y = Tensor::zeros({64});
  const LaunchProfile profile = profile_of([&] {
    launch(compute, Launch{"compute", stream(), 1, 64}, flat_of<float>(y.output_view()));
  });
  ASSERT_EQ(profile.operations.size(), 3u);
  EXPECT_EQ(profile.operations[0].operations, 2 * 64);
  EXPECT_EQ(profile.operations[1].operations, 64);
  EXPECT_EQ(profile.operations[1].line, profile.operations[0].line + 1);
  EXPECT_EQ(profile.operations[2].operations, 64);
  const std::string text = to_text(std::vector{profile});
  EXPECT_NE(text.find("floating-point operations: 256"), std::string::npos) << text;
}

std::int64_t operations_of(const std::vector<LaunchProfile>& kernels) {
  std::int64_t sum = 0;
  for (const LaunchProfile& kernel : kernels) {
    for (const ::heddle::sim::LineOperations& line : kernel.operations) {
      sum += line.operations;
    }
  }
  return sum;
}

template <typename Run>
std::vector<LaunchProfile> profiles_of(Run&& run) {
  Profile profile;
  {
    const RecordScope scope(profile);
    run();
  }
  return profile.kernels();
}

/// Of out [m, n] = a [m, k] · b [k, n] in a version of the family.
std::vector<LaunchProfile> product_profile(std::string_view version, std::int64_t m, std::int64_t n,
                                           std::int64_t k) {
  const Device sim{.backend = Backend::sim};
  const Tensor a = Tensor::zeros({1, m, k}, DType::f32, sim);
  const Tensor b = Tensor::zeros({1, k, n}, DType::f32, sim);
  const Tensor out = Tensor::zeros({1, m, n}, DType::f32, sim);
  for (const auto& one : matmul_versions()) {
    if (one.name == version) {
      return profiles_of(
          [&] { one.kernels.multiply(stream(), a.view(), b.view(), false, out.output_view()); });
    }
  }
  ADD_FAILURE() << "no version " << version;
  return {};
}

TEST(Profile, CountsTheOperationsThatAProductDoes) {
  for (const char* version : {"naive", "shared_tile", "register_tile", "split_k",
                              "tensor_cores_tf32", "tensor_cores_bf16"}) {
    EXPECT_EQ(operations_of(product_profile(version, 64, 64, 64)), 2 * 64 * 64 * 64) << version;
  }
  // Beside the three products, what is left of a number of 24 bits after its first 11.
  const std::vector<LaunchProfile> exact = product_profile("tensor_cores_3xtf32", 64, 64, 64);
  EXPECT_EQ(exact.front().mma_operations, 3 * 2 * 64 * 64 * 64);
  EXPECT_EQ(operations_of(exact), 3 * 2 * 64 * 64 * 64 + 64 * 64 * 4);
  EXPECT_EQ(operations_of(product_profile("naive", 5, 7, 9)), 2 * 5 * 7 * 9);
  // A tile that is filled up with zeros is computed all the same.
  EXPECT_EQ(operations_of(product_profile("shared_tile", 16, 16, 9)), 2 * 16 * 16 * 16);
  const std::vector<LaunchProfile> tensor = product_profile("tensor_cores_bf16", 64, 64, 64);
  EXPECT_EQ(tensor.front().mma_operations, 2 * 64 * 64 * 64);
}

TEST(Profile, CountsWhatWarpGroupsAndTheCopyEngineDo) {
  const Device sim{.backend = Backend::sim};
  const Tensor a = Tensor::full({1, 64, 96}, 1).to(sim);
  const Tensor b = Tensor::full({1, 40, 96}, 1).to(sim).transpose(1, 2);
  const Tensor out = Tensor::full({1, 64, 40}, 0).to(sim);
  bool is_found = false;
  for (const auto& version : matmul_versions()) {
    if (version.name != "warpgroup_tensor_cores_tf32") {
      continue;
    }
    is_found = true;
    const std::vector<LaunchProfile> profile = profiles_of(
        [&] { version.kernels.multiply(stream(), a.view(), b.view(), false, out.output_view()); });
    ASSERT_EQ(profile.size(), 1u);
    EXPECT_EQ(profile.front().mma_operations, 2 * 128 * 128 * 96);  // of a whole tile
    std::int64_t loaded = 0;
    for (const LineAccess& line : profile.front().accesses) {
      if (line.space == Space::global && line.reach == Reach::load) {
        loaded += line.bytes;
        EXPECT_EQ(line.cost, line.ideal) << line.file << ':' << line.line;
      }
    }
    EXPECT_EQ(loaded, (64 + 40) * 96 * 4);  // what lies inside the factors, once
  }
  EXPECT_TRUE(is_found);
}

}  // namespace
}  // namespace heddle::kernels::sim
