#include "autograd/ops/windows.h"

#include "autograd/ops.h"
#include "autograd/ops/operands.h"

namespace heddle {
namespace {

/// Place of each element of each window in the picture, −1 outside: i64 [kernel places · windows].
Tensor places(const WindowAxis& rows, const WindowAxis& cols) {
  const std::int64_t down = rows.count("windows", "rows");
  const std::int64_t across = cols.count("windows", "cols");
  Tensor found = Tensor::empty({rows.kernel * cols.kernel * down * across}, DType::i64);
  std::int64_t* next = found.mutable_data<std::int64_t>();
  for (std::int64_t place = 0; place < rows.kernel * cols.kernel; ++place) {
    const std::int64_t row_offset = place / cols.kernel * rows.dilation - rows.padding;
    const std::int64_t col_offset = place % cols.kernel * cols.dilation - cols.padding;
    for (std::int64_t window = 0; window < down * across; ++window) {
      const std::int64_t row = window / across * rows.stride + row_offset;
      const std::int64_t col = window % across * cols.stride + col_offset;
      const bool inside = row >= 0 && row < rows.size && col >= 0 && col < cols.size;
      *next++ = inside ? row * cols.size + col : -1;
    }
  }
  return found;
}

}  // namespace

std::int64_t WindowAxis::count(const char* operation, const char* what) const {
  constexpr std::int64_t most = std::int64_t{1} << 24;
  const auto expect = [&](const char* name, std::int64_t value, std::int64_t least) {
    check(value >= least && value <= most, operation, ": ", name, " of ", what, " is ", value,
          "; expected ", least, " to ", most);
  };
  expect("kernel", kernel, 1);
  expect("stride", stride, 1);
  expect("padding", padding, 0);
  expect("dilation", dilation, 1);
  const std::int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
  check(size >= 1 && room >= 0, operation, ": a kernel of ", kernel, " ", what, " (dilation ",
        dilation, ") does not fit into ", size, " ", what, " with padding ", padding);
  return room / stride + 1;
}

Tensor inside_picture(const WindowAxis& rows, const WindowAxis& cols) {
  const Tensor found = places(rows, cols);
  const Tensor inside = compare(CompareOp::greater_equal, found, Tensor::scalar(0.0, DType::i64));
  return inside.reshape({rows.kernel * cols.kernel, -1});
}

Variable windows(const Variable& x, const WindowAxis& rows, const WindowAxis& cols,
                 double outside) {
  const Shape channels = {x.size(0), x.size(1)};
  const Tensor found = places(rows, cols);
  const Tensor nowhere = Tensor::scalar(0.0, DType::i64);
  const Variable somewhere = maximum(Variable(found), Variable(nowhere));
  const Tensor index = somewhere.value().to(x.device()).expand(channels.inserted(2, found.size(0)));
  const Variable flat = reshape(x, channels.inserted(2, rows.size * cols.size));
  const Tensor inside = inside_picture(rows, cols);
  const Variable elements =
      reshape(gather(flat, index, 2), {x.size(0), x.size(1), inside.size(0), inside.size(1)});
  return where(inside.to(x.device()), elements, constant(outside, x));
}

}  // namespace heddle
