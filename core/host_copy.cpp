#include "core/host_copy.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/copy_plan.h"
#include "core/parallel.h"

namespace heddle {
namespace {

template <typename To, typename From>
To converted(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<From, bf16>) {
    return converted<To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bf16>) {
    return bf16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    // 2^63 itself does not fit; a NaN fails every comparison and gives 0.
    constexpr From limit = static_cast<From>(0x1.0p63);
    if (value >= limit) {
      return std::numeric_limits<std::int64_t>::max();
    }
    if (value < -limit) {
      return std::numeric_limits<std::int64_t>::min();
    }
    return value == value ? static_cast<std::int64_t>(value) : 0;
  } else {
    return static_cast<To>(value);
  }
}

template <typename To, typename From>
void copy_row(To* to, std::int64_t to_stride, const From* from, std::int64_t from_stride,
              std::int64_t count) {
  if constexpr (std::is_same_v<To, From>) {
    if (to_stride == 1 && from_stride == 1) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(To));
      return;
    }
  }
  if (from_stride == 0) {
    const To value = converted<To>(*from);
    if (to_stride == 1) {
      std::fill_n(to, count, value);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      to[i * to_stride] = value;
    }
    return;
  }
  if (to_stride == 1 && from_stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = converted<To>(from[i]);
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    to[i * to_stride] = converted<To>(from[i * from_stride]);
  }
}

/// Copies by rows along the plan's last dimension.
template <typename To, typename From>
void copy_rows(const CopyPlan& plan, To* to, const From* from) {
  constexpr std::int64_t tile_elements = 1 << 15;
  const auto last = static_cast<std::size_t>(plan.rank - 1);
  const std::int64_t row = plan.shape[last];
  parallel_ranges(plan.elements(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
    CopyPlace place(plan, plan.rank - 1, begin / row);
    std::int64_t first = begin % row;
    for (std::int64_t i = begin; i < end;) {
      const std::int64_t count = std::min(row - first, end - i);
      copy_row(to + place.to() + first * plan.to_strides[last], plan.to_strides[last],
               from + place.from() + first * plan.from_strides[last], plan.from_strides[last],
               count);
      i += count;
      first = 0;
      place.advance();
    }
  });
}

/// Copies where `to` is dense along the last dimension and `from` along the one before: in square
/// blocks, so that each cache line that is brought in is used whole on both sides.
template <typename To, typename From>
void copy_transposed(const CopyPlan& plan, To* to, const From* from) {
  constexpr std::int64_t block = 64;
  const auto last = static_cast<std::size_t>(plan.rank - 1);
  const std::int64_t rows = plan.shape[last - 1];
  const std::int64_t cols = plan.shape[last];
  const std::int64_t row_stride = plan.to_strides[last - 1];
  const std::int64_t col_stride = plan.from_strides[last];
  const std::int64_t bands = (rows + block - 1) / block;
  const std::int64_t outer = plan.elements() / (rows * cols);
  const std::int64_t bands_per_tile = std::max<std::int64_t>((1 << 15) / (block * cols), 1);
  parallel_ranges(outer * bands, bands_per_tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t band = begin; band < end; ++band) {
      const CopyPlace place(plan, plan.rank - 2, band / bands);
      const std::int64_t first_row = band % bands * block;
      const std::int64_t end_row = std::min(first_row + block, rows);
      for (std::int64_t first_col = 0; first_col < cols; first_col += block) {
        const std::int64_t end_col = std::min(first_col + block, cols);
        for (std::int64_t i = first_row; i < end_row; ++i) {
          To* const target = to + place.to() + i * row_stride;
          const From* const source = from + place.from() + i;
          for (std::int64_t j = first_col; j < end_col; ++j) {
            target[j] = converted<To>(source[j * col_stride]);
          }
        }
      }
    }
  });
}

template <typename To, typename From>
void copy_typed(const CopyPlan& plan, const View& destination, const ConstView& source) {
  To* const to = destination.pointer<To>();
  const From* const from = source.pointer<From>();
  if (plan.is_transpose()) {
    copy_transposed(plan, to, from);
  } else {
    copy_rows(plan, to, from);
  }
}

}  // namespace

void host_copy(const View& destination, const ConstView& source) {
  if (destination.elements() == 0) {
    return;
  }
  const CopyPlan plan(destination, source);
  dispatch_any(destination.dtype, [&](auto to) {
    dispatch_any(source.dtype, [&](auto from) {
      copy_typed<typename decltype(to)::type, typename decltype(from)::type>(plan, destination,
                                                                             source);
    });
  });
}

void host_fill(const View& destination, double value) {
  if (destination.elements() == 0) {
    return;
  }
  ConstView source = destination;
  source.strides = Strides::filled(destination.rank(), 0);
  dispatch_any(destination.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T element = converted<T>(value);
    source.data = &element;
    copy_typed<T, T>(CopyPlan(destination, source), destination, source);
  });
}

}  // namespace heddle
