#include <array>
#include <type_traits>

#include "kernels/cpu/dense_runs.h"
#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/strided_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

struct Equal {
  bool operator()(auto a, auto b) const { return a == b; }
};
struct NotEqual {
  bool operator()(auto a, auto b) const { return a != b; }
};
struct Less {
  bool operator()(auto a, auto b) const { return a < b; }
};
struct LessEqual {
  bool operator()(auto a, auto b) const { return a <= b; }
};

/// `greater` and `greater_equal` are the other two with their sides exchanged.
template <typename T>
DenseRun choose(CompareOp op) {
  switch (op) {
    case CompareOp::equal:
      return run_two<Equal, T, bool>;
    case CompareOp::not_equal:
      return run_two<NotEqual, T, bool>;
    case CompareOp::less:
    case CompareOp::greater:
      return run_two<Less, T, bool>;
    case CompareOp::less_equal:
    case CompareOp::greater_equal:
      return run_two<LessEqual, T, bool>;
  }
  fail("compare: no operation ", static_cast<int>(op));
}

template <typename T>
void run_where(void* out, const void* const* inputs, std::int64_t count, const void*) {
  const auto* condition = static_cast<const std::uint8_t*>(inputs[0]);
  const auto* a = static_cast<const T*>(inputs[1]);
  const auto* b = static_cast<const T*>(inputs[2]);
  auto* y = static_cast<T*>(out);
  HEDDLE_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) {
    const T from_a = a[i];
    const T from_b = b[i];
    y[i] = condition[i] != 0 ? from_a : from_b;
  }
}

}  // namespace

void where(Stream&, const ConstView& condition, const ConstView& a, const ConstView& b,
           const View& out) {
  check_shape("where", {"condition", condition}, a.shape);
  check_dtype("where", {"condition", condition}, DType::boolean);
  check_shape("where", {"b", b}, a.shape);
  check_dtype("where", {"b", b}, a.dtype);
  check_shape("where", {"out", out}, a.shape);
  check_dtype("where", {"out", out}, a.dtype);
  const DenseRun run =
      dispatch_any(a.dtype, []<typename T>(TypeTag<T>) -> DenseRun { return run_where<T>; });
  run_strided(out, std::array{&condition, &a, &b}, cheap_tile, run);
}

void compare(Stream&, CompareOp op, const ConstView& a, const ConstView& b, const View& out) {
  check_shape("compare", {"b", b}, a.shape);
  check_dtype("compare", {"b", b}, a.dtype);
  check_shape("compare", {"out", out}, a.shape);
  check_dtype("compare", {"out", out}, DType::boolean);
  const DenseRun run = dispatch_any(a.dtype, [&]<typename T>(TypeTag<T>) { return choose<T>(op); });
  const bool exchanged = op == CompareOp::greater || op == CompareOp::greater_equal;
  run_strided(out, std::array{exchanged ? &b : &a, exchanged ? &a : &b}, cheap_tile, run);
}

}  // namespace heddle::cpu
