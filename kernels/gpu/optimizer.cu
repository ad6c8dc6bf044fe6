// Updates of parameters, and the norm of their gradients.
//
//   adam  g = scale·gradient (+ decay·value);  m = β₁m + (1 − β₁)g;  v = β₂v + (1 − β₂)g²
//         value = keep·value − rate · m / (√v·root + ε),   rate = lr / (1 − β₁ᵗ), root = 1/√(1 −
//         β₂ᵗ)
//   sgd   velocity = momentum·velocity + g;  value = value − lr·velocity
//
// An Adam step reads 16 and writes 12 bytes per parameter (f32) for a dozen operations: it runs at
// the speed of memory or, where tensors are small, at the speed of launches. A model of 20 tensors
// whose largest has 3 million elements has 19 launches that do nothing worth their 2 µs; hence
//
//   one_launch_per_tensor   the formula, one thread per element
//   all_tensors             one launch: the tensors' addresses travel as an argument of the kernel,
//   and
//                           each block finds its tile of some tensor; 16-byte loads and stores
//
// Numbers that change from step to step lie in device memory, so that a captured graph of a
// training step can be replayed without touching its arguments.

#include <span>
#include <vector>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"
#include "kernels/gpu/optimizer.h"
#include "kernels/gpu/optimizer_rules.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr unsigned threads = optimizer_threads;
constexpr std::int64_t tile = optimizer_tile;
constexpr int warps = static_cast<int>(threads) / 32;

// ---- one_launch_per_tensor ---------------------------------------------------------------------

// Grid ⌈elements / 256⌉, block 256: a thread per element, 4-byte loads. In a table whose rows
// without gradient are left alone, each thread reads its row to find out.
template <typename Rule>
__global__ void update_tensor(ListedTensor tensor, Rule rule, Row<const double> now) {
  using T = typename Rule::Number;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (i >= tensor.elements || now(ScalarPlace::failed_step) != 0.0) {
    return;
  }
  const UpdatedRows<Rule> rows(tensor.value, tensor.gradient, tensor.first, tensor.second,
                               tensor.elements);
  bool is_touched = tensor.row_width == 0;
  for (std::int64_t c = 0; c < tensor.row_width && !is_touched; ++c) {
    is_touched = rows.gradient(i - i % tensor.row_width + c) != T{0};
  }
  if (is_touched) {
    rows.template update<1>(rule.step(tensor.learning_rate, tensor.weight_decay, now), i);
  }
}

// ---- all_tensors -------------------------------------------------------------------------------

// Grid Σ tiles, block 256: 4096 elements per block, or that many in whole rows of a table, a warp
// for each row. Reads and writes every number once, 16 bytes at a time; a row without gradient is
// read and not written. Loses at most a block's worth of idle lanes per tensor.
template <typename Rule>
__global__ void update_tensors(TensorList list, Rule rule, Row<const double> now) {
  using T = typename Rule::Number;
  if (now(ScalarPlace::failed_step) != 0.0) {
    return;  // the whole grid
  }
  const auto lane = static_cast<int>(threadIdx.x % 32);
  const int which = tensor_of_block(list);
  const std::int64_t own_tile = blockIdx.x - list.tensor[which].first_tile;
  const std::int64_t elements = list.tensor[which].elements;
  const std::int64_t width = list.tensor[which].row_width;
  const bool is_wide = list.tensor[which].is_wide;
  const UpdatedRows<Rule> rows(list.tensor[which].value, list.tensor[which].gradient,
                               list.tensor[which].first, list.tensor[which].second, elements);
  const typename Rule::Step step =
      rule.step(list.tensor[which].learning_rate, list.tensor[which].weight_decay, now);
  if (width == 0) {
    const std::int64_t begin = own_tile * tile;
    rows.update_range(step, begin, begin + tile < elements ? begin + tile : elements, is_wide,
                      static_cast<int>(threadIdx.x), static_cast<int>(threads));
    return;
  }
  const std::int64_t first_row = own_tile * rows_of_tile(width);
  const std::int64_t all_rows = elements / width;
  const std::int64_t end_row =
      first_row + rows_of_tile(width) < all_rows ? first_row + rows_of_tile(width) : all_rows;
  for (std::int64_t row = first_row + threadIdx.x / 32; row < end_row; row += warps) {
    bool is_touched = false;
    for (std::int64_t c = lane; c < width; c += 32) {
      is_touched = is_touched || rows.gradient(row * width + c) != T{0};  // NaN counts as touched
    }
    if (any(full_mask, is_touched)) {
      rows.update_range(step, row * width, (row + 1) * width, is_wide, lane, 32);
    }
  }
}

// ---- launchers ---------------------------------------------------------------------------------

/// `rule(TypeTag<T>{})` gives the rule that is followed.
template <OptimizerVersion version, typename RuleOf>
void update(const char* name, Stream& stream, std::span<const UpdateSlot> slots,
            const Row<const double>& now, const RuleOf& rule_of) {
  for_each_list(slots, true, [&](auto tag, const TensorList& list, unsigned tiles) {
    const auto rule = rule_of(tag);
    using Rule = std::remove_const_t<decltype(rule)>;
    if constexpr (version == OptimizerVersion::all_tensors) {
      launch(update_tensors<Rule>, Launch{name, stream, tiles, threads}, list, rule, now);
    } else {
      for (int i = 0; i < list.count; ++i) {
        launch(update_tensor<Rule>,
               Launch{name, stream, blocks_for(list.tensor[i].elements, threads), threads},
               list.tensor[i], rule, now);
      }
    }
  });
}

template <OptimizerVersion version>
void adam(Stream& stream, const AdamOptions& options, const ConstView& scalars,
          std::span<const UpdateSlot> slots) {
  check_slots("adam", slots, true, 2);
  check_scalars("adam", scalars);
  update<version>("adam", stream, slots, flat_of<double>(scalars), [&]<typename T>(TypeTag<T>) {
    return AdamRule<T>{options.beta1, options.beta2, options.epsilon, options.decoupled_decay};
  });
}

template <OptimizerVersion version>
void sgd(Stream& stream, const SgdOptions& options, const ConstView& scalars,
         std::span<const UpdateSlot> slots) {
  const bool has_velocity = options.momentum != 0.0;
  check_slots("sgd", slots, true, has_velocity ? 1 : 0);
  check_scalars("sgd", scalars);
  const Row<const double> now = flat_of<double>(scalars);
  if (has_velocity) {
    update<version>("sgd", stream, slots, now, [&]<typename T>(TypeTag<T>) {
      return SgdRule<T, true>{options.momentum, options.nesterov};
    });
  } else {
    update<version>("sgd", stream, slots, now, [&]<typename T>(TypeTag<T>) {
      return SgdRule<T, false>{options.momentum, options.nesterov};
    });
  }
}

}  // namespace

// all_tensors is never slower: it does the same work in fewer launches.
OptimizerKernels optimizer_kernels() {
  return {.adam = adam<OptimizerVersion::all_tensors>,
          .sgd = sgd<OptimizerVersion::all_tensors>,
          .squared_norm = squared_norm<OptimizerVersion::all_tensors>,
          .clip = clip};
}

const std::vector<KernelVersion<OptimizerKernels>>& optimizer_versions() {
  using Version = OptimizerVersion;
  static const std::vector<KernelVersion<OptimizerKernels>> versions = {
      {"one_launch_per_tensor",
       "f32",
       {.adam = adam<Version::one_launch_per_tensor>,
        .sgd = sgd<Version::one_launch_per_tensor>,
        .squared_norm = squared_norm<Version::one_launch_per_tensor>,
        .clip = clip}},
      {"all_tensors",
       "f32",
       {.adam = adam<Version::all_tensors>,
        .sgd = sgd<Version::all_tensors>,
        .squared_norm = squared_norm<Version::all_tensors>,
        .clip = clip}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
