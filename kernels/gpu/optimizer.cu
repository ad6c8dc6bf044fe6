// Updates of parameters, and the norm of their gradients.
//
//   adam  g = scale·gradient (+ decay·value);  m = β₁m + (1 − β₁)g;  v = β₂v + (1 − β₂)g²
//         value = keep·value − rate · m / (√v·root + ε),   rate = lr / (1 − β₁ᵗ), root = 1/√(1 −
//         β₂ᵗ)
//   sgd   velocity = momentum·velocity + g;  value = value − lr·velocity
//   squared_norm  Σ gradient² over all tensors, in double
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

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class OptimizerVersion : std::uint8_t { one_launch_per_tensor, all_tensors };

constexpr unsigned threads = 256;
constexpr int warps = static_cast<int>(threads) / 32;
constexpr std::int64_t tile = 4096;  // elements of a block

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

/// The numbers of one element of a tensor.
template <typename T>
struct Updated {
  T value, gradient, first, second;
};

template <typename T>
struct AdamRule {
  using Number = T;
  static constexpr int moments = 2;
  double beta1, beta2, epsilon;
  bool decoupled;

  struct Step {
    T scale, decay_into_gradient, keep, beta1, beta2, rest1, rest2, rate, root, epsilon;

    __device__ __forceinline__ void operator()(Updated<T>& at) const {
      const T g = std::fma(decay_into_gradient, at.value, at.gradient * scale);
      at.first = std::fma(beta1, at.first, rest1 * g);
      at.second = std::fma(beta2, at.second, rest2 * g * g);
      const T step = rate * at.first / std::fma(std::sqrt(at.second), root, epsilon);
      at.value = std::fma(keep, at.value, -step);
    }
  };
  __device__ __forceinline__ Step step(double learning_rate, double decay,
                                       const Row<const double>& now) const {
    const double rate = learning_rate * now(ScalarPlace::rate_factor);
    return {.scale = static_cast<T>(now(ScalarPlace::gradient_scale)),
            .decay_into_gradient = static_cast<T>(decoupled ? 0.0 : decay),
            .keep = static_cast<T>(decoupled ? 1.0 - rate * decay : 1.0),
            .beta1 = static_cast<T>(beta1),
            .beta2 = static_cast<T>(beta2),
            .rest1 = static_cast<T>(1.0 - beta1),
            .rest2 = static_cast<T>(1.0 - beta2),
            .rate = static_cast<T>(rate / now(ScalarPlace::correction1)),
            .root = static_cast<T>(1.0 / std::sqrt(now(ScalarPlace::correction2))),
            .epsilon = static_cast<T>(epsilon)};
  }
};

template <typename T, bool has_velocity>
struct SgdRule {
  using Number = T;
  static constexpr int moments = has_velocity ? 1 : 0;
  double momentum;
  bool nesterov;

  struct Step {
    T scale, decay, rate, momentum, weight_of_velocity, weight_of_gradient;

    __device__ __forceinline__ void operator()(Updated<T>& at) const {
      const T g = std::fma(decay, at.value, at.gradient * scale);
      T moved = g;
      if constexpr (has_velocity) {
        at.first = std::fma(momentum, at.first, g);
        moved = std::fma(weight_of_velocity, at.first, weight_of_gradient * g);
      }
      at.value = std::fma(-rate, moved, at.value);
    }
  };
  __device__ __forceinline__ Step step(double learning_rate, double decay,
                                       const Row<const double>& now) const {
    const double rate = learning_rate * now(ScalarPlace::rate_factor);
    return {.scale = static_cast<T>(now(ScalarPlace::gradient_scale)),
            .decay = static_cast<T>(decay),
            .rate = static_cast<T>(rate),
            .momentum = static_cast<T>(momentum),
            .weight_of_velocity = static_cast<T>(nesterov ? momentum : 1.0),
            .weight_of_gradient = static_cast<T>(nesterov ? 1.0 : 0.0)};
  }
};

/// The four arrays of a tensor. Moments that the rule has not are empty.
template <typename Rule>
struct UpdatedRows {
  using T = typename Rule::Number;
  Row<T> value, first, second;
  Row<const T> gradient;

  __device__ __forceinline__ UpdatedRows(void* values, const void* gradients, void* firsts,
                                         void* seconds, std::int64_t elements)
      : value{static_cast<T*>(values), elements, 1},
        first{static_cast<T*>(firsts), Rule::moments > 0 ? elements : 0, 1},
        second{static_cast<T*>(seconds), Rule::moments > 1 ? elements : 0, 1},
        gradient{static_cast<const T*>(gradients), elements, 1} {}

  /// Elements i … i + N − 1.
  template <int N>
  __device__ __forceinline__ void update(const typename Rule::Step& step, std::int64_t i) const {
    const Vector<T, N> g = load_vector<N>(gradient, i);
    Vector<T, N> v = load_vector<N>(value, i);
    Vector<T, N> m1 = {};
    Vector<T, N> m2 = {};
    if constexpr (Rule::moments > 0) {
      m1 = load_vector<N>(first, i);
    }
    if constexpr (Rule::moments > 1) {
      m2 = load_vector<N>(second, i);
    }
    HEDDLE_UNROLL
    for (int k = 0; k < N; ++k) {
      Updated<T> at{v[k], g[k], m1[k], m2[k]};
      step(at);
      v[k] = at.value;
      m1[k] = at.first;
      m2[k] = at.second;
    }
    store_vector<N>(value, i, v);
    if constexpr (Rule::moments > 0) {
      store_vector<N>(first, i, m1);
    }
    if constexpr (Rule::moments > 1) {
      store_vector<N>(second, i, m2);
    }
  }

  /// Elements begin … end, by `lanes` threads of which this is `lane`.
  __device__ __forceinline__ void update_range(const typename Rule::Step& step, std::int64_t begin,
                                               std::int64_t end, bool is_wide, int lane,
                                               int lanes) const {
    constexpr int N = widest<T>;
    std::int64_t tail = begin;
    if (is_wide && begin % N == 0) {
      tail = end / N * N;
      for (std::int64_t i = begin + lane * N; i < tail; i += lanes * N) {
        update<N>(step, i);
      }
    }
    for (std::int64_t i = tail + lane; i < end; i += lanes) {
      update<1>(step, i);
    }
  }
};

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

/// Which tensor of the list a block works on.
__device__ __forceinline__ int tensor_of_block(const TensorList& list) {
  int which = 0;
  while (which + 1 < list.count && blockIdx.x >= list.tensor[which + 1].first_tile) {
    ++which;
  }
  return which;
}

__host__ __device__ constexpr std::int64_t rows_of_tile(std::int64_t width) {
  return width >= tile ? 1 : tile / width;
}

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
       i += static_cast<std::int64_t>(threads) * N) {
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
      sum = std::fma(g, g, sum);
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
  const std::int64_t begin = (blockIdx.x - list.tensor[which].first_tile) * tile;
  const double sum = sum_squares(gradient, begin, begin + tile < elements ? begin + tile : elements,
                                 list.tensor[which].is_wide, shared);
  if (threadIdx.x == 0) {
    partial(place + blockIdx.x) = sum;
  }
}

// Grid 1, block 256: the second stage, over 8 bytes per tile.
__global__ void sum_partials(Row<const double> partial, Row<double> now) {
  auto& shared = shared_memory<NormShared>();
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < partial.size; i += threads) {
    sum += partial(i);
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
  const double norm = std::sqrt(static_cast<double>(now(Place::squared_norm)));
  now(Place::loss) = loss_now;
  now(Place::gradient_norm) = norm;
  const auto is_finite = [](double value) { return value - value == 0.0; };
  if (!is_finite(loss_now) || !is_finite(norm)) {
    now(Place::failed_step) = static_cast<double>(now(Place::step));
    return;
  }
  now(Place::loss_sum) = static_cast<double>(now(Place::loss_sum)) + loss_now;
  now(Place::gradient_norm_sum) = static_cast<double>(now(Place::gradient_norm_sum)) + norm;
  now(Place::gradient_scale) =
      largest_norm > 0.0 && norm > largest_norm ? largest_norm / norm : 1.0;
}

// ---- launchers ---------------------------------------------------------------------------------

/// Errors: views that are not contiguous, or not of one shape and type; moments not given.
void check_slots(const char* kernel, std::span<const UpdateSlot> slots, bool updates, int moments) {
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

ListedTensor listed(const UpdateSlot& slot, unsigned first_tile) {
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

unsigned tiles_of(const ListedTensor& tensor) {
  if (tensor.row_width == 0) {
    return blocks_for(tensor.elements, tile);
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

void check_scalars(const char* kernel, const ConstView& scalars) {
  check_dense(kernel, {"scalars", scalars}, {StepScalars::count}, DType::f64);
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
             Launch{"squared_norm.tiles", stream, tiles, threads, sizeof(NormShared)}, list,
             partial, place);
      place += tiles;
    } else {
      for (int i = 0; i < list.count; ++i) {
        launch(norm_of_tensor<T>,
               Launch{"squared_norm.tensor", stream, 1, threads, sizeof(NormShared)},
               list.tensor[i], partial, place++);
      }
    }
  });
  launch(sum_partials, Launch{"squared_norm.total", stream, 1, threads, sizeof(NormShared)},
         Row<const double>{partial.data, partials, 1}, flat_of<double>(scalars));
}

void clip(Stream& stream, double largest_norm, const ConstView& loss, const View& scalars) {
  check(loss.given && loss.elements() == 1, "clip: loss is ", loss.shape, "; expected one value");
  check_scalars("clip", scalars);
  dispatch_floating(loss.dtype, "clip", [&]<typename T>(TypeTag<T>) {
    launch(clip_step<T>, Launch{"clip", stream, 1, 1}, largest_norm, flat_of<T>(loss),
           flat_of<double>(scalars));
  });
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
