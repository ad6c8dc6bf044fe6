#include "core/copy_plan.h"

#include <algorithm>

namespace heddle {

CopyPlan::CopyPlan(const View& destination, const ConstView& source) {
  std::array<int, Dims::max_rank> order{};
  const int given = destination.rank();
  for (int d = 0; d < given; ++d) {
    order[static_cast<std::size_t>(d)] = d;
  }
  const auto farther = [&](int left, int right) {
    return destination.stride(left) > destination.stride(right);
  };
  std::stable_sort(order.begin(), order.begin() + given, farther);
  for (int i = 0; i < given; ++i) {
    const int d = order[static_cast<std::size_t>(i)];
    append(destination.size(d), destination.stride(d), source.stride(d));
  }
  if (rank == 0) {
    append(1, 1, 1);
  }
  // Bring the dimension along which the source is dense beside the last one, for `is_transpose`.
  const auto last = static_cast<std::size_t>(rank - 1);
  for (std::size_t d = 0; from_strides[last] != 1 && d + 1 < last; ++d) {
    if (from_strides[d] == 1) {
      for (auto* entries : {&shape, &to_strides, &from_strides}) {
        std::rotate(entries->begin() + static_cast<std::ptrdiff_t>(d),
                    entries->begin() + static_cast<std::ptrdiff_t>(d) + 1,
                    entries->begin() + static_cast<std::ptrdiff_t>(last));
      }
      break;
    }
  }
}

void CopyPlan::append(std::int64_t size, std::int64_t to_stride, std::int64_t from_stride) {
  if (size == 1 && rank > 0) {
    return;
  }
  if (rank > 0) {
    const auto last = static_cast<std::size_t>(rank - 1);
    if (shape[last] == 1) {
      rank = 0;
    } else if (to_strides[last] == size * to_stride && from_strides[last] == size * from_stride) {
      shape[last] *= size;
      to_strides[last] = to_stride;
      from_strides[last] = from_stride;
      return;
    }
  }
  const auto place = static_cast<std::size_t>(rank++);
  shape[place] = size;
  to_strides[place] = to_stride;
  from_strides[place] = from_stride;
}

std::int64_t CopyPlan::elements() const {
  std::int64_t product = 1;
  for (std::size_t d = 0; d < static_cast<std::size_t>(rank); ++d) {
    product *= shape[d];
  }
  return product;
}

bool CopyPlan::is_transpose() const {
  if (rank < 2) {
    return false;
  }
  const auto last = static_cast<std::size_t>(rank - 1);
  return to_strides[last] == 1 && from_strides[last] > 1 && from_strides[last - 1] == 1;
}

CopyPlace::CopyPlace(const CopyPlan& plan, int dims, std::int64_t index)
    : plan_(plan), dims_(dims) {
  for (int d = dims - 1; d >= 0; --d) {
    const auto dim = static_cast<std::size_t>(d);
    position_[dim] = index % plan.shape[dim];
    index /= plan.shape[dim];
    to_ += position_[dim] * plan.to_strides[dim];
    from_ += position_[dim] * plan.from_strides[dim];
  }
}

void CopyPlace::advance() {
  for (int d = dims_ - 1; d >= 0; --d) {
    const auto dim = static_cast<std::size_t>(d);
    to_ += plan_.to_strides[dim];
    from_ += plan_.from_strides[dim];
    if (++position_[dim] < plan_.shape[dim]) {
      return;
    }
    to_ -= position_[dim] * plan_.to_strides[dim];
    from_ -= position_[dim] * plan_.from_strides[dim];
    position_[dim] = 0;
  }
}

}  // namespace heddle
