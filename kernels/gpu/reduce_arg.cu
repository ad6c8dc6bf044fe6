// The first place of the largest or smallest over the middle dimension, and its value; a NaN counts
// as the largest. A node is a value and its place: 12 or 16 bytes for 16 read. Versions:
// reduce_loops.h.

#include "kernels/gpu/reduce_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {

void arg_extreme(ReduceVersion version, Stream& stream, ReduceOp op, const ConstView& x,
                 const View& values, const View& indices) {
  constexpr const char* kernel = "arg_extreme";
  check(op == ReduceOp::max || op == ReduceOp::min, kernel, ": got reduction ",
        static_cast<int>(op), ", expected max or min");
  check_rank(kernel, {"x", x}, 3);
  check(x.size(1) > 0, kernel, ": x is ", x.shape,
        "; the place of the largest or smallest of no values does not exist");
  const Shape shape{x.size(0), x.size(2)};
  check_shape(kernel, {"indices", indices}, shape);
  check_dtype(kernel, {"indices", indices}, DType::i64);
  if (values.given) {
    check_shape(kernel, {"values", values}, shape);
    check_dtype(kernel, {"values", values}, x.dtype);
  }
  dispatch_storage(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const Matrix<T> found = matrix_of<T>(values);
    const Matrix<std::int64_t> places = matrix_of<std::int64_t>(indices);
    if (op == ReduceOp::max) {
      run_reduction(version, stream, "reduce.arg_max", x, ArgExtreme<T, true>{found, places});
    } else {
      run_reduction(version, stream, "reduce.arg_min", x, ArgExtreme<T, false>{found, places});
    }
  });
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
