// The norm of all gradients, and what it means for the step (clipping).
//
//   squared_norm   Σ gradient² over all tensors, in double, in two stages: tiles, then their sums
//   clip           gradient_scale = largest_norm / norm where the norm is larger; sums for the log
//
// No number goes to the host: the update reads the scale where clip wrote it.

#include <cmath>

#include "kernels/gpu/optimizer.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

// ---- squared_norm ------------------------------------------------------------------------------

struct NormShared {
  BlockReduceShared<double> sum;
};

/// Σ of the squares of elements begin … end, four of them at a time to each thread of the block, in
/// double. The order does not depend on how they are loaded.
template <typename T>
__device__ __forceinline__ double sum_squares(const Row<const T>& x, std::int64_t begin,
                                              std::int64_t end, bool is_wide, NormShared& shared) {
  constexpr int N = widest<T>;
  double sum = 0;
  for (std::int64_t i = begin + static_cast<std::int64_t>(threadIdx.x) * N; i < end;
       i += static_cast<std::int64_t>(optimizer_threads) * N) {
    Vector<T, N> part = {};
    if (is_wide && i + N <= end) {
      part = load_vector<N>(x, i);
    } else {
      HEDDLE_UNROLL
      for (int k = 0; k < N; ++k) {
        part[k] = i + k < end ? x(i + k) : T{0};
      }
    }
    HEDDLE_UNROLL
    for (int k = 0; k < N; ++k) {
      const auto g = static_cast<double>(part[k]);
      sum = multiply_add(g, g, sum);
    }
  }
  return block_sum(sum, shared.sum);
}

// Grid 1, block 256: one block for the whole tensor, one multiprocessor of 132.
template <typename T>
__global__ void norm_of_tensor(ListedTensor tensor, Row<double> partial, std::int64_t place) {
  auto& shared = shared_memory<NormShared>();
  const Row<const T> gradient{static_cast<const T*>(tensor.gradient), tensor.elements, 1};
  const double sum = sum_squares(gradient, 0, tensor.elements, false, shared);
  if (threadIdx.x == 0) {
    partial(place) = sum;
  }
}

// Grid Σ tiles, block 256, 256 bytes of shared memory. Reads every gradient once; writes 8 bytes
// per 4096 of them.
template <typename T>
__global__ void norm_of_tiles(TensorList list, Row<double> partial, std::int64_t place) {
  auto& shared = shared_memory<NormShared>();
  const int which = tensor_of_block(list);
  const std::int64_t elements = list.tensor[which].elements;
  const Row<const T> gradient{static_cast<const T*>(list.tensor[which].gradient), elements, 1};
  const std::int64_t begin = (blockIdx.x - list.tensor[which].first_tile) * optimizer_tile;
  const double sum = sum_squares(
      gradient, begin, begin + optimizer_tile < elements ? begin + optimizer_tile : elements,
      list.tensor[which].is_wide, shared);
  if (threadIdx.x == 0) {
    partial(place + blockIdx.x) = sum;
  }
}

// Grid 1, block 256: the second stage, over 8 bytes per tile.
__global__ void sum_partials(Row<const double> partial, Row<double> now) {
  auto& shared = shared_memory<NormShared>();
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < partial.size; i += optimizer_threads) {
    counted<1>(sum += partial(i));
  }
  sum = block_sum(sum, shared.sum);
  if (threadIdx.x == 0) {
    now(ScalarPlace::squared_norm) = sum;
  }
}

// ---- clip --------------------------------------------------------------------------------------

// Grid 1, block 1: a dozen numbers, which would cost a round trip to the host otherwise.
template <typename T>
__global__ void clip_step(double largest_norm, Row<const T> loss, Row<double> now) {
  using Place = ScalarPlace;
  const double failed_before = now(Place::failed_step);
  if (failed_before != 0.0) {
    return;
  }
  const auto loss_now = static_cast<double>(loss(0));
  const double norm = sqrt_of(static_cast<double>(now(Place::squared_norm)));
  now(Place::loss) = loss_now;
  now(Place::gradient_norm) = norm;
  const auto is_finite = [](double value) { return counted<1>(value - value) == 0.0; };
  if (!is_finite(loss_now) || !is_finite(norm)) {
    now(Place::failed_step) = static_cast<double>(now(Place::step));
    return;
  }
  now(Place::loss_sum) = counted<1>(static_cast<double>(now(Place::loss_sum)) + loss_now);
  now(Place::gradient_norm_sum) =
      counted<1>(static_cast<double>(now(Place::gradient_norm_sum)) + norm);
  now(Place::gradient_scale) =
      largest_norm > 0.0 && norm > largest_norm ? counted<1>(largest_norm / norm) : 1.0;
}

}  // namespace

// ---- launchers ---------------------------------------------------------------------------------

template <OptimizerVersion version>
void squared_norm(Stream& stream, std::span<const UpdateSlot> slots, const View& scalars) {
  check_slots("squared_norm", slots, false, 0);
  check_scalars("squared_norm", scalars);
  constexpr bool in_tiles = version == OptimizerVersion::all_tensors;
  std::int64_t partials = 0;
  for_each_list(slots, false, [&](auto, const TensorList& list, unsigned tiles) {
    partials += in_tiles ? static_cast<std::int64_t>(tiles) : list.count;
  });
  const Scratch<double> memory(stream, partials);
  const Row<double> partial = memory.row();
  std::int64_t place = 0;
  for_each_list(slots, false, [&]<typename T>(TypeTag<T>, const TensorList& list, unsigned tiles) {
    if constexpr (in_tiles) {
      launch(norm_of_tiles<T>,
             Launch{"squared_norm.tiles", stream, tiles, optimizer_threads, sizeof(NormShared)},
             list, partial, place);
      place += tiles;
    } else {
      for (int i = 0; i < list.count; ++i) {
        launch(norm_of_tensor<T>,
               Launch{"squared_norm.tensor", stream, 1, optimizer_threads, sizeof(NormShared)},
               list.tensor[i], partial, place++);
      }
    }
  });
  launch(sum_partials,
         Launch{"squared_norm.total", stream, 1, optimizer_threads, sizeof(NormShared)},
         Row<const double>{partial.data, partials, 1}, flat_of<double>(scalars));
}

template void squared_norm<OptimizerVersion::one_launch_per_tensor>(Stream&,
                                                                    std::span<const UpdateSlot>,
                                                                    const View&);
template void squared_norm<OptimizerVersion::all_tensors>(Stream&, std::span<const UpdateSlot>,
                                                          const View&);

void clip(Stream& stream, double largest_norm, const ConstView& loss, const View& scalars) {
  check(loss.given && loss.elements() == 1, "clip: loss is ", loss.shape, "; expected one value");
  check_scalars("clip", scalars);
  dispatch_floating(loss.dtype, "clip", [&]<typename T>(TypeTag<T>) {
    launch(clip_step<T>, Launch{"clip", stream, 1, 1}, largest_norm, flat_of<T>(loss),
           flat_of<double>(scalars));
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
