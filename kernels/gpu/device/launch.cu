// Starting kernels under cuda, and the size of the card. (sim has its own in words_sim.h, host.cu.)

#include <array>
#include <string>

#include "core/build_info.h"
#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "core/cuda/launch_check.h"
#include "core/cuda_architectures.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::cuda {
namespace {

constexpr unsigned most_threads = 1024;                               // of a block
constexpr int most_cluster = 8;                                       // that every card takes
constexpr std::size_t shared_without_asking = std::size_t{48} << 10;  // bytes

/// "kernel softmax.online, grid 4×1×1, block 256×1×1, 4096 bytes of shared memory"
std::string described(const Launch& launch) {
  const auto size = [](const dim3& d) { return concat(d.x, "×", d.y, "×", d.z); };
  return concat("kernel ", launch.kernel, ", grid ", size(launch.grid), ", block ",
                size(launch.block), ", ", launch.shared_bytes, " bytes of shared memory");
}

/// The card has them, and the code it runs was compiled for it: older code (PTX) has none.
bool has_clusters(const ::heddle::cuda::Card& card) {
  return runs_on(code_from(90, build_info().cuda_architectures), card.major, card.minor);
}

}  // namespace

void launch_raw(const void* kernel, const Launch& launch, void** arguments) {
  const int index = launch.stream.device.index;
  const unsigned threads = launch.block.x * launch.block.y * launch.block.z;
  const std::size_t shared_bytes = ::heddle::cuda::card(index).shared_bytes;
  check(threads > 0 && threads <= most_threads && launch.shared_bytes <= shared_bytes,
        described(launch), ": expected 1 to ", most_threads, " threads and at most ", shared_bytes,
        " bytes on this card");
  check(launch.cluster >= 1 && launch.cluster <= most_cluster &&
            launch.grid.x % static_cast<unsigned>(launch.cluster) == 0,
        described(launch), ", cluster ", launch.cluster, ": expected 1 to ", most_cluster,
        " blocks of a cluster, and a multiple of them along x");
  check<Unavailable>(launch.cluster == 1 || has_clusters(::heddle::cuda::card(index)),
                     described(launch), ", cluster ", launch.cluster,
                     ": this card, or the code this build has for it, knows no clusters; expected "
                     "sm_90 or newer; ask limits_of(stream).cluster first");
  auto& calls = ::heddle::cuda::calls();
  if (launch.shared_bytes > shared_without_asking) {
    ::heddle::cuda::check_cuda(
        calls.cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(launch.shared_bytes)),
        described(launch).c_str(), index);
  }
  std::array<cudaLaunchAttribute, 2> attributes{};
  unsigned count = 0;
  if (launch.cooperative) {
    attributes[count].id = cudaLaunchAttributeCooperative;
    attributes[count++].val.cooperative = 1;
  }
  if (launch.cluster > 1) {
    attributes[count].id = cudaLaunchAttributeClusterDimension;
    attributes[count].val.clusterDim.x = static_cast<unsigned>(launch.cluster);
    attributes[count].val.clusterDim.y = 1;
    attributes[count++].val.clusterDim.z = 1;
  }
  cudaLaunchConfig_t config{};
  config.gridDim = launch.grid;
  config.blockDim = launch.block;
  config.dynamicSmemBytes = launch.shared_bytes;
  config.stream = ::heddle::cuda::native(launch.stream);
  config.attrs = attributes.data();
  config.numAttrs = count;
  const cudaError_t code = calls.cudaLaunchKernelExC(&config, kernel, arguments);
  if (code != cudaSuccess) {
    ::heddle::cuda::check_cuda(code, described(launch).c_str(), index);
  }
  ::heddle::cuda::after_launch(launch.kernel, launch.stream);
}

DeviceLimits limits_of(const Stream& stream) {
  const ::heddle::cuda::Card& card = ::heddle::cuda::card(stream.device.index);
  return {.multiprocessors = card.multiprocessors,
          .shared_bytes = card.shared_bytes,
          .architecture = card.major * 10 + card.minor,
          .cluster = has_clusters(card) ? most_cluster : 1};
}

}  // namespace heddle::kernels::cuda
