#include "core/graph.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

#include "core/allocator.h"
#include "core/recording.h"
#include "core/tensor.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

constexpr Device sim{Backend::sim, 0};

Tensor numbers(std::int64_t count) { return Tensor::arange(count).to(DType::f32).to(sim); }

TEST(Graph, ReplaysCopiesAndFillsInOrder) {
  Tensor x = numbers(6);
  Tensor y = Tensor::zeros({3, 2}, DType::f32, sim);
  Stream& stream = current_stream(sim);
  Graph graph;
  EXPECT_FALSE(graph.is_captured());
  graph.begin_capture(stream);
  y.fill_(7);
  y.select(1, 0).copy_(x.slice(0, 0, 3));
  graph.end_capture();
  EXPECT_TRUE(graph.is_captured());
  EXPECT_EQ(y.to_vector<float>(), std::vector<float>(6, 0.0f));  // nothing was done yet
  graph.replay(stream);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{0, 7, 1, 7, 2, 7}));
  x.fill_(5);
  graph.replay(stream);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{5, 7, 5, 7, 5, 7}));
}

TEST(Graph, StepsOfKernelsAreReplayedToo) {
  int runs = 0;
  EXPECT_EQ(active_recording(), nullptr);
  Graph graph;
  graph.begin_capture(current_stream(sim));
  ASSERT_NE(active_recording(), nullptr);
  active_recording()->emplace_back([&runs] { ++runs; });
  graph.end_capture();
  EXPECT_EQ(active_recording(), nullptr);
  EXPECT_EQ(runs, 0);
  graph.replay(current_stream(sim));
  graph.replay(current_stream(sim));
  EXPECT_EQ(runs, 2);
}

TEST(Graph, KeepsTheMemoryOfTheCapture) {
  const MemoryStatistics before = memory_statistics(sim);
  {
    const Tensor x = numbers(100);
    Tensor y = Tensor::zeros({100}, DType::f32, sim);
    Graph graph;
    graph.begin_capture(current_stream(sim));
    {
      const Tensor between = x.clone();
      y.copy_(between);
    }
    graph.end_capture();
    EXPECT_GE(memory_statistics(sim).graph_bytes - before.graph_bytes, 400);
    EXPECT_GE(graph.memory_bytes(), 400);
    // Others do not get the block, whose tensor is gone.
    const Tensor other = Tensor::full({100}, -1, DType::f32, sim);
    graph.replay(current_stream(sim));
    EXPECT_EQ(other.to_vector<float>(), std::vector<float>(100, -1.0f));
    EXPECT_TRUE(same_bits(y, x));
  }
  EXPECT_EQ(memory_statistics(sim).graph_bytes, before.graph_bytes);
  EXPECT_EQ(memory_statistics(sim).current_bytes, before.current_bytes);
}

TEST(Graph, UsesItsMemoryAgainWithinTheCapture) {
  const Tensor x = numbers(1000);
  Graph graph;
  graph.begin_capture(current_stream(sim));
  for (int i = 0; i < 10; ++i) {
    const Tensor between = x.clone();
  }
  graph.end_capture();
  EXPECT_LT(graph.memory_bytes(), 2 * 5000);
}

TEST(Graph, KeepsWhatIsLetGoDuringTheCapture) {
  Tensor x = numbers(50);
  Tensor y = Tensor::zeros({50}, DType::f32, sim);
  Graph graph;
  graph.begin_capture(current_stream(sim));
  y.copy_(x);
  x = Tensor();
  graph.end_capture();
  const Tensor other = Tensor::full({50}, -1, DType::f32, sim);  // would get x's block
  graph.replay(current_stream(sim));
  EXPECT_TRUE(same_bits(y, numbers(50)));
}

TEST(Graph, AResultMayOutliveIt) {
  const Tensor x = numbers(8);
  Tensor result;
  {
    Graph graph;
    graph.begin_capture(current_stream(sim));
    result = x.clone();
    graph.end_capture();
    graph.replay(current_stream(sim));
  }
  EXPECT_TRUE(same_bits(result, x));
  const Tensor other = Tensor::full({8}, -1, DType::f32, sim);
  EXPECT_TRUE(same_bits(result, x));
}

TEST(Graph, MayBeMoved) {
  const Tensor x = numbers(8);
  Tensor y = Tensor::zeros({8}, DType::f32, sim);
  Graph first;
  first.begin_capture(current_stream(sim));
  Graph second = std::move(first);
  y.copy_(x);
  second.end_capture();
  second.replay(current_stream(sim));
  EXPECT_TRUE(same_bits(y, x));
}

TEST(Graph, NothingIsReadOrSentWhileCapturing) {
  const Tensor x = numbers(4);
  Graph graph;
  graph.begin_capture(current_stream(sim));
  const std::string read = message_of([&] { x.to(Device{}); });
  EXPECT_NE(read.find("copy from the device: a graph is being captured on sim"), std::string::npos)
      << read;
  EXPECT_THROW(Tensor::zeros({4}).to(sim), Error);
  EXPECT_THROW(graph.replay(current_stream(sim)), Error);
  EXPECT_EQ(Tensor::full({2}, 3).to_vector<float>(), (std::vector<float>{3, 3}));  // cpu goes on
  graph.end_capture();
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 1, 2, 3}));
}

TEST(Graph, OneCapturePerThread) {
  Graph graph;
  Graph other;
  graph.begin_capture(current_stream(sim));
  EXPECT_THROW(other.begin_capture(current_stream(sim)), Error);
  EXPECT_THROW(graph.begin_capture(current_stream(sim)), Error);
  std::thread thread([&] {
    EXPECT_THROW(graph.end_capture(), Error);
    EXPECT_EQ(active_recording(), nullptr);
    Graph own;
    own.begin_capture(current_stream(sim));
    own.end_capture();
  });
  thread.join();
  graph.end_capture();
}

TEST(Graph, AnAbandonedCaptureEnds) {
  {
    Graph graph;
    graph.begin_capture(current_stream(sim));
    const Tensor x = Tensor::full({3}, 1, DType::f32, sim);
  }
  EXPECT_EQ(active_recording(), nullptr);
  EXPECT_EQ(Tensor::full({2}, 4, DType::f32, sim).to_vector<float>(), (std::vector<float>{4, 4}));
}

TEST(Graph, SaysWhatItCannotDo) {
  Graph graph;
  EXPECT_THROW(graph.end_capture(), Error);
  EXPECT_THROW(graph.replay(current_stream(sim)), Error);
  EXPECT_NE(message_of<Unavailable>([&] {
              graph.begin_capture(current_stream(Device{}));
            }).find("device cpu runs each kernel at once"),
            std::string::npos);
  graph.begin_capture(current_stream(sim));
  graph.end_capture();
  EXPECT_THROW(graph.replay(current_stream(Device{})), Error);
  EXPECT_EQ(graph.memory_bytes(), 0);
}

}  // namespace
}  // namespace heddle
