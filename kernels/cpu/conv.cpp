#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "kernels/cpu/conv_columns.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/dot.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/scratch.h"

// Picture by picture. Forward, the columns of the picture's matrix (im2col) are made a panel at a
// time and never stored; backward, a block of the result's rows at a time, small enough for the
// cache.

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
  check(!bias.given || bias.elements() == sizes.filters, "conv: bias is ", bias.shape,
        ", expected [", sizes.filters, "]");
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

/// One group of pictures on one thread; its part of the gradients of weight [taps, filters] and
/// bias [filters].
template <typename T>
struct ConvBackward {
  const ConvSizes& sizes;
  const T* x;
  const T* weight;
  const T* dy;
  T* dx;  // null: not wanted
  bool wants_dweight;

  void picture(std::int64_t image, T* padded, T* columns, T* dweight) const;
};

template <typename T>
void ConvBackward<T>::picture(std::int64_t image, T* padded, T* columns, T* dweight) const {
  const auto slope = dense(dy + image * sizes.result(), sizes.filters, sizes.pixels());
  const auto blocks = [&](const auto& body) {
    for (std::int64_t row = 0; row < sizes.out_rows; row += sizes.block_rows()) {
      const std::int64_t last = std::min(row + sizes.block_rows(), sizes.out_rows);
      const std::int64_t pixels = (last - row) * sizes.out_cols;
      body(row, last, part_of(slope, 0, sizes.filters, row * sizes.out_cols, pixels),
           dense(columns, sizes.taps(), pixels));
    }
  };
  if (wants_dweight) {
    pad_picture(sizes, x + image * sizes.picture(), padded);
    blocks([&](std::int64_t row, std::int64_t last, const Matrix<const T>& part,
               const Matrix<T>& block) {
      gather_columns(sizes, padded, row, last, columns);
      multiply_here<T>({block.data, block.rows, block.cols, block.row_stride, block.col_stride},
                       transposed(part), true, dense(dweight, sizes.taps(), sizes.filters));
    });
  }
  if (dx != nullptr) {
    std::fill_n(padded, sizes.padded(), T(0));
    blocks([&](std::int64_t row, std::int64_t last, const Matrix<const T>& part,
               const Matrix<T>& block) {
      multiply_here<T>(transposed(dense(weight, sizes.filters, sizes.taps())), part, false, block);
      scatter_columns(sizes, columns, row, last, padded);
    });
    crop_picture(sizes, padded, dx + image * sizes.picture());
  }
}

template <typename T>
void backward_typed(const ConvOptions& options, const ConstView& x, const ConstView& weight,
                    const ConstView& dy, const View& dx, const View& dweight, const View& dbias) {
  const ConvSizes sizes = conv_sizes(options, x, weight, dy);
  const ConvBackward<T> backward{sizes,
                                 x.pointer<T>(),
                                 weight.pointer<T>(),
                                 dy.pointer<T>(),
                                 dx.given ? dx.pointer<T>() : nullptr,
                                 dweight.given};
  // Sixteen groups of pictures, whose sums are then added in order.
  const std::int64_t groups = std::min<std::int64_t>(sizes.batch, 16);
  const std::int64_t weights = sizes.taps() * sizes.filters;
  const Scratch<T> dweight_parts(groups * weights);
  const Scratch<T> dbias_parts(groups * sizes.filters);
  parallel_for(groups, [&](std::int64_t group) {
    T* const dweight_part = dweight_parts.data() + group * weights;
    T* const dbias_part = dbias_parts.data() + group * sizes.filters;
    std::fill_n(dweight_part, weights, T(0));
    std::fill_n(dbias_part, sizes.filters, T(0));
    const Scratch<T> padded(sizes.padded());
    const Scratch<T> columns(sizes.taps() * sizes.block_rows() * sizes.out_cols);
    const std::int64_t end = sizes.batch * (group + 1) / groups;
    for (std::int64_t image = sizes.batch * group / groups; image < end; ++image) {
      backward.picture(image, padded.data(), columns.data(), dweight_part);
      for (std::int64_t filter = 0; dbias.given && filter < sizes.filters; ++filter) {
        dbias_part[filter] +=
            sum(backward.dy + (image * sizes.filters + filter) * sizes.pixels(), sizes.pixels());
      }
    }
  });
  if (dweight.given) {
    T* const to = dweight.pointer<T>();
    std::fill_n(to, weights, T(0));
    for (std::int64_t group = 0; group < groups; ++group) {
      const T* const part = dweight_parts.data() + group * weights;
      for (std::int64_t filter = 0; filter < sizes.filters; ++filter) {
        for (std::int64_t tap = 0; tap < sizes.taps(); ++tap) {
          to[filter * sizes.taps() + tap] += part[tap * sizes.filters + filter];
        }
      }
    }
  }
  if (dbias.given) {
    T* const to = dbias.pointer<T>();
    std::fill_n(to, sizes.filters, T(0));
    for (std::int64_t i = 0; i < groups * sizes.filters; ++i) {
      to[i % sizes.filters] += dbias_parts[i];
    }
  }
}

void forward(Stream&, const ConvOptions& options, const ConstView& x, const ConstView& weight,
             const ConstView& bias, const View& y) {
  dispatch_floating(y.dtype, "conv", [&](auto tag) {
    forward_typed<typename decltype(tag)::type>(options, x, weight, bias, y);
  });
}

void backward(Stream&, const ConvOptions& options, const ConstView& x, const ConstView& weight,
              const ConstView& dy, const View& dx, const View& dweight, const View& dbias) {
  dispatch_floating(dy.dtype, "conv", [&](auto tag) {
    backward_typed<typename decltype(tag)::type>(options, x, weight, dy, dx, dweight, dbias);
  });
}

}  // namespace

ConvKernels conv_kernels() { return {.forward = forward, .backward = backward}; }

}  // namespace heddle::cpu
