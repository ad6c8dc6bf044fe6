#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/parallel.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

using Words = std::array<std::uint32_t, 4>;

TEST(Philox, KnownAnswersOfThePaper) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Generator, WordsAreThoseOfTheCounter) {
  const std::uint64_t seed = 0x299f31d0a4093822u;
  const std::uint64_t stream = 0x0370734413198a2eu;
  Generator generator(seed, stream);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const Words words = philox({block, 0, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0});
    for (std::uint32_t i = 0; i < 4; ++i) {
      EXPECT_EQ(random_word(seed, stream, block * 4 + i), words[i]);
      EXPECT_EQ(generator.word(), words[i]);
    }
  }
}

TEST(Generator, StateContinuesTheStream) {
  Generator first(3);
  first.word();
  first.normal();
  Generator second(first.state());
  EXPECT_EQ(first.word(), second.word());
  EXPECT_EQ(first.below(std::uint64_t{1} << 40), second.below(std::uint64_t{1} << 40));
  EXPECT_EQ(first.state(), second.state());
}

TEST(Generator, NamedStreamsDiffer) {
  const Generator generator(3);
  std::set<std::uint64_t> streams{generator.state().stream};
  for (const char* name : {"", "a", "b", "dropout", "dropout2"}) {
    streams.insert(generator.named(name).state().stream);
    streams.insert(generator.named("x").named(name).state().stream);
  }
  EXPECT_EQ(streams.size(), 11u);
  EXPECT_EQ(generator.named("a").state(), generator.named("a").state());
  EXPECT_EQ(generator.named("a").state().seed, 3u);
}

TEST(Generator, BelowIsUniform) {
  Generator generator(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) {
    ++counts[generator.below(7)];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10000, 400);  // four standard deviations
  }
  const std::uint64_t bound = (std::uint64_t{1} << 63) + 1;
  int rejected = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t before = generator.state().next;
    EXPECT_LT(generator.below(bound), bound);
    rejected += generator.state().next - before > 2 ? 1 : 0;
  }
  EXPECT_NEAR(rejected, 500, 80);  // nearly half of all 64-bit numbers lie above the bound
  EXPECT_EQ(generator.below(1), 0u);
  EXPECT_THROW(generator.below(0), Error);
}

TEST(Generator, PermutationsAreComplete) {
  Generator generator(9);
  std::vector<std::int64_t> order = generator.permutation(1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, Tensor::arange(1000).to_vector<std::int64_t>());
  EXPECT_TRUE(generator.permutation(0).empty());
  EXPECT_THROW(generator.permutation(-1), Error);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) {
    const std::vector<std::int64_t> three = generator.permutation(3);
    ++counts[static_cast<std::size_t>(three[0] * 2 + (three[1] > three[2] ? 1 : 0))];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10000, 400);
  }
}

TEST(Random, TensorsHaveTheRightMoments) {
  Generator generator(2);
  const std::vector<double> uniform =
      random_uniform({100, 1000}, -1.0, 3.0, generator, DType::f64).to_vector<double>();
  const std::vector<float> normal = random_normal({100000}, 2.0, 0.5, generator).to_vector<float>();
  const std::vector<bool> coins = random_bernoulli({100000}, 0.25, generator).to_vector<bool>();
  double mean = 0.0;
  double square = 0.0;
  double fourth = 0.0;
  for (const float value : normal) {
    const double z = (static_cast<double>(value) - 2.0) / 0.5;
    mean += z / 1e5;
    square += z * z / 1e5;
    fourth += z * z * z * z / 1e5;
  }
  EXPECT_NEAR(mean, 0.0, 0.013);
  EXPECT_NEAR(square, 1.0, 0.02);
  EXPECT_NEAR(fourth, 3.0, 0.13);
  const auto [low, high] = std::minmax_element(uniform.begin(), uniform.end());
  EXPECT_GE(*low, -1.0);
  EXPECT_LT(*high, 3.0);
  EXPECT_NEAR(*high - *low, 4.0, 1e-3);
  const auto heads = std::count(coins.begin(), coins.end(), true);
  EXPECT_LT(std::abs(heads - 25000), 550);
}

TEST(Random, ElementsAreTheDrawsInOrderForAnyNumberOfThreads) {
  const int before = thread_count();
  Generator one_by_one(4, 2);
  std::vector<float> expected;
  for (int i = 0; i < 20001; ++i) {
    expected.push_back(one_by_one.uniform());
  }
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    Generator generator(4, 2);
    EXPECT_EQ(random_uniform({20001}, 0.0, 1.0, generator).to_vector<float>(), expected);
    EXPECT_EQ(generator.state(), one_by_one.state());
  }
  Generator generator = one_by_one;
  const std::vector<double> normal =
      random_normal({9000}, 0.0, 1.0, generator, DType::f64).to_vector<double>();
  EXPECT_EQ(normal[0], one_by_one.normal());
  EXPECT_EQ(normal[1], one_by_one.normal());
  set_thread_count(before);
}

TEST(Random, ErrorsSayWhatIsWrong) {
  Generator generator(1);
  EXPECT_EQ(message_of([&] { random_uniform({2}, 0, 1, generator, DType::i64); }),
            "random_uniform: got i64, expected f32 or f64");
  EXPECT_EQ(message_of([&] { random_bernoulli({2}, 1.5, generator); }),
            "random_bernoulli: got probability 1.5, expected 0 to 1");
}

}  // namespace
}  // namespace heddle
