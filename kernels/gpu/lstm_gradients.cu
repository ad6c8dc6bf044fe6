// LSTM: what stands outside the loop over time, at the full rate of a matrix product.
//
//   before the forward loop    gates = W x                      [T·B, I] · [I, 4H], both directions
//   after the backward loop    dW = Σ dzᵀ x     dR = Σ dzᵀ h_before     dx = Σ_d dz W     db = Σ dz
//
// dz is zero beyond a row's length, so sums over all T·B rows count what they should. That holds
// for x only if what stands in x there is finite: with lengths, dW reads a copy with zeros there.
//
// h_before needs no copy: it is y one step earlier (later in the reverse direction), where y is
// zero beyond the lengths; h0 belongs to the first step of each row, whose dz is gathered.

#include "kernels/gpu/lstm_call.h"
#include "kernels/gpu/product.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

constexpr int column_lanes = 32;  // neighbouring columns of one block
constexpr int row_lanes = 8;
constexpr std::int64_t rows_per_part = 512;

template <typename A>
struct ColumnShared {
  SharedArray<A, row_lanes, column_lanes> sum;
};

/// Sums of up to 512 rows. grid (⌈columns / 32⌉, parts, D), block (32, 8); shared 8·32 sums. Reads
/// each element once, neighbours by neighbouring lanes.
template <typename T>
__global__ void column_parts(Batch<const T> from, Batch<accumulate_t<T>> parts) {
  using A = accumulate_t<T>;
  auto& shared = shared_memory<ColumnShared<A>>();
  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);
  const std::int64_t column = std::int64_t{blockIdx.x} * column_lanes + x;
  const std::int64_t first = std::int64_t{blockIdx.y} * rows_per_part;
  A sum{0};
  if (column < from.cols) {
    for (std::int64_t row = first + y; row < from.rows && row < first + rows_per_part;
         row += row_lanes) {
      counted<1>(sum += widen<T>(from(blockIdx.z, row, column)));
    }
  }
  shared.sum(y, x) = sum;
  sync_threads();
  if (y == 0 && column < from.cols) {
    A total{0};
    HEDDLE_UNROLL
    for (int lane = 0; lane < row_lanes; ++lane) {
      counted<1>(total += shared.sum(lane, x));
    }
    parts(blockIdx.z, blockIdx.y, column) = total;
  }
}

/// Adds the parts in order. grid (⌈columns / 128⌉, D), block 128.
template <typename T>
__global__ void add_parts(Batch<const accumulate_t<T>> parts, Matrix<T> to) {
  const std::int64_t column = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column >= to.cols) {
    return;
  }
  accumulate_t<T> sum{0};
  for (std::int64_t part = 0; part < parts.rows; ++part) {
    counted<1>(sum += parts(blockIdx.y, part, column));
  }
  to(blockIdx.y, column) = narrow<T>(sum);
}

/// x [T, B, I], zeros beyond each row's length. grid ⌈T·B·I / 256⌉, block 256.
template <typename T>
__global__ void copy_within_lengths(Batch<const T> x, Lengths lengths, Batch<T> to) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= x.batch * x.rows * x.cols) {
    return;
  }
  const std::int64_t column = i % x.cols;
  const std::int64_t row = i / x.cols % x.rows;
  const std::int64_t time = i / (x.cols * x.rows);
  to(time, row, column) = time < lengths[row] ? x(time, row, column) : T(0.0f);
}

/// dz of each row's first step, zeros where it has none: to [D, B, 4H]. grid ⌈D·B·4H / 256⌉.
template <typename T>
__global__ void first_steps(Tensor4<const T> dz, Lengths lengths, Batch<T> to) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= to.batch * to.rows * to.cols) {
    return;
  }
  const std::int64_t column = i % to.cols;
  const std::int64_t row = i / to.cols % to.rows;
  const std::int64_t direction = i / (to.cols * to.rows);
  const std::int64_t length = lengths[row];
  to(direction, row, column) =
      length > 0 ? dz(direction, time_of(direction, length, 0), row, column) : T(0.0f);
}

struct Sizes {
  std::int64_t time, batch, input, hidden, directions;
  explicit Sizes(const LstmInputs& in)
      : time(in.x.size(0)),
        batch(in.x.size(1)),
        input(in.x.size(2)),
        hidden(in.weight_hidden.size(2)),
        directions(in.weight_hidden.size(0)) {}
  std::int64_t rows() const { return time * batch; }
};

/// The directions' dz as [D, columns, rows]: transposed, rows from `first` on.
ConstView dz_transposed(const View& dz, const Sizes& sizes, std::int64_t offset,
                        std::int64_t direction_stride, std::int64_t rows) {
  return with_strides(dz, offset, {sizes.directions, 4 * sizes.hidden, rows},
                      {direction_stride, 1, 4 * sizes.hidden});
}

template <typename T>
void bias_gradient(Stream& stream, const View& dz, const Sizes& sizes, const View& to) {
  using A = accumulate_t<T>;
  const std::int64_t columns = 4 * sizes.hidden;
  const std::int64_t parts = (sizes.rows() + rows_per_part - 1) / rows_per_part;
  const Scratch<A> memory(stream, sizes.directions * parts * columns);
  const Batch<A> sums{memory.data(), sizes.directions, parts, columns, parts * columns, columns, 1};
  const ConstView rows = with_strides(dz, 0, {sizes.directions, sizes.rows(), columns},
                                      {sizes.rows() * columns, columns, 1});
  launch(column_parts<T>,
         Launch{.kernel = "lstm.column_parts",
                .stream = stream,
                .grid = dim3(blocks_for(columns, column_lanes), static_cast<unsigned>(parts),
                             static_cast<unsigned>(sizes.directions)),
                .block = dim3(column_lanes, row_lanes),
                .shared_bytes = sizeof(ColumnShared<A>)},
         batch_of<T>(rows), sums);
  launch(
      add_parts<T>,
      Launch{.kernel = "lstm.add_parts",
             .stream = stream,
             .grid = dim3(blocks_for(columns, 128), static_cast<unsigned>(sizes.directions)),
             .block = dim3(128)},
      Batch<const A>{memory.data(), sizes.directions, parts, columns, parts * columns, columns, 1},
      matrix_of<T>(to));
}

template <typename T>
void input_weight_gradient(Stream& stream, const LstmBackwardViews& views, const Sizes& sizes,
                           const Lengths& lengths) {
  const bool has_lengths = views.in.lengths.given;
  const std::int64_t elements = sizes.rows() * sizes.input;
  const Scratch<T> copy(stream, has_lengths ? elements : 0);
  ConstView x = views.in.x;
  if (has_lengths) {
    const View clean = view_of(copy.data(), x.dtype, stream, x.shape, x.strides);
    launch(copy_within_lengths<T>,
           Launch{.kernel = "lstm.copy_within_lengths",
                  .stream = stream,
                  .grid = dim3(blocks_for(elements, 256)),
                  .block = dim3(256)},
           batch_of<T>(x), lengths, batch_of<T>(clean));
    x = clean;
  }
  product(stream, dz_transposed(views.dz, sizes, 0, sizes.rows() * 4 * sizes.hidden, sizes.rows()),
          with_strides(x, 0, {sizes.directions, sizes.rows(), sizes.input}, {0, sizes.input, 1}),
          false, views.to.dweight_input);
}

template <typename T>
void hidden_weight_gradient(Stream& stream, const LstmBackwardViews& views, const Sizes& sizes,
                            const Lengths& lengths) {
  // All but the first steps: dz[t] with y[t − 1], in the reverse direction dz[t] with y[t + 1].
  // From one direction to the next the rows of dz begin B rows sooner, those of y B rows later.
  const std::int64_t columns = 4 * sizes.hidden;
  const std::int64_t side = sizes.directions * sizes.hidden;
  const std::int64_t rows = std::max<std::int64_t>(sizes.time - 1, 0) * sizes.batch;
  const std::int64_t skipped = rows > 0 ? sizes.batch : 0;
  product(
      stream,
      dz_transposed(views.dz, sizes, skipped * columns, (sizes.rows() - skipped) * columns, rows),
      with_strides(views.saved.y, 0, {sizes.directions, rows, sizes.hidden},
                   {skipped * side + sizes.hidden, side, 1}),
      false, views.to.dweight_hidden);
  if (!views.in.h0.given) {
    return;
  }
  const std::int64_t elements = sizes.directions * sizes.batch * columns;
  const Scratch<T> first(stream, elements);
  const View first_view =
      view_of(first.data(), views.dz.dtype, stream, {sizes.directions, sizes.batch, columns},
              {sizes.batch * columns, columns, 1});
  launch(first_steps<T>,
         Launch{.kernel = "lstm.first_steps",
                .stream = stream,
                .grid = dim3(blocks_for(elements, 256)),
                .block = dim3(256)},
         tensor4_of<T>(static_cast<const ConstView&>(views.dz)), lengths, batch_of<T>(first_view));
  product(stream, dz_transposed(first_view, sizes, 0, sizes.batch * columns, sizes.batch),
          views.in.h0, true, views.to.dweight_hidden);
}

void x_gradient(Stream& stream, const LstmBackwardViews& views, const Sizes& sizes) {
  const std::int64_t columns = 4 * sizes.hidden;
  View dx = views.to.dx;
  static_cast<ConstView&>(dx) = with_strides(dx, 0, {1, sizes.rows(), sizes.input},
                                             {sizes.rows() * sizes.input, sizes.input, 1});
  for (std::int64_t direction = 0; direction < sizes.directions; ++direction) {
    product(stream,
            with_strides(views.dz, direction * sizes.rows() * columns, {1, sizes.rows(), columns},
                         {sizes.rows() * columns, columns, 1}),
            with_strides(views.in.weight_input, direction * columns * sizes.input,
                         {1, columns, sizes.input}, {columns * sizes.input, sizes.input, 1}),
            direction > 0, dx);
  }
}

}  // namespace

void input_products(Stream& stream, const LstmInputs& in, const View& gates) {
  const Sizes sizes(in);
  const std::int64_t columns = 4 * sizes.hidden;
  View to = gates;
  static_cast<ConstView&>(to) = with_strides(to, 0, {sizes.directions, sizes.rows(), columns},
                                             {sizes.rows() * columns, columns, 1});
  product(stream,
          with_strides(in.x, 0, {sizes.directions, sizes.rows(), sizes.input}, {0, sizes.input, 1}),
          with_strides(in.weight_input, 0, {sizes.directions, sizes.input, columns},
                       {columns * sizes.input, 1, sizes.input}),
          false, to);
}

void gradients_of_dz(Stream& stream, const LstmBackwardViews& views) {
  const Sizes sizes(views.in);
  dispatch_storage(views.dz.dtype, "lstm", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const Lengths lengths = known_lengths(views.in);
    if (views.to.dx.given) {
      x_gradient(stream, views, sizes);
    }
    if (views.to.dweight_input.given) {
      input_weight_gradient<T>(stream, views, sizes, lengths);
    }
    if (views.to.dweight_hidden.given) {
      hidden_weight_gradient<T>(stream, views, sizes, lengths);
    }
    if (views.to.dbias.given) {
      bias_gradient<T>(stream, views.dz, sizes, views.to.dbias);
    }
  });
}

View view_of(void* data, DType dtype, const Stream& stream, const Shape& shape,
             const Strides& strides) {
  View view;
  view.data = data;
  view.dtype = dtype;
  view.device = stream.device;
  view.shape = shape;
  view.strides = strides;
  view.given = true;
  return view;
}

ConstView with_strides(const ConstView& view, std::int64_t offset, const Shape& shape,
                       const Strides& strides) {
  ConstView result = view;
  result.data = static_cast<const std::byte*>(view.data) +
                offset * static_cast<std::int64_t>(size_of(view.dtype));
  result.shape = shape;
  result.strides = strides;
  return result;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
