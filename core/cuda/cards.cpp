#include "core/build_info.h"
#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "core/cuda_architectures.h"
#include "core/cuda_cards.h"
#include "core/error.h"
#include "core/memory.h"

namespace heddle {

std::vector<CudaCard> cuda_cards() {
  int count = 0;
  if (cuda::calls().cudaGetDeviceCount(&count) != cudaSuccess) {
    cuda::calls().cudaGetLastError();
    return {};
  }
  std::vector<CudaCard> cards;
  for (int index = 0; index < count; ++index) {
    CudaCard& card = cards.emplace_back();
    cudaDeviceProp properties{};
    if (cuda::calls().cudaGetDeviceProperties(&properties, index) == cudaSuccess) {
      card.name = properties.name;
      card.major = properties.major;
      card.minor = properties.minor;
    }
    card.problem = why_cuda_unavailable(index);
    if (card.problem.empty()) {
      cuda_memory().space(index, card.free_bytes, card.total_bytes);
    }
  }
  return cards;
}

std::string why_cuda_unavailable(int index) {
  try {
    cuda::card(index);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace heddle
