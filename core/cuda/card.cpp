#include "core/cuda/card.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "core/build_info.h"
#include "core/cuda/calls.h"
#include "core/cuda/check.h"
#include "core/cuda_architectures.h"
#include "core/cuda_driver.h"
#include "core/error.h"

namespace heddle::cuda {
namespace {

constexpr int most_cards = 64;

// Cards live to the end of the process (shut_down aside): CUDA may be gone before static variables.
std::array<std::atomic<Card*>, most_cards> cards{};
std::mutex cards_mutex;
std::atomic<void (*)(int)> after_wait{nullptr};

struct ThreadCapture {
  int index = -1;
  cudaStream_t stream = nullptr;
};
thread_local ThreadCapture capture;

std::unique_ptr<Card> open_card(int index) {
  const int count = card_count();
  check<Unavailable>(index < count, "device: there is no ", Device{Backend::cuda, index},
                     "; this machine has ", count, count == 1 ? " GPU" : " GPUs", ", cuda",
                     count > 1 ? concat(" to cuda:", count - 1) : "");
  auto opened = std::make_unique<Card>(index);
  cudaDeviceProp properties{};
  check_cuda(calls().cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties", index);
  opened->name = properties.name;
  opened->major = properties.major;
  opened->minor = properties.minor;
  opened->multiprocessors = properties.multiProcessorCount;
  opened->shared_bytes = properties.sharedMemPerBlockOptin;
  check<Unavailable>(runs_on(build_info().cuda_architectures, opened->major, opened->minor),
                     "device ", Device{Backend::cuda, index}, ": the card is a ", opened->name,
                     " (sm_", opened->major, opened->minor, "), but this build has code for sm ",
                     build_info().cuda_architectures, "; ",
                     build_for(opened->major, opened->minor));
  select(index);
  check_cuda(calls().cudaStreamCreateWithFlags(&opened->stream, cudaStreamNonBlocking),
             "cudaStreamCreateWithFlags", index);
  return opened;
}

}  // namespace

Card::~Card() {
  if (stream != nullptr) {
    ignore_error(calls().cudaStreamSynchronize(stream));
    ignore_error(calls().cudaStreamDestroy(stream));
  }
}

int card_count() {
  int count = 0;
  const cudaError_t code = calls().cudaGetDeviceCount(&count);
  if (code != cudaSuccess || count == 0) {
    calls().cudaGetLastError();
    const std::string problem = cuda_driver().problem;
    fail<Unavailable>("device cuda: no GPU can be used: ",
                      code == cudaSuccess ? "cudaGetDeviceCount found none"
                                          : "cudaGetDeviceCount failed with " + described(code),
                      problem.empty() ? "" : concat("; ", problem),
                      "; install or update the NVIDIA driver, or use device cpu");
  }
  return count;
}

Card& card(int index) {
  check<Unavailable>(index >= 0 && index < most_cards, "device: got cuda:", index,
                     ", expected an index from 0 to ", most_cards - 1);
  auto& place = cards[static_cast<std::size_t>(index)];
  if (Card* const known = place.load(std::memory_order_acquire)) [[likely]] {
    select(index);
    return *known;
  }
  const std::lock_guard lock(cards_mutex);
  if (place.load(std::memory_order_relaxed) == nullptr) {
    place.store(open_card(index).release(), std::memory_order_release);
  }
  select(index);
  return *place.load(std::memory_order_relaxed);
}

void select(int index) { check_cuda(calls().cudaSetDevice(index), "cudaSetDevice", index); }

cudaStream_t capturing_stream(int index) {
  return capture.index == index ? capture.stream : nullptr;
}

void set_capturing_stream(int index, cudaStream_t stream) { capture = {index, stream}; }

CapturePause::CapturePause(int index) : active_(capturing_stream(index) != nullptr) {
  if (active_) {
    check_cuda(calls().cudaThreadExchangeStreamCaptureMode(&mode_),
               "cudaThreadExchangeStreamCaptureMode", index);
  }
}

CapturePause::~CapturePause() {
  if (active_) {
    ignore_error(calls().cudaThreadExchangeStreamCaptureMode(&mode_));
  }
}

void shut_down() noexcept {
  const std::lock_guard lock(cards_mutex);
  for (auto& place : cards) {
    delete place.exchange(nullptr);
  }
}

void set_after_wait(void (*hook)(int index)) { after_wait = hook; }

void call_after_wait(int index) {
  if (auto* const hook = after_wait.load()) {
    hook(index);
  }
}

}  // namespace heddle::cuda
