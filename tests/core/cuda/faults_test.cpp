// Every call to CUDA may fail. Here each one does, in turn.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/allocator.h"
#include "core/cuda/card.h"
#include "core/cuda/event.h"
#include "core/cuda/launch_check.h"
#include "core/cuda/staged_copy.h"
#include "core/graph.h"
#include "core/tensor.h"
#include "tests/core/cuda/fake_cuda.h"

namespace heddle {
namespace {

constexpr Device gpu{Backend::cuda, 0};

/// Everything the runtime does.
void use_everything(Graph& graph) {
  const Tensor x = Tensor::arange(24).to(DType::f32).reshape({4, 6});
  Tensor there = x.to(gpu);
  Tensor y = Tensor::zeros({6, 4}, DType::f32, gpu);
  y.copy_(there.transpose(0, 1));
  const Tensor filled = Tensor::full({3}, 2, DType::f64, gpu);
  cuda::staged_copy(current_stream(gpu), y.output_view(), there.transpose(0, 1).view());
  EXPECT_TRUE(same_bits(y, x.transpose(0, 1).contiguous()));

  Stream& stream = current_stream(gpu);
  graph.begin_capture(stream);
  {
    const Tensor turned = there.transpose(0, 1).clone();
    y.copy_(turned);
  }
  graph.end_capture();
  there.fill_(0);
  there.copy_(x.to(gpu));
  graph.replay(stream);
  cuda::after_launch("kernel", stream);
  EXPECT_TRUE(same_bits(y, x.transpose(0, 1).contiguous()));

  cuda::Event event(gpu);
  event.record(stream);
  event.hold_back(stream);
  event.synchronize();
  synchronize(gpu);
}

/// Failures of these are not reported: they give something back, which has been done all the same.
bool gives_back(const std::string& call) {
  static const std::set<std::string> all{
      "cudaFree",         "cudaFreeHost",         "cudaStreamDestroy", "cudaEventDestroy",
      "cudaGraphDestroy", "cudaGraphExecDestroy", "cudaMemGetInfo"};
  return all.contains(call);
}

void fail_each_call(cudaError_t code) {
  cuda::set_sync(true);
  int n = 1;
  for (;; ++n) {
    FakeCuda fake;
    fake.fail_at(n, code);
    std::string message;
    bool cleaning = false;
    {
      Graph graph;
      try {
        use_everything(graph);
      } catch (const Error& error) {
        message = error.what();
      }
      cleaning = fake.failed_call().empty();
    }
    release_cached_memory(gpu);
    cuda::shut_down();
    ASSERT_EQ(fake.alive(), "") << "call " << n << ", " << fake.failed_call();
    ASSERT_EQ(fake.misuse(), "") << "call " << n << ", " << fake.failed_call();
    ASSERT_EQ(memory_statistics(gpu).current_bytes, 0) << fake.failed_call();
    ASSERT_EQ(memory_statistics(gpu).graph_bytes, 0) << fake.failed_call();
    const std::string failed = fake.failed_call();
    if (failed.empty()) {
      EXPECT_EQ(message, "");
      break;
    }
    if (failed == "cudaThreadExchangeStreamCaptureMode" && message.empty()) {
      continue;  // the second of a pair, which only goes back
    }
    if (cleaning || gives_back(failed)) {
      EXPECT_EQ(message, "") << failed;
    } else if (failed == "cudaMalloc" && code == cudaErrorMemoryAllocation && message.empty()) {
      continue;  // it worked the second time, with the cache emptied
    } else if (code == cudaErrorMemoryAllocation && failed == "cudaMalloc") {
      EXPECT_NE(message.find("out of memory on cuda"), std::string::npos) << message;
    } else {
      const bool named = message.find(failed) != std::string::npos ||
                         message.find("kernel failed") != std::string::npos;
      EXPECT_TRUE(named) << "call " << n << ", " << failed << ": " << message;
    }
  }
  cuda::set_sync(false);
  EXPECT_GT(n, 60);  // or the scenario did not run
}

TEST(CudaFaults, EveryCallMayFail) { fail_each_call(cudaErrorUnknown); }

TEST(CudaFaults, EveryCallMayRunOutOfMemory) { fail_each_call(cudaErrorMemoryAllocation); }

TEST(CudaFaults, TheCardMayBeLost) { fail_each_call(cudaErrorIllegalAddress); }

}  // namespace
}  // namespace heddle
