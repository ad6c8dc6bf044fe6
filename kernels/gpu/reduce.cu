// Reductions over the middle dimension of x [outer, n, inner] into out [outer, inner]: sum, mean,
// max, min, logsumexp, and the place of the largest or smallest. f32, f64, bf16 (summed in f32);
// sum also i64.
//
//   reduce_tree.h     the tree every version follows, and what the reductions are
//   reduce_loops.h    the versions shared_tree, warp_shuffle, vectorised
//   this file         sum and mean, checks, the tables; one file each for the others
//
// A reduction reads n·s bytes and writes next to nothing: at best 4.8 TB/s on an H200 (its memory
// is read a little faster than copied). 2·10⁸ f32, 0.8 GB, are 0.17 ms.
//
// Default: vectorised, by rows where terms are neighbours and by columns where results are;
// expected from the bytes in flight, not measured yet.

#include "kernels/gpu/families.h"
#include "kernels/gpu/reduce_parts.h"

namespace heddle::kernels::HEDDLE_BACKEND {

void reduce_sum(ReduceVersion version, Stream& stream, bool is_mean, const ConstView& x,
                const View& out) {
  const char* const name = is_mean ? "reduce.mean" : "reduce.sum";
  const auto run = [&]<typename T>(TypeTag<T>) {
    run_reduction(version, stream, name, x, Sum<T>{matrix_of<T>(out), x.size(1), is_mean});
  };
  if (x.dtype == DType::i64 && !is_mean) {
    run(TypeTag<std::uint64_t>{});
  } else {
    dispatch_storage(x.dtype, "reduce", run);
  }
}

namespace {

template <ReduceVersion version>
void reduce(Stream& stream, ReduceOp op, const ConstView& x, const View& out) {
  check_rank("reduce", {"x", x}, 3);
  check_shape("reduce", {"out", out}, {x.size(0), x.size(2)});
  check_dtype("reduce", {"out", out}, x.dtype);
  const bool is_extreme = op == ReduceOp::max || op == ReduceOp::min;
  check(!is_extreme || x.size(1) > 0, "reduce: x is ", x.shape,
        "; the largest or smallest of no values does not exist, expected at least one");
  switch (op) {
    case ReduceOp::sum:
    case ReduceOp::mean:
      return reduce_sum(version, stream, op == ReduceOp::mean, x, out);
    case ReduceOp::max:
    case ReduceOp::min:
      return reduce_extreme(version, stream, op == ReduceOp::max, x, out);
    case ReduceOp::logsumexp:
      return reduce_logsumexp(version, stream, x, out);
  }
  fail("reduce: no operation ", static_cast<int>(op));
}

template <ReduceVersion version>
ReduceKernels table() {
  return {.reduce = reduce<version>,
          .arg_extreme = [](Stream& stream, ReduceOp op, const ConstView& x, const View& values,
                            const View& indices) {
            arg_extreme(version, stream, op, x, values, indices);
          }};
}

}  // namespace

ReduceKernels reduce_kernels() { return table<ReduceVersion::vectorised>(); }

const std::vector<KernelVersion<ReduceKernels>>& reduce_versions() {
  static const std::vector<KernelVersion<ReduceKernels>> all{
      {"shared_tree", "f32", table<ReduceVersion::shared_tree>()},
      {"warp_shuffle", "f32", table<ReduceVersion::warp_shuffle>()},
      {"vectorised", "f32", table<ReduceVersion::vectorised>()},
  };
  return all;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
