#pragma once

#include "core/stream.h"
#include "core/view.h"
#include "kernels/gpu/device/backend.h"

namespace heddle::kernels::HEDDLE_BACKEND {

/// out = a · b (+ out), for the kernels of other families: views of rank 2 ([m, k], [k, n], [m, n])
/// or rank 3 (kernels/matmul.h), computed as `stream.math` asks by the version that suits the
/// shape (kernels/gpu/matmul.cu). f32, f64 or bf16; bf16 factors also into an f32 `out`. Errors: as
/// kernels/matmul.h.
void product(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
             const View& out);

/// A row-major matrix that lies dense in memory, as a view.
inline View dense_view(const void* data, DType dtype, Device device, std::int64_t rows,
                       std::int64_t cols) {
  View view;
  view.data = data;
  view.dtype = dtype;
  view.device = device;
  view.shape = {rows, cols};
  view.strides = {cols, 1};
  view.given = true;
  return view;
}
/// The transpose of a view of rank 2.
template <typename AnyView>
AnyView transposed(AnyView view) {
  view.shape = {view.size(1), view.size(0)};
  view.strides = {view.stride(1), view.stride(0)};
  return view;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
