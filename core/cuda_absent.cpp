// What a build without CUDA has instead of core/cuda.

#include "core/captured_work.h"
#include "core/cuda_cards.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/nvtx_range.h"

namespace heddle {
namespace {

constexpr const char* absent = "the CUDA backend is not in this build; use cpu or sim";

}  // namespace

const MemoryFunctions& cuda_memory() { fail<Unavailable>("device cuda: ", absent); }

std::unique_ptr<CapturedWork> capture_on_cuda(Stream& /*stream*/) {
  fail<Unavailable>("device cuda: ", absent);
}

std::vector<CudaCard> cuda_cards() { return {}; }
std::string why_cuda_unavailable(int /*index*/) { return absent; }

NvtxRange::NvtxRange(const char* /*name*/) {}
NvtxRange::~NvtxRange() =
    default;  // NOLINT(performance-trivially-destructible): with CUDA it is not

}  // namespace heddle
