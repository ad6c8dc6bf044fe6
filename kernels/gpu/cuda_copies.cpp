#include "core/cuda/calls.h"
#include "kernels/gpu/copy.h"

namespace heddle::kernels::cuda {

void use_copy_kernels() {
  auto& calls = ::heddle::cuda::calls();
  calls.strided_copy = [](Stream& stream, const View& destination, const ConstView& source) {
    strided_copy(stream, destination, source);
  };
  calls.strided_fill = [](Stream& stream, const View& destination, double value) {
    strided_fill(stream, destination, value);
  };
}

}  // namespace heddle::kernels::cuda
