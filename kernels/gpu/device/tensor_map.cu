// Tensor maps under cuda. The driver's function is asked for at run time, so that nothing links
// libcuda, which machines without a GPU lack.

#include <cuda_runtime_api.h>

#include "core/cuda/calls.h"
#include "core/cuda/check.h"
#include "kernels/gpu/device/tensor_map.h"

namespace heddle::kernels::cuda {
namespace {

using Encode = decltype(&::cuTensorMapEncodeTiled);

Encode encode_function(int device) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult status{};
  ::heddle::cuda::check_cuda(::heddle::cuda::calls().cudaGetDriverEntryPoint(
                                 "cuTensorMapEncodeTiled", &function, cudaEnableDefault, &status),
                             "cudaGetDriverEntryPoint", device);
  check<Unavailable>(status == cudaDriverEntryPointSuccess && function != nullptr,
                     "device cuda:", device,
                     ": the NVIDIA driver has no cuTensorMapEncodeTiled; expected a driver for "
                     "CUDA 12.0 or newer: update it, or choose a version without warp groups");
  return reinterpret_cast<Encode>(function);
}

}  // namespace

TensorMap tensor_map_of(const Stream& stream, const char* kernel, const TileSource& source) {
  const int device = stream.device.index;
  const cuuint64_t sizes[3] = {static_cast<cuuint64_t>(source.length),
                               static_cast<cuuint64_t>(source.lines),
                               static_cast<cuuint64_t>(source.matrices)};
  const cuuint64_t strides[2] = {static_cast<cuuint64_t>(source.line_stride),
                                 static_cast<cuuint64_t>(source.matrix_stride)};
  const cuuint32_t box[3] = {static_cast<cuuint32_t>(tile_line_bytes / bytes_of(source.element)),
                             static_cast<cuuint32_t>(source.tile_lines), 1};
  const cuuint32_t steps[3] = {1, 1, 1};
  TensorMap made;
  const CUresult code = encode_function(device)(
      &made.map,
      source.element == TileElement::bf16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16
                                          : CU_TENSOR_MAP_DATA_TYPE_TFLOAT32,
      3, const_cast<void*>(source.data), sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
      CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
      CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  check(code == CUDA_SUCCESS, kernel, ", device cuda:", device,
        ": cuTensorMapEncodeTiled failed with code ", static_cast<int>(code), " for ",
        source.matrices, " matrices of ", source.lines, " lines of ", source.length, " elements, ",
        source.line_stride, " and ", source.matrix_stride, " bytes apart, in tiles of ",
        source.tile_lines,
        " lines; expected an address and strides that are multiples of 16 bytes");
  return made;
}

}  // namespace heddle::kernels::cuda
