#pragma once

#include <string>

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// Version of cuBLAS in use ("13.1.0"); "" in a build without CUDA.
std::string cublas_version();

namespace kernels::cuda {

/// `MatmulKernels::multiply` (kernels/matmul.h) by cuBLAS, for plain products: f32, f64, bf16; a
/// and b of one type, out of the same, or f32 where they are bf16. Sums of f32 and bf16 are in f32,
/// of f64 in f64. f32 factors are rounded to tf32 where the stream's math is not f32.
///
/// Same bits on every call on the same GPU model and cuBLAS version: one handle per GPU, all work
/// in one order, a workspace of its own, no atomic sums. (Bits do depend on the shape: cuBLAS
/// chooses its kernel by it.) May be captured in a graph. Errors: shapes, types, layouts that the
/// contract does not allow.
void cublas_matmul(Stream& stream, const ConstView& a, const ConstView& b, bool accumulate,
                   const View& out);

/// Gives the handles and workspaces back (their work must be done); the next product makes them
/// anew.
void release_cublas() noexcept;

}  // namespace kernels::cuda

}  // namespace heddle
