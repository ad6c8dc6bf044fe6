#include "bench/gpu/opponents.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "autograd/ops.h"
#include "bench/gpu/peer_contender.h"
#include "bench/unmeasured.h"
#include "core/error.h"

namespace heddle::bench {

const std::string_view family = "test";

namespace {

TEST(Opponents, OneThatCannotBeMadeIsAbsentWithTheReason) {
  const Contender contender = peer_contender(
      "library", PeerMath::tf32, true, {},
      []() -> std::unique_ptr<CudaPeer> { fail<Unavailable>("no kernel for width 7"); });
  EXPECT_EQ(contender.absent, "no kernel for width 7");
  EXPECT_EQ(contender.name, "library");
  EXPECT_EQ(contender.math, "tf32");
  EXPECT_FALSE(contender.run);
  EXPECT_FALSE(contender.error);
}

TEST(Opponents, ExactClassHasTf32BesideIt) {
  EXPECT_EQ(peer_maths(Math::f32), (std::vector{PeerMath::f32, PeerMath::tf32}));
  EXPECT_EQ(peer_maths(Math::tf32), std::vector{PeerMath::tf32});
  EXPECT_EQ(peer_maths(Math::bf16), std::vector{PeerMath::bf16});
}

TEST(Opponents, ReferencesHaveNamesOfResultAndGradients) {
  const auto function = [](const Variables& in) { return linear_tanh(in[0], in[1], in[2]); };
  const std::vector<Tensor> inputs = {drawn({4, 3}, 1), drawn({2, 3}, 2), drawn({2}, 3)};
  const Setting host{};
  const Operation both(function, inputs, true, host, {1});
  const std::vector<Expected> all = expected_of(both, {"y", "dx", "dweight", "dbias"});
  ASSERT_EQ(all.size(), 3U);  // without the weight's
  EXPECT_EQ(all[0].name, "y");
  EXPECT_EQ(all[1].name, "dx");
  EXPECT_EQ(all[2].name, "dbias");
  EXPECT_EQ(all[2].reference.shape(), (Shape{2}));
  EXPECT_EQ(dy_for_peers(both).shape(), (Shape{4, 2}));
  const Operation forward(function, inputs, false, host);
  EXPECT_EQ(expected_of(forward, {"y", "dx", "dweight", "dbias"}).size(), 1U);
  EXPECT_FALSE(dy_for_peers(forward).defined());
}

TEST(Opponents, HostHasNone) {
  const auto ours =
      std::make_shared<Operation>([](const Variables& in) { return softmax(in[0]); },
                                  std::vector<Tensor>{drawn({2, 3}, 1)}, false, Setting{});
  EXPECT_TRUE(cudnn_softmaxes(ours, Setting{}).empty());
  EXPECT_TRUE(cublas_linear_tanhs(ours, Setting{}).empty());
}

TEST(Unmeasured, BudgetRunsOut) {
  using namespace std::chrono_literals;
  const Budget unlimited(0);
  const Budget hour(60);
  const Budget spent(1e-6);
  std::this_thread::sleep_for(1ms);
  EXPECT_EQ(unlimited.refusal(), "");
  EXPECT_EQ(hour.refusal(), "");
  EXPECT_NE(spent.refusal().find("--minutes"), std::string::npos);
}

TEST(Unmeasured, RowHasTheReasonAndNoTimes) {
  Case what;
  what.name = "rows 2";
  what.direction = "forward";
  nlohmann::json rows = nlohmann::json::array();
  add_unmeasured(what, {Device{}, 1, Math::bf16}, "no time", rows);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].at("family"), "test");
  EXPECT_EQ(rows[0].at("case"), "rows 2");
  EXPECT_EQ(rows[0].at("math"), "bf16");
  EXPECT_EQ(rows[0].at("note"), "not measured: no time");
  EXPECT_TRUE(rows[0].at("ours_ms").is_null());
  EXPECT_TRUE(rows[0].at("ratio").is_null());
}

}  // namespace
}  // namespace heddle::bench
