#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/conv_columns.h"
#include "kernels/cpu/dot.h"
#include "kernels/cpu/matmul_tiles.h"
#include "kernels/cpu/packet.h"
#include "kernels/cpu/scratch.h"
#include "kernels/view_checks.h"

// With the columns of a picture's matrix (im2col), dweight = dy · columnsᵀ and dcolumns =
// weightᵀ · dy, whose elements then go back to where they came from. Both work on about 256 pixels
// at a time, so that columns fit in the second cache: some rows of one result, or several small
// results side by side.

namespace heddle::cpu {
namespace {

/// Memory of one thread.
template <typename T>
struct ConvWorkspace {
  explicit ConvWorkspace(const ConvSizes& sizes)
      : padded(sizes.padded()),
        columns(sizes.taps() * block_pixels(sizes)),
        slopes(sizes.filters * block_pixels(sizes)) {}

  Scratch<T> padded;
  Scratch<T> columns;  // [taps, pixels]
  Scratch<T> slopes;   // [filters, pixels]
};

template <typename T>
struct ConvBackward {
  const ConvSizes& sizes;
  const T* x;
  const T* dy;

  const T* slopes_of(std::int64_t image) const { return dy + image * sizes.result(); }
  /// dy of some pictures side by side [filters, pixels]: where it lies, if it is of one.
  Matrix<const T> slopes(std::int64_t image, std::int64_t count, std::int64_t row,
                         std::int64_t rows, const ConvWorkspace<T>& space) const;
  /// dweight [taps, filters] += columns · dyᵀ over pictures image, …, image + count − 1.
  void add_dweight(std::int64_t image, std::int64_t count, const ConvWorkspace<T>& space,
                   T* dweight) const;
  /// dx of these pictures; weight_rows [taps, filters] is the weight's transpose.
  void find_dx(std::int64_t image, std::int64_t count, const T* weight_rows,
               const ConvWorkspace<T>& space, T* dx) const;
};

template <typename T>
Matrix<const T> ConvBackward<T>::slopes(std::int64_t image, std::int64_t count, std::int64_t row,
                                        std::int64_t rows, const ConvWorkspace<T>& space) const {
  const std::int64_t pixels = rows * sizes.out_cols;
  if (count == 1) {
    return part_of(dense(slopes_of(image), sizes.filters, sizes.pixels()), 0, sizes.filters,
                   row * sizes.out_cols, pixels);
  }
  for (std::int64_t filter = 0; filter < sizes.filters; ++filter) {
    for (std::int64_t i = 0; i < count; ++i) {
      copy_short(slopes_of(image + i) + filter * pixels, pixels,
                 space.slopes.data() + (filter * count + i) * pixels);
    }
  }
  return dense<const T>(space.slopes.data(), sizes.filters, count * pixels);
}

template <typename T>
void ConvBackward<T>::add_dweight(std::int64_t image, std::int64_t count,
                                  const ConvWorkspace<T>& space, T* dweight) const {
  const std::int64_t step = count == 1 ? block_rows(sizes) : sizes.out_rows;
  for (std::int64_t row = 0; row < sizes.out_rows; row += step) {
    const std::int64_t rows = std::min(step, sizes.out_rows - row);
    const std::int64_t pixels = rows * sizes.out_cols;
    const Matrix<T> columns = dense(space.columns.data(), sizes.taps(), count * pixels);
    for (std::int64_t i = 0; i < count; ++i) {
      if (row == 0) {
        pad_picture(sizes, x + (image + i) * sizes.picture(), space.padded.data());
      }
      gather_columns(sizes, space.padded.data(), row,
                     part_of(columns, 0, sizes.taps(), i * pixels, pixels));
    }
    multiply_here<T>(dense<const T>(space.columns.data(), sizes.taps(), count * pixels),
                     transposed(slopes(image, count, row, rows, space)), true,
                     dense(dweight, sizes.taps(), sizes.filters));
  }
}

template <typename T>
void ConvBackward<T>::find_dx(std::int64_t image, std::int64_t count, const T* weight_rows,
                              const ConvWorkspace<T>& space, T* dx) const {
  const std::int64_t step = count == 1 ? block_rows(sizes) : sizes.out_rows;
  T* const padded = space.padded.data();
  for (std::int64_t row = 0; row < sizes.out_rows; row += step) {
    const std::int64_t rows = std::min(step, sizes.out_rows - row);
    const std::int64_t pixels = rows * sizes.out_cols;
    const Matrix<T> columns = dense(space.columns.data(), sizes.taps(), count * pixels);
    multiply_here<T>(dense(weight_rows, sizes.taps(), sizes.filters),
                     slopes(image, count, row, rows, space), false, columns);
    for (std::int64_t i = 0; i < count; ++i) {
      if (row == 0) {
        std::fill_n(padded, sizes.padded(), T(0));
      }
      scatter_columns(sizes, part_of(columns, 0, sizes.taps(), i * pixels, pixels), row, padded);
      if (row + rows == sizes.out_rows) {
        crop_picture(sizes, padded, dx + (image + i) * sizes.picture());
      }
    }
  }
}

/// The group's part, cleared; null where there are none.
template <typename T>
T* part_of_group(const Scratch<T>& parts, std::int64_t group, std::int64_t elements) {
  if (parts.data() == nullptr) {
    return nullptr;
  }
  T* const part = parts.data() + group * elements;
  std::fill_n(part, elements, T(0));
  return part;
}

/// Adds parts 1, 2, … of `elements` each to part 0, in order.
template <typename T>
void add_to_first(T* parts, std::int64_t count, std::int64_t elements) {
  parallel_ranges(elements, 8192, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = 1; part < count; ++part) {
      add_short(parts + part * elements + begin, end - begin, parts + begin);
    }
  });
}

template <typename T>
void transpose_into(const T* from, std::int64_t rows, std::int64_t cols, T* to) {
  parallel_ranges(cols, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t col = begin; col < end; ++col) {
        to[col * rows + row] = from[row * cols + col];
      }
    }
  });
}

template <typename T>
void backward_typed(const ConvSizes& sizes, const ConstView& x, const ConstView& weight,
                    const ConstView& dy, const View& dx, const View& dweight, const View& dbias) {
  const ConvBackward<T> backward{sizes, x.pointer<T>(), dy.pointer<T>()};
  const std::int64_t weights = sizes.taps() * sizes.filters;
  const Scratch<T> weight_rows(dx.given ? weights : 0);
  if (dx.given) {
    transpose_into(weight.pointer<T>(), sizes.filters, sizes.taps(), weight_rows.data());
  }
  // Up to sixteen groups of pictures, whose sums are then added in order.
  const std::int64_t groups = std::min<std::int64_t>(sizes.batch, 16);
  const Scratch<T> dweight_parts(dweight.given ? groups * weights : 0);
  const Scratch<T> dbias_parts(dbias.given ? groups * sizes.filters : 0);
  parallel_for(groups, [&](std::int64_t group) {
    const ConvWorkspace<T> space(sizes);
    T* const dweight_part = part_of_group(dweight_parts, group, weights);
    T* const dbias_part = part_of_group(dbias_parts, group, sizes.filters);
    const std::int64_t end = sizes.batch * (group + 1) / groups;
    std::int64_t count = 0;
    for (std::int64_t image = sizes.batch * group / groups; image < end; image += count) {
      count = std::min(pictures_per_block(sizes), end - image);
      if (dweight.given) {
        backward.add_dweight(image, count, space, dweight_part);
      }
      if (dx.given) {
        backward.find_dx(image, count, weight_rows.data(), space, dx.pointer<T>());
      }
      for (std::int64_t i = 0; dbias.given && i < count * sizes.filters; ++i) {
        dbias_part[i % sizes.filters] +=
            sum(backward.slopes_of(image) + i * sizes.pixels(), sizes.pixels());
      }
    }
  });
  if (dweight.given) {
    if (groups == 0) {
      std::fill_n(dweight.pointer<T>(), weights, T(0));
    } else {
      add_to_first(dweight_parts.data(), groups, weights);
      transpose_into(dweight_parts.data(), sizes.taps(), sizes.filters, dweight.pointer<T>());
    }
  }
  if (dbias.given) {
    std::fill_n(dbias.pointer<T>(), sizes.filters, T(0));
    for (std::int64_t i = 0; i < groups * sizes.filters; ++i) {
      dbias.pointer<T>()[i % sizes.filters] += dbias_parts[i];
    }
  }
}

}  // namespace

void conv_backward(Stream&, const ConvOptions& options, const ConstView& x, const ConstView& weight,
                   const ConstView& dy, const View& dx, const View& dweight, const View& dbias) {
  const ConvSizes sizes = conv_sizes(options, x, weight, dy);
  if (dx.given) {
    check_dense("conv", {"dx", dx}, x.shape, dy.dtype);
  }
  if (dweight.given) {
    check_dense("conv", {"dweight", dweight}, weight.shape, dy.dtype);
  }
  if (dbias.given) {
    check_dense("conv", {"dbias", dbias}, {sizes.filters}, dy.dtype);
  }
  dispatch_floating(dy.dtype, "conv", [&](auto tag) {
    backward_typed<typename decltype(tag)::type>(sizes, x, weight, dy, dx, dweight, dbias);
  });
}

}  // namespace heddle::cpu
