#pragma once

// The vocabulary kernels are written in. One source is read by nvcc (backend cuda) and by g++
// (backend sim, kernels/gpu/sim); this folder is the only place that knows. Everything is in
// heddle::kernels::HEDDLE_BACKEND, where kernels live too.
//
// In a kernel
//   threadIdx, blockIdx, blockDim, gridDim            CUDA's own
//   shared_memory<S>()                                the block's shared memory, one struct per
//   kernel shared_elements<T>(offset, count)                 more of it, its size known at launch
//   SharedArray<T, R, C>                              an array in S; a(r, c) under watch in sim
//   sync_threads(), sync_warp(mask), sync_grid()      barriers of block, warp, grid (cooperative)
//   post_flag(flag, value), wait_flag(flag, value)    from block to block (cooperative)
//   cluster_rank(), cluster_size(), sync_cluster()    blocks of a cluster (cluster.h)
//   store_peer(rank, address, …), load_peer<N>        shared memory of another of its blocks
//   shuffle, shuffle_xor, shuffle_down, ballot, any, all     words of a warp, explicit masks
//   count_bits(mask)                                  how many bits of a ballot are 1
//   warp_sum, warp_max, block_sum, block_max          fixed trees over them (reduce.h)
//   Row, Matrix, Batch, Tensor4                       views of global memory, x(i), m(i, j), …
//   load_vector<N>, store_vector                      N neighbouring elements at once
//   copy_async, commit_copies, wait_copies<N>         global to shared memory behind one's back
//   fragment words: mma.h                             tensor cores
//   tiles by the copy engine, warp-group products     sm_90a; tile_copy.h, warpgroup.h (not here)
//   multiply_add(x, y, sum), product_of(a, b)         rounded once; never fused (numbers.h)
//   exp_of, log_of, sqrt_of, tanh_of, sigmoid_of      and fast_exp, …: numbers.h
//   accumulate_t<T>, widen, narrow, opaque            numbers.h
//   atomic_add                                        integers alone (floating sums stay in order)
// On the host
//   launch(kernel, Launch{…}, args…)                  instead of <<<>>>
//   Scratch<T>, DeviceLimits, checked views           host.h

#include "kernels/gpu/device/backend.h"

#if defined(__CUDACC__)
#include "kernels/gpu/device/words_cuda.h"
#else
#include "kernels/gpu/device/words_sim.h"
#endif

#include "kernels/gpu/device/cluster.h"
#include "kernels/gpu/device/host.h"
#include "kernels/gpu/device/mma.h"
#include "kernels/gpu/device/numbers.h"
#include "kernels/gpu/device/reduce.h"
#include "kernels/gpu/device/views.h"
