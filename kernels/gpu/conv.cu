// Two-dimensional convolution (cross-correlation), forward and backward.
//
//   y[b, f, i, j] = bias[f] + Σ over c, r, s of weight[f, c, r, s] · x[b, c, i·stride − padding +
//                   r·dilation, j·stride − padding + s·dilation]          (0 outside the picture)
//   x [batch, channels, rows, cols], weight [filters, channels, kernel_rows, kernel_cols]
//
// It is a matrix product: weights [filters, taps] times the picture's columns [taps, pixels], a
// column being what a filter sees from one pixel. So are both gradients (conv_products.h). Each
// number of x is in kernel_rows · kernel_cols columns; to store them all (im2col) would cost that
// many times the memory, so the columns are made where they are used.
//
//   direct         a thread per result: each product waits for two loads
//   implicit_tile  64 by 64 results per block: 16 of the depth at a time are brought to shared
//   memory,
//                  from where each number is used 64 times; 4 by 4 results per thread in registers
//   tensor_tile    the same tile, multiplied by tensor cores: factors rounded to tf32

#include <algorithm>
#include <vector>

#include "kernels/gpu/conv_products.h"
#include "kernels/gpu/conv_tile.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class ConvVersion : std::uint8_t { by_shape, direct, implicit_tile, tensor_tile };

constexpr int threads = 256;

// ---- direct ------------------------------------------------------------------------------------

// Grid ⌈cols / 256⌉ × rows × parts, block 256: a thread per result and part. Per product 8 bytes
// are loaded (f32), most from L1 and L2: x is read taps times. Any shape.
template <typename Product>
__global__ void conv_direct(Product product, int part_depth) {
  const int n = static_cast<int>(blockIdx.x) * threads + static_cast<int>(threadIdx.x);
  const auto m = static_cast<int>(blockIdx.y);
  if (n >= product.cols()) {
    return;
  }
  const int begin = static_cast<int>(blockIdx.z) * part_depth;
  const int end = begin + part_depth < product.depth() ? begin + part_depth : product.depth();
  const ConvDigits column = product.columns().digits(n);
  const ConvCounting terms = product.terms();
  ConvDigits term = terms.digits(begin);
  typename Product::Sum sum = 0;
  for (int k = begin; k < end; ++k) {
    sum = multiply_add(product.left(m, k, term), product.right(term, column), sum);
    terms.advance(term);
  }
  product.write(m, n, column, static_cast<int>(blockIdx.z), sum);
}

// ---- what remains of the gradients -------------------------------------------------------------

// Grid ⌈weights / 256⌉, block 256: Σ of the parts of dweight, in order.
template <typename T>
__global__ void sum_parts(Matrix<const accumulate_t<T>> parts, Row<T> dweight) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (i >= dweight.size) {
    return;
  }
  accumulate_t<T> sum = 0;
  for (std::int64_t part = 0; part < parts.rows; ++part) {
    counted<1>(sum += parts(part, i));
  }
  dweight(i) = narrow<T>(sum);
}

template <typename A>
struct BiasShared {
  BlockReduceShared<A> sum;
};

// Grid filters, block 256: dbias[f] = Σ dy[·, f, ·, ·]. Reads dy once. Few filters leave most of
// the device idle.
template <typename T>
__global__ void sum_slopes(Batch<const T> dy, Row<T> dbias) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<BiasShared<A>>();
  const auto filter = static_cast<std::int64_t>(blockIdx.x);
  A sum = 0;
  for (std::int64_t b = 0; b < dy.batch; ++b) {
    for (std::int64_t i = threadIdx.x; i < dy.cols; i += threads) {
      counted<1>(sum += widen<T>(dy(b, filter, i)));
    }
  }
  sum = block_sum(sum, shared.sum);
  if (threadIdx.x == 0) {
    dbias(filter) = narrow<T>(sum);
  }
}

// ---- launchers ---------------------------------------------------------------------------------

/// Errors: as conv_sizes; tensors of 2³⁰ elements or more.
ConvShape shape_of(const ConvOptions& options, const ConstView& x, const ConstView& weight,
                   const ConstView& y) {
  const ConvSizes sizes = conv_sizes(options, x, weight, y);
  constexpr std::int64_t most = std::int64_t{1} << 30;
  check(std::max({x.elements(), weight.elements(), y.elements(), sizes.batch * sizes.pixels(),
                  sizes.batch * sizes.rows * sizes.cols, sizes.filters * sizes.taps(),
                  sizes.padded_rows(), sizes.padded_cols(), options.stride_rows,
                  options.stride_cols}) < most,
        "conv: x is ", x.shape, " and y ", y.shape, "; the GPU kernels take less than ", most,
        " elements");
  const auto narrowed = [](std::int64_t value) { return static_cast<int>(value); };
  return {narrowed(sizes.batch),          narrowed(sizes.channels),
          narrowed(sizes.rows),           narrowed(sizes.cols),
          narrowed(sizes.filters),        narrowed(sizes.kernel_rows),
          narrowed(sizes.kernel_cols),    narrowed(sizes.out_rows),
          narrowed(sizes.out_cols),       narrowed(options.stride_rows),
          narrowed(options.stride_cols),  narrowed(options.padding_rows),
          narrowed(options.padding_cols), narrowed(options.dilation_rows),
          narrowed(options.dilation_cols)};
}

template <typename Product>
void launch_product(Stream& stream, ConvVersion version, const char* name, const Product& product,
                    int parts = 1) {
  const int part_depth = (product.depth() + parts - 1) / parts;
  const auto depths = static_cast<unsigned>(parts);
  if (product.rows() == 0 || product.cols() == 0) {
    return;
  }
  if (version == ConvVersion::direct) {
    launch(conv_direct<Product>,
           Launch{name, stream,
                  dim3(blocks_for(product.cols(), threads), static_cast<unsigned>(product.rows()),
                       depths),
                  threads},
           product, part_depth);
    return;
  }
  const dim3 grid(blocks_for(product.cols(), conv_tile_size),
                  blocks_for(product.rows(), conv_tile_size), depths);
  const std::size_t shared = sizeof(ConvShared<typename Product::Sum>);
  if constexpr (std::is_same_v<typename Product::Sum, float>) {
    if (version == ConvVersion::tensor_tile && limits_of(stream).architecture >= 80) {
      launch(conv_tensor_tile<Product>, Launch{name, stream, grid, threads, shared}, product,
             part_depth);
      return;
    }
  }
  launch(conv_tile<Product>, Launch{name, stream, grid, threads, shared}, product, part_depth);
}

/// `version`, or the one that a product of this size is best computed by. Expected, not measured
/// yet: a tile of which not even an eighth of the rows or a quarter of the depth is used has no
/// advantage.
ConvVersion chosen(ConvVersion version, const Stream& stream, int rows, int depth) {
  if (version != ConvVersion::by_shape) {
    return version;
  }
  if (rows < 8 || depth < 4) {
    return ConvVersion::direct;
  }
  return stream.math == Math::f32 ? ConvVersion::implicit_tile : ConvVersion::tensor_tile;
}

/// How many parts dweight's sum over pixels is cut into: of about 2048 pixels, so that there are
/// enough blocks, and not more than 64, because each writes a whole dweight. The shape alone
/// decides.
int parts_of(const ConvShape& shape) {
  return std::clamp(shape.batch * shape.out_rows * shape.out_cols / 2048, 1, 64);
}

template <ConvVersion version>
void forward(Stream& stream, const ConvOptions& options, const ConstView& x,
             const ConstView& weight, const ConstView& bias, const View& y) {
  dispatch_storage(y.dtype, "conv", [&]<typename T>(TypeTag<T>) {
    const ConvShape shape = shape_of(options, x, weight, y);
    if (bias.given) {
      check_dense("conv", {"bias", bias}, {weight.size(0)}, y.dtype);
    }
    const ForwardProduct<T> product{shape, flat_of<T>(x), flat_of<T>(weight), row_of<T>(bias),
                                    flat_of<T>(y)};
    launch_product(stream, chosen(version, stream, product.rows(), product.depth()), "conv.forward",
                   product);
  });
}

template <ConvVersion version>
void backward(Stream& stream, const ConvOptions& options, const ConstView& x,
              const ConstView& weight, const ConstView& dy, const View& dx, const View& dweight,
              const View& dbias) {
  const ConvShape shape = shape_of(options, x, weight, dy);
  if (dx.given) {
    check_dense("conv", {"dx", dx}, x.shape, dy.dtype);
  }
  if (dweight.given) {
    check_dense("conv", {"dweight", dweight}, weight.shape, dy.dtype);
  }
  if (dbias.given) {
    check_dense("conv", {"dbias", dbias}, {weight.size(0)}, dy.dtype);
  }
  dispatch_storage(dy.dtype, "conv", [&]<typename T>(TypeTag<T>) {
    using A = accumulate_t<T>;
    if (dx.given) {
      const PictureGradient<T> product{shape, flat_of<T>(weight), flat_of<T>(dy), flat_of<T>(dx)};
      launch_product(stream, chosen(version, stream, product.rows(), product.depth()), "conv.dx",
                     product);
    }
    if (dweight.given) {
      const int parts = parts_of(shape);
      const std::int64_t weights = dweight.elements();
      const Scratch<A> memory(stream, weights * parts);
      const WeightGradient<T> product{shape, flat_of<T>(x), flat_of<T>(dy), memory.row()};
      launch_product(stream, chosen(version, stream, product.rows(), product.cols()),
                     "conv.dweight", product, parts);
      launch(sum_parts<T>,
             Launch{"conv.dweight_parts", stream, blocks_for(weights, threads), threads},
             Matrix<const A>{memory.data(), parts, weights, weights, 1}, flat_of<T>(dweight));
    }
    if (dbias.given) {
      const std::int64_t pixels = dy.size(2) * dy.size(3);
      launch(sum_slopes<T>,
             Launch{"conv.dbias", stream, static_cast<unsigned>(dy.size(1)), threads,
                    sizeof(BiasShared<A>)},
             Batch<const T>{dy.pointer<T>(), dy.size(0), dy.size(1), pixels, dy.size(1) * pixels,
                            pixels, 1},
             flat_of<T>(dbias));
    }
  });
}

template <ConvVersion version>
ConvKernels kernels_of() {
  return {.forward = forward<version>, .backward = backward<version>};
}

}  // namespace

ConvKernels conv_kernels() { return kernels_of<ConvVersion::by_shape>(); }

const std::vector<KernelVersion<ConvKernels>>& conv_versions() {
  static const std::vector<KernelVersion<ConvKernels>> versions = {
      {"direct", "f32", kernels_of<ConvVersion::direct>()},
      {"implicit_tile", "f32", kernels_of<ConvVersion::implicit_tile>()},
      {"tensor_tile", "tf32", kernels_of<ConvVersion::tensor_tile>()},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
