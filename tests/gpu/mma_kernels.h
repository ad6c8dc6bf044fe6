#pragma once

#include "kernels/gpu/device/device.h"

// Kernels of one warp over the words of kernels/gpu/device/mma.h, for tests of where each element
// goes. All views are contiguous.

namespace heddle::kernels::HEDDLE_BACKEND {

/// d [16, 8] = c + a b by one mma: a [16, depth], b [depth, 8], c [16, 8], all f32; fragments
/// filled by the maps `a_place_…`, `b_place_…`, `sum_place`. bf16: depth 16; tf32: depth 8.
void run_mma(Stream& stream, bool is_bf16, const ConstView& a, const ConstView& b,
             const ConstView& c, const View& d);

/// words i64 [32, 4]: what each lane gets from load_tiles of x bf16 [32, 8], rows 8t … 8t + 7 being
/// tile t.
void run_load_tiles(Stream& stream, bool transposed, const ConstView& x, const View& words);

/// The same product as run_mma, but a and b reach their fragments by load_tiles, as kernels load
/// them: a bf16 or f32 [16, 32], b_rows [8, 32] holds b's columns as rows. d [16, 8] = a b.
void run_mma_from_shared(Stream& stream, const ConstView& a, const ConstView& b_rows,
                         const View& d);

/// y [4, 32] = what a copy of x [32] has brought to shared memory: before it, while it may be under
/// way (rows 0 and 1; only under sim is row 1 certain), after wait_copies<1> and after wait_copies.
/// Two groups of copies: elements 0 … 15 and 16 … 31.
void run_copies(Stream& stream, const ConstView& x, const View& y);

/// y [32] = x where inside [32] is not 0, else 0, by copies of 4 bytes that do not read outside.
void run_guarded_copies(Stream& stream, const ConstView& x, const ConstView& inside, const View& y);

/// Reads shared memory that an asynchronous copy is to write, without waiting for it.
void run_forgotten_wait(Stream& stream, const ConstView& x, const View& y);

/// Copies 16 bytes from an address that is no multiple of 16.
void run_misaligned_copy(Stream& stream, const ConstView& x, const View& y);

/// load_tiles by half a warp.
void run_half_warp(Stream& stream, const View& y);

}  // namespace heddle::kernels::HEDDLE_BACKEND
