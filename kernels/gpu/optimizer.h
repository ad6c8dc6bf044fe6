#pragma once

// What the optimiser's kernels share: the list of tensors that one launch works on, and the place
// of the step's numbers.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/gpu/device/device.h"
#include "kernels/optimizer.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class OptimizerVersion : std::uint8_t { one_launch_per_tensor, all_tensors };

constexpr unsigned optimizer_threads = 256;
constexpr std::int64_t optimizer_tile = 4096;  // elements of a block

constexpr std::int64_t place_of(std::size_t byte) {
  return static_cast<std::int64_t>(byte / sizeof(double));
}

/// Where the members of StepScalars stand in the tensor.
struct ScalarPlace {
  static constexpr std::int64_t step = place_of(offsetof(StepScalars, step));
  static constexpr std::int64_t rate_factor = place_of(offsetof(StepScalars, rate_factor));
  static constexpr std::int64_t correction1 = place_of(offsetof(StepScalars, correction1));
  static constexpr std::int64_t correction2 = place_of(offsetof(StepScalars, correction2));
  static constexpr std::int64_t squared_norm = place_of(offsetof(StepScalars, squared_norm));
  static constexpr std::int64_t gradient_scale = place_of(offsetof(StepScalars, gradient_scale));
  static constexpr std::int64_t loss = place_of(offsetof(StepScalars, loss));
  static constexpr std::int64_t gradient_norm = place_of(offsetof(StepScalars, gradient_norm));
  static constexpr std::int64_t loss_sum = place_of(offsetof(StepScalars, loss_sum));
  static constexpr std::int64_t gradient_norm_sum =
      place_of(offsetof(StepScalars, gradient_norm_sum));
  static constexpr std::int64_t failed_step = place_of(offsetof(StepScalars, failed_step));
};

/// One tensor, as it travels to the device.
struct ListedTensor {
  void* value;
  const void* gradient;
  void* first;
  void* second;
  std::int64_t elements;
  std::int64_t row_width;  // 0, or of a table whose rows without gradient are left alone
  double learning_rate;
  double weight_decay;
  unsigned first_tile;
  bool is_wide;  // all addresses are multiples of 16 bytes
};

/// Arguments of a kernel may have 4 KB in all.
struct TensorList {
  static constexpr int most = 48;
  ListedTensor tensor[most];
  int count;
};

/// Which tensor of the list a block works on.
__device__ __forceinline__ int tensor_of_block(const TensorList& list) {
  int which = 0;
  while (which + 1 < list.count && blockIdx.x >= list.tensor[which + 1].first_tile) {
    ++which;
  }
  return which;
}

__host__ __device__ constexpr std::int64_t rows_of_tile(std::int64_t width) {
  return width >= optimizer_tile ? 1 : optimizer_tile / width;
}

/// Errors: views that are not contiguous, or not of one shape and type; moments not given.
inline void check_slots(const char* kernel, std::span<const UpdateSlot> slots, bool updates,
                        int moments) {
  for (const UpdateSlot& slot : slots) {
    const ConstView& gradient = slot.gradient;
    check_dense(kernel, {"gradient", gradient}, gradient.shape, gradient.dtype);
    const NamedView views[] = {
        {"value", slot.value}, {"first", slot.first}, {"second", slot.second}};
    for (const NamedView& view : views) {
      if (view.view.given) {
        check_dense(kernel, view, gradient.shape, gradient.dtype);
      }
    }
    check(!slot.touched_rows_only || gradient.rank() == 2, kernel,
          ": a slot with touched_rows_only is ", gradient.shape, "; expected rank 2");
  }
  for (const UpdateSlot& slot : slots) {
    for (int i = 0; updates && i <= moments; ++i) {
      const NamedView views[] = {
          {"value", slot.value}, {"first", slot.first}, {"second", slot.second}};
      check_given(kernel, views[i]);
    }
  }
}

inline ListedTensor listed(const UpdateSlot& slot, unsigned first_tile) {
  const auto aligned = [](const ConstView& view) {
    return !view.given || reinterpret_cast<std::uintptr_t>(view.data) % 16 == 0;
  };
  return {.value = slot.value.pointer<void>(),
          .gradient = slot.gradient.data,
          .first = slot.first.pointer<void>(),
          .second = slot.second.pointer<void>(),
          .elements = slot.gradient.elements(),
          .row_width = slot.touched_rows_only ? slot.gradient.size(1) : 0,
          .learning_rate = slot.learning_rate,
          .weight_decay = slot.weight_decay,
          .first_tile = first_tile,
          .is_wide = aligned(slot.value) && aligned(slot.gradient) && aligned(slot.first) &&
                     aligned(slot.second)};
}

inline unsigned tiles_of(const ListedTensor& tensor) {
  if (tensor.row_width == 0) {
    return blocks_for(tensor.elements, optimizer_tile);
  }
  return blocks_for(tensor.elements / tensor.row_width, rows_of_tile(tensor.row_width));
}

/// Calls body(TypeTag<T>{}, list, tiles) for lists that have all slots with elements, those of one
/// type together. Errors: types other than f32 and f64.
template <typename Body>
void for_each_list(std::span<const UpdateSlot> slots, bool by_rows, const Body& body) {
  for (const UpdateSlot& slot : slots) {
    dispatch_floating(slot.gradient.dtype, "optimizer", [](auto) {});
  }
  for (const DType dtype : {DType::f32, DType::f64}) {
    TensorList list{};
    unsigned tiles = 0;
    const auto hand_over = [&] {
      if (list.count > 0) {
        dispatch_floating(dtype, "optimizer", [&](auto tag) { body(tag, list, tiles); });
      }
      list.count = 0;
      tiles = 0;
    };
    for (const UpdateSlot& slot : slots) {
      if (slot.gradient.dtype != dtype || slot.gradient.elements() == 0) {
        continue;
      }
      ListedTensor& tensor = list.tensor[list.count++];
      tensor = listed(slot, tiles);
      tensor.row_width = by_rows ? tensor.row_width : 0;
      tiles += tiles_of(tensor);
      if (list.count == TensorList::most) {
        hand_over();
      }
    }
    hand_over();
  }
}

inline void check_scalars(const char* kernel, const ConstView& scalars) {
  check_dense(kernel, {"scalars", scalars}, {StepScalars::count}, DType::f64);
}

/// optimizer_norm.cu
template <OptimizerVersion version>
void squared_norm(Stream& stream, std::span<const UpdateSlot> slots, const View& scalars);
void clip(Stream& stream, double largest_norm, const ConstView& loss, const View& scalars);

}  // namespace heddle::kernels::HEDDLE_BACKEND
