#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "kernels/cpu/conv_columns.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/scratch.h"
#include "kernels/view_checks.h"

// Picture by picture; the columns of the picture's matrix (im2col) are made a panel at a time and
// never stored.

namespace heddle::cpu {
namespace {

/// to[j] = from[j] + value for j < cols ≤ panel_cols.
template <typename T>
void add_to_all(const T* from, std::int64_t cols, T value, T* to) {
  if (cols == panel_cols<T>) {
    using P = Packet<T>;
    const auto values = P::repeat(&value);
    P::store(to, P::add(P::load(from), values));
    P::store(to + P::width, P::add(P::load(from + P::width), values));
    return;
  }
  for (std::int64_t j = 0; j < cols; ++j) {
    to[j] = from[j] + value;
  }
}

/// y = filters · columns of one picture. Each panel's sums are gathered in `sums` [filters,
/// panel_cols] first: the rows of y are often a power of two apart and would push each other out of
/// the first cache.
template <typename T>
void filter_picture(const ConvSizes& sizes, const std::vector<std::int64_t>& places,
                    const T* padded, const std::vector<const T*>& filters, const T* bias, T* y) {
  alignas(64) T panel[panel_depth * panel_cols<T>];
  const Scratch<T> sums(sizes.filters * panel_cols<T>);
  std::vector<T*> rows;
  for (std::int64_t filter = 0; filter < sizes.filters; ++filter) {
    rows.push_back(sums.data() + filter * panel_cols<T>);
  }
  std::fill_n(sums.data(), sizes.filters * panel_cols<T>, T(0));
  for (std::int64_t pixel = 0; pixel < sizes.pixels(); pixel += panel_cols<T>) {
    const std::int64_t cols = std::min(panel_cols<T>, sizes.pixels() - pixel);
    for (std::int64_t tap = 0; tap < sizes.taps(); tap += panel_depth) {
      const std::int64_t depth = std::min(panel_depth, sizes.taps() - tap);
      pack_pixels(sizes, places.data() + tap, padded, pixel, cols, depth, panel);
      multiply_panel<T>({filters.data(), tap, 1, rows.data(), 0, sizes.filters}, panel, depth, cols,
                        tap > 0);
    }
    for (std::int64_t filter = 0; filter < sizes.filters; ++filter) {
      add_to_all(rows[static_cast<std::size_t>(filter)], cols,
                 bias == nullptr ? T(0) : bias[filter], y + filter * sizes.pixels() + pixel);
    }
  }
}

template <typename T>
void forward_typed(const ConvOptions& options, const ConstView& x, const ConstView& weight,
                   const ConstView& bias, const View& y) {
  const ConvSizes sizes = conv_sizes(options, x, weight, y);
  if (bias.given) {
    check_dense("conv", {"bias", bias}, {sizes.filters}, dtype_of<T>());
  }
  const std::vector<std::int64_t> places = tap_places(sizes);
  std::vector<const T*> filters;
  for (std::int64_t filter = 0; filter < sizes.filters; ++filter) {
    filters.push_back(weight.pointer<T>() + filter * sizes.taps());
  }
  parallel_for(sizes.batch, [&](std::int64_t image) {
    const Scratch<T> padded(sizes.padded());
    pad_picture(sizes, x.pointer<T>() + image * sizes.picture(), padded.data());
    filter_picture(sizes, places, padded.data(), filters, bias.given ? bias.pointer<T>() : nullptr,
                   y.pointer<T>() + image * sizes.result());
  });
}

void forward(Stream&, const ConvOptions& options, const ConstView& x, const ConstView& weight,
             const ConstView& bias, const View& y) {
  dispatch_floating(y.dtype, "conv", [&](auto tag) {
    forward_typed<typename decltype(tag)::type>(options, x, weight, bias, y);
  });
}

}  // namespace

ConvKernels conv_kernels() { return {.forward = forward, .backward = conv_backward}; }

}  // namespace heddle::cpu
