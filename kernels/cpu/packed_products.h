#pragma once

#include <algorithm>
#include <cstdint>

#include "core/parallel.h"
#include "core/view.h"
#include "kernels/cpu/packed_matrix.h"

// Products so large that many tiles would pack the same factor again: here it is packed once, on
// all threads, and every tile reads it. The bits are those of matmul_tiles.h.

namespace heddle::cpu {

/// Whether a row-major [m, k] times [k, n] pays for packing the right factor before all tiles.
bool packs_right_once(std::int64_t m, std::int64_t n, std::int64_t k);

/// Rows of the result that one thread computes at a time.
constexpr std::int64_t packed_tile_rows = 64;

/// out (+)= a·right for at most packed_tile_rows rows, on the calling thread; a and out row-major.
template <typename T>
void multiply_packed_rows(const Matrix<const T>& a, const PackedMatrix<T>& right, bool accumulate,
                          const Matrix<T>& out);

/// out (+)= a·b, in parallel; a and out row-major, b either way. `body(row, rows)` is called for
/// each range of rows once it is computed, by the thread that has it in its cache.
template <typename T, typename Body>
void multiply_packing_right(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
                            const Matrix<T>& out, const Body& body) {
  PackedMatrix<T> right(b.rows, b.cols);
  parallel_for(right.panels(), [&](std::int64_t panel) { right.pack_panel(b, panel); });
  parallel_ranges(out.rows, packed_tile_rows, [&](std::int64_t begin, std::int64_t end) {
    const Matrix<const T> a_part{a.data + begin * a.row_stride, end - begin, a.cols, a.row_stride,
                                 1};
    const Matrix<T> out_part{out.data + begin * out.row_stride, end - begin, out.cols,
                             out.row_stride, 1};
    multiply_packed_rows(a_part, right, accumulate, out_part);
    body(begin, end - begin);
  });
}

/// Whether a column-major [m, k] times a row-major [k, n] pays for packing both before all tiles.
bool packs_both_once(std::int64_t m, std::int64_t n, std::int64_t k);

/// out (+)= a·b, in parallel; a column-major, b and out row-major: sums over long columns, as
/// gradients of weights are.
template <typename T>
void multiply_packing_both(const Matrix<const T>& a, const Matrix<const T>& b, bool accumulate,
                           const Matrix<T>& out);

}  // namespace heddle::cpu
