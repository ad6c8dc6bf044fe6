// The CUDA runtime on a fake CUDA: no GPU needed. What a GPU would do to it is tests labelled gpu.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/allocator.h"
#include "core/cuda/card.h"
#include "core/cuda/event.h"
#include "core/cuda/launch_check.h"
#include "core/cuda/staged_copy.h"
#include "core/cuda_cards.h"
#include "core/graph.h"
#include "core/tensor.h"
#include "tests/core/cuda/fake_cuda.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

constexpr Device gpu{Backend::cuda, 0};

class CudaRuntime : public testing::Test {
 protected:
  void TearDown() override {
    release_cached_memory(gpu);
    cuda::shut_down();
    EXPECT_EQ(fake.alive(), "");
    EXPECT_EQ(fake.misuse(), "");
    EXPECT_EQ(memory_statistics(gpu).current_bytes, 0);
    EXPECT_EQ(memory_statistics(gpu).graph_bytes, 0);
  }

  FakeCuda fake;
};

Tensor counted(const Shape& shape) {
  return Tensor::arange(element_count(shape)).to(DType::f32).reshape(shape);
}

TEST_F(CudaRuntime, NumbersTravelThereAndBack) {
  const Tensor x = counted({3, 5});
  const Tensor there = x.to(gpu);
  EXPECT_EQ(there.device(), gpu);
  EXPECT_TRUE(same_bits(there, x));
}

TEST_F(CudaRuntime, LargeTensorsTravelInPieces) {
  const std::int64_t elements =
      2 * static_cast<std::int64_t>(cuda::Staging::piece_bytes) / 4 + 1234;
  const Tensor x = counted({elements});
  EXPECT_TRUE(same_bits(x.to(gpu), x));
  EXPECT_EQ(fake.calls_of("cudaMallocHost"), 1u);
}

TEST_F(CudaRuntime, UploadDoesNotNeedItsSourceAfterwards) {
  Tensor x = counted({100});
  const Tensor before = x.clone();
  const Tensor there = x.to(gpu);  // the fake card has not copied yet
  x.fill_(-1);
  EXPECT_TRUE(same_bits(there, before));
}

TEST_F(CudaRuntime, ViewsAreCopiedWhereTheyAre) {
  const Tensor x = counted({4, 6});
  const Tensor there = x.to(gpu);
  EXPECT_TRUE(same_bits(there.transpose(0, 1).contiguous(), x.transpose(0, 1).contiguous()));
  EXPECT_TRUE(same_bits(there.to(DType::i64), x.to(DType::i64)));
  Tensor target = Tensor::zeros({4, 6}, DType::f32, gpu);
  target.slice(1, 1, 6, 2).copy_(there.slice(1, 0, 3));
  EXPECT_EQ(target.slice(1, 1, 6, 2).to_vector<float>(), x.slice(1, 0, 3).to_vector<float>());
  EXPECT_EQ(target.select(1, 0).to_vector<float>(), std::vector<float>(4, 0.0f));
}

TEST_F(CudaRuntime, PlainCopiesNeedNoKernel) {
  const Tensor x = counted({4, 6}).to(gpu);
  const std::size_t before = fake.calls_of("cudaMemcpyAsync");
  const Tensor y = x.transpose(0, 1).clone();
  EXPECT_EQ(fake.calls_of("cudaMemcpyAsync"), before);
  Tensor z = Tensor::empty({6, 4}, DType::f32, gpu);
  z.copy_(y);
  EXPECT_EQ(fake.calls_of("cudaMemcpyAsync"), before + 1);
  EXPECT_TRUE(same_bits(z, y));
}

TEST_F(CudaRuntime, FillsGiveTheNumber) {
  EXPECT_EQ(Tensor::full({3}, 2.5, DType::f64, gpu).to_vector<double>(),
            std::vector<double>(3, 2.5));
  EXPECT_TRUE(std::signbit(Tensor::full({1}, -0.0, DType::f32, gpu).item<float>()));
  EXPECT_EQ(Tensor::zeros({2, 2}, DType::i64, gpu).to_vector<std::int64_t>(),
            std::vector<std::int64_t>(4, 0));
}

TEST_F(CudaRuntime, CopiesByWayOfTheHostAgree) {
  const Tensor x = counted({4, 6});
  const Tensor there = x.to(gpu);
  const Tensor target = Tensor::zeros({6, 2}, DType::f64, gpu);
  cuda::staged_copy(current_stream(gpu), target.output_view(),
                    there.transpose(0, 1).slice(1, 1, 3).view());
  EXPECT_TRUE(same_bits(target, x.transpose(0, 1).slice(1, 1, 3).to(DType::f64).contiguous()));
  cuda::staged_fill(current_stream(gpu), target.select(1, 1).output_view(), 7);
  EXPECT_EQ(target.select(1, 1).to_vector<double>(), std::vector<double>(6, 7.0));
  EXPECT_EQ(target.select(0, 2).to_vector<double>()[0], x.select(1, 2).to_vector<float>()[1]);
}

TEST_F(CudaRuntime, MemoryIsUsedAgain) {
  const Tensor first = Tensor::zeros({1000}, DType::f32, gpu);
  const void* const block = first.view().data;
  const auto taken = fake.calls_of("cudaMalloc");
  { const Tensor dropped = Tensor::zeros({1000}, DType::f32, gpu); }
  const Tensor second = Tensor::zeros({1000}, DType::f32, gpu);
  EXPECT_EQ(fake.calls_of("cudaMalloc"), taken + 1);
  EXPECT_NE(second.view().data, block);
}

TEST_F(CudaRuntime, OutOfMemoryEmptiesTheCacheThenSaysWhatThereIs) {
  fake.set_memory(std::size_t{10} << 20);
  { const Tensor dropped = Tensor::empty({3 << 20}, DType::boolean, gpu); }
  const Tensor held = Tensor::empty({4 << 20}, DType::boolean, gpu);
  const Tensor fits =
      Tensor::empty({6 << 20}, DType::boolean, gpu);  // only without the cached block
  const std::string message =
      message_of<OutOfMemory>([] { Tensor::empty({1 << 20}, DType::boolean, gpu); });
  EXPECT_EQ(
      message,
      "out of memory on cuda: asked for 1 MiB, the card has no more; in use 10 MiB, cached 0 "
      "MiB, limit none; on the card 0 MiB free of 10 MiB; use a smaller batch or model, or end "
      "other programs on the card (nvidia-smi lists them)");
}

TEST_F(CudaRuntime, AGraphDoesItsWorkAgain) {
  Tensor x = counted({4, 6}).to(gpu);
  Tensor y = Tensor::zeros({6, 4}, DType::f32, gpu);
  Stream& stream = current_stream(gpu);
  Graph graph;
  graph.begin_capture(stream);
  {
    const Tensor turned = x.transpose(0, 1).clone();  // gone before the replay
    y.copy_(turned);
  }
  graph.end_capture();
  EXPECT_GE(graph.memory_bytes(), 4 * 24);
  EXPECT_EQ(y.to_vector<float>(), std::vector<float>(24, 0.0f));
  for (const float shift : {0.0f, 10.0f}) {
    Tensor numbers = counted({4, 6});
    numbers.mutable_data<float>()[0] = shift;
    x.copy_(numbers.to(gpu));
    const Tensor disturbance = Tensor::full({4, 6}, -5, DType::f32, gpu);
    graph.replay(stream);
    EXPECT_TRUE(same_bits(y, numbers.transpose(0, 1).contiguous()));
    EXPECT_EQ(disturbance.to_vector<float>(), std::vector<float>(24, -5.0f));
  }
}

TEST_F(CudaRuntime, ACaptureRefusesToReadAndToSend) {
  const Tensor x = counted({4}).to(gpu);
  Graph graph;
  graph.begin_capture(current_stream(gpu));
  for (const std::string& message :
       {message_of([&] { x.to(Device{}); }), message_of([&] { counted({4}).to(gpu); }),
        message_of([&] { synchronize(gpu); }),
        message_of([&] { graph.replay(current_stream(gpu)); })}) {
    EXPECT_NE(message.find("capture"), std::string::npos) << message;
  }
  Graph other;
  EXPECT_NE(message_of([&] { other.begin_capture(current_stream(gpu)); }).find("already"),
            std::string::npos);
  graph.end_capture();
  EXPECT_EQ(x.to_vector<float>(), counted({4}).to_vector<float>());
}

TEST_F(CudaRuntime, AnAbandonedCaptureLeavesNothing) {
  {
    Graph graph;
    graph.begin_capture(current_stream(gpu));
    const Tensor x = Tensor::full({100}, 3, DType::f32, gpu);
  }
  EXPECT_EQ(Tensor::full({2}, 3, DType::f32, gpu).to_vector<float>(), std::vector<float>(2, 3.0f));
}

TEST_F(CudaRuntime, SyncNamesTheKernel) {
  Stream& stream = current_stream(gpu);
  cuda::set_sync(true);
  fake.fail_at(2, cudaErrorIllegalAddress);  // the wait
  const std::string message = message_of([&] { cuda::after_launch("softmax.online", stream); });
  cuda::set_sync(false);
  EXPECT_NE(message.find("device cuda: softmax.online failed with cudaErrorIllegalAddress"),
            std::string::npos)
      << message;
  EXPECT_NO_THROW(cuda::after_launch("softmax.online", stream));
}

TEST_F(CudaRuntime, EventsMarkPlaces) {
  Stream& stream = current_stream(gpu);
  cuda::Event first(gpu, true);
  cuda::Event last(gpu, true);
  first.record(stream);
  last.record(stream);
  last.synchronize();
  first.hold_back(stream);
  EXPECT_EQ(cuda::milliseconds_between(first, last), 1.5f);
}

TEST_F(CudaRuntime, AllThreadsShareOneStream) {
  const void* const here = current_stream(gpu).native;
  EXPECT_EQ(current_stream(gpu).native, here);
  EXPECT_EQ(fake.calls_of("cudaStreamCreateWithFlags"), 1u);
}

TEST_F(CudaRuntime, ACardWithoutCodeSaysHowToBuildIt) {
  fake.set_cards(1, 7, 0);
  const std::string message = message_of<Unavailable>([] { Tensor::zeros({2}, DType::f32, gpu); });
  for (const char* part : {"Fake H100 (sm_70)", "this build has code for sm ",
                           "cmake -B build -DHEDDLE_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=70"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  const auto cards = cuda_cards();
  ASSERT_EQ(cards.size(), 1u);
  EXPECT_EQ(cards[0].problem, message);
}

TEST_F(CudaRuntime, NoCardAndTooFewCardsSaySo) {
  fake.set_cards(2, 9, 0);
  EXPECT_NE(message_of<Unavailable>([] {
              Tensor::zeros({2}, DType::f32, {Backend::cuda, 5});
            }).find("there is no cuda:5; this machine has 2 GPUs, cuda to cuda:1"),
            std::string::npos);
  cuda::shut_down();
  fake.set_cards(0, 9, 0);
  const std::string message = message_of<Unavailable>([] { Tensor::zeros({2}, DType::f32, gpu); });
  EXPECT_NE(message.find("cudaErrorNoDevice"), std::string::npos) << message;
  EXPECT_TRUE(cuda_cards().empty());
}

TEST_F(CudaRuntime, AHookIsCalledAfterEachWait) {
  cuda::set_after_wait([](int index) { fail("value of cuda:", index); });
  EXPECT_EQ(message_of([] { synchronize(gpu); }), "value of cuda:0");
  cuda::set_after_wait(nullptr);
}

}  // namespace
}  // namespace heddle
