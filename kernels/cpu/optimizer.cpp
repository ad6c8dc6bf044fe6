#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/optimizer_tiles.h"
#include "kernels/cpu/tree_sum.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

/// Calls update(begin, end) for the tile, or for each of its rows that has a gradient.
template <typename T, typename Update>
void for_updated_elements(const SlotRange& tile, const Update& update) {
  if (!tile.slot->touched_rows_only) {
    update(tile.begin, tile.end);
    return;
  }
  const T* gradient = tile.slot->gradient.pointer<T>();
  const std::int64_t width = tile.slot->gradient.size(1);
  for (std::int64_t row = tile.begin; row < tile.end; row += width) {
    const bool touched = std::any_of(gradient + row, gradient + row + width,
                                     [](T g) { return g != T{0}; });  // NaN counts as touched
    if (touched) {
      update(row, row + width);
    }
  }
}

template <typename Action>
void over_tiles(const OptimizerTiles& tiles, const Action& action) {
  parallel_for(tiles.count(), [&](std::int64_t index) {
    const SlotRange tile = tiles.range(index);
    dispatch_floating(tile.slot->gradient.dtype, "optimizer", [&](auto tag) {
      action.template operator()<typename decltype(tag)::type>(tile, index);
    });
  });
}

enum class Moments : std::uint8_t { none, first, both };

void check_given_moments(const char* kernel, std::span<const UpdateSlot> slots, Moments moments) {
  for (const UpdateSlot& slot : slots) {
    check_given(kernel, {"value", slot.value});
    if (moments != Moments::none) {
      check_given(kernel, {"first", slot.first});
    }
    if (moments == Moments::both) {
      check_given(kernel, {"second", slot.second});
    }
  }
}

const StepScalars& scalars_of(const char* kernel, const ConstView& scalars) {
  check_dense(kernel, {"scalars", scalars}, {StepScalars::count}, DType::f64);
  return *scalars.pointer<StepScalars>();
}

StepScalars& scalars_of(const char* kernel, const View& scalars) {
  check_dense(kernel, {"scalars", scalars}, {StepScalars::count}, DType::f64);
  return *scalars.pointer<StepScalars>();
}

template <typename T>
struct AdamStep {
  T scale, decay_into_gradient, keep, beta1, beta2, rest1, rest2, rate, root_correction, epsilon;

  AdamStep(const AdamOptions& options, const StepScalars& now, const UpdateSlot& slot)
      : AdamStep(options, now, slot.learning_rate * now.rate_factor, slot.weight_decay) {}

  AdamStep(const AdamOptions& options, const StepScalars& now, double learning_rate, double decay)
      : scale(static_cast<T>(now.gradient_scale)),
        decay_into_gradient(static_cast<T>(options.decoupled_decay ? 0.0 : decay)),
        keep(static_cast<T>(options.decoupled_decay ? 1.0 - learning_rate * decay : 1.0)),
        beta1(static_cast<T>(options.beta1)),
        beta2(static_cast<T>(options.beta2)),
        rest1(static_cast<T>(1.0 - options.beta1)),
        rest2(static_cast<T>(1.0 - options.beta2)),
        rate(static_cast<T>(learning_rate / now.correction1)),
        root_correction(static_cast<T>(1.0 / std::sqrt(now.correction2))),
        epsilon(static_cast<T>(options.epsilon)) {}

  void operator()(const UpdateSlot& slot, std::int64_t begin, std::int64_t end) const {
    T* value = slot.value.pointer<T>();
    const T* gradient = slot.gradient.pointer<T>();
    T* first = slot.first.pointer<T>();
    T* second = slot.second.pointer<T>();
    HEDDLE_INDEPENDENT
    for (std::int64_t i = begin; i < end; ++i) {
      const T g = std::fma(decay_into_gradient, value[i], gradient[i] * scale);
      const T m = std::fma(beta1, first[i], rest1 * g);
      const T v = std::fma(beta2, second[i], rest2 * g * g);
      first[i] = m;
      second[i] = v;
      const T step = rate * m / std::fma(std::sqrt(v), root_correction, epsilon);
      value[i] = std::fma(keep, value[i], -step);
    }
  }
};

void adam(Stream&, const AdamOptions& options, const ConstView& scalars,
          std::span<const UpdateSlot> slots) {
  const OptimizerTiles tiles("adam", slots);
  check_given_moments("adam", slots, Moments::both);
  const StepScalars& now = scalars_of("adam", scalars);
  if (now.failed_step != 0.0) {
    return;
  }
  over_tiles(tiles, [&]<typename T>(const SlotRange& tile, std::int64_t) {
    const AdamStep<T> step(options, now, *tile.slot);
    for_updated_elements<T>(
        tile, [&](std::int64_t begin, std::int64_t end) { step(*tile.slot, begin, end); });
  });
}

template <typename T>
void sgd_elements(const SgdOptions& options, const StepScalars& now, const UpdateSlot& slot,
                  std::int64_t begin, std::int64_t end) {
  T* value = slot.value.pointer<T>();
  const T* gradient = slot.gradient.pointer<T>();
  T* velocity = slot.first.pointer<T>();
  const T scale = static_cast<T>(now.gradient_scale);
  const T decay = static_cast<T>(slot.weight_decay);
  const T rate = static_cast<T>(slot.learning_rate * now.rate_factor);
  const T momentum = static_cast<T>(options.momentum);
  if (options.momentum == 0.0) {
    HEDDLE_INDEPENDENT
    for (std::int64_t i = begin; i < end; ++i) {
      const T g = std::fma(decay, value[i], gradient[i] * scale);
      value[i] = std::fma(-rate, g, value[i]);
    }
    return;
  }
  const T weight_of_velocity = options.nesterov ? momentum : T{1};
  const T weight_of_gradient = options.nesterov ? T{1} : T{0};
  HEDDLE_INDEPENDENT
  for (std::int64_t i = begin; i < end; ++i) {
    const T g = std::fma(decay, value[i], gradient[i] * scale);
    const T moved = std::fma(momentum, velocity[i], g);
    velocity[i] = moved;
    value[i] =
        std::fma(-rate, std::fma(weight_of_velocity, moved, weight_of_gradient * g), value[i]);
  }
}

void sgd(Stream&, const SgdOptions& options, const ConstView& scalars,
         std::span<const UpdateSlot> slots) {
  const OptimizerTiles tiles("sgd", slots);
  check_given_moments("sgd", slots, options.momentum != 0.0 ? Moments::first : Moments::none);
  const StepScalars& now = scalars_of("sgd", scalars);
  if (now.failed_step != 0.0) {
    return;
  }
  over_tiles(tiles, [&]<typename T>(const SlotRange& tile, std::int64_t) {
    for_updated_elements<T>(tile, [&](std::int64_t begin, std::int64_t end) {
      sgd_elements<T>(options, now, *tile.slot, begin, end);
    });
  });
}

template <typename T>
double tile_squares(const SlotRange& tile) {
  const T* gradient = tile.slot->gradient.pointer<T>();
  alignas(32) double squares[sum_block];
  return tree_sum<double>(tile.end - tile.begin, [&](std::int64_t begin, std::int64_t count) {
    const T* terms = gradient + tile.begin + begin;
    for (std::int64_t i = 0; i < count; ++i) {
      const double g = static_cast<double>(terms[i]);
      squares[i] = g * g;
    }
    return static_cast<const double*>(squares);
  });
}

void squared_norm(Stream&, std::span<const UpdateSlot> slots, const View& scalars) {
  const OptimizerTiles tiles("squared_norm", slots);
  std::vector<double> partial(static_cast<std::size_t>(tiles.count()));
  over_tiles(tiles, [&]<typename T>(const SlotRange& tile, std::int64_t index) {
    partial[static_cast<std::size_t>(index)] = tile_squares<T>(tile);
  });
  scalars_of("squared_norm", scalars).squared_norm = tree_sum(partial.data(), tiles.count());
}

void clip(Stream&, double largest_norm, const ConstView& loss, const View& scalars) {
  check(loss.given && loss.elements() == 1, "clip: loss is ", loss.shape, "; expected one value");
  StepScalars& now = scalars_of("clip", scalars);
  if (now.failed_step != 0.0) {
    return;
  }
  now.loss = dispatch_floating(loss.dtype, "clip", [&]<typename T>(TypeTag<T>) {
    return static_cast<double>(*loss.pointer<T>());
  });
  now.gradient_norm = std::sqrt(now.squared_norm);
  if (!std::isfinite(now.loss) || !std::isfinite(now.gradient_norm)) {
    now.failed_step = now.step;
    return;
  }
  now.loss_sum += now.loss;
  now.gradient_norm_sum += now.gradient_norm;
  now.gradient_scale = largest_norm > 0.0 && now.gradient_norm > largest_norm
                           ? largest_norm / now.gradient_norm
                           : 1.0;
}

}  // namespace

OptimizerKernels optimizer_kernels() {
  return {.adam = adam, .sgd = sgd, .squared_norm = squared_norm, .clip = clip};
}

}  // namespace heddle::cpu
