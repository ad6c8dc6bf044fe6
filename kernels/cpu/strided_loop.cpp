#include "kernels/cpu/strided_loop.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "core/parallel.h"

namespace heddle::cpu {
namespace {

constexpr int max_operands = max_strided_inputs + 1;  // operand 0 is the output
constexpr std::int64_t buffered_elements = 512;

/// The loop nest, outermost dimension first. Strides are in bytes.
struct Nest {
  int rank = 0;
  int operands = 0;
  std::int64_t elements = 1;
  std::array<std::int64_t, Dims::max_rank> size{};
  std::array<std::array<std::int64_t, Dims::max_rank>, max_operands> stride{};
  std::array<std::int64_t, max_operands> width{};  // bytes per element
  std::array<std::byte*, max_operands> data{};

  void append(std::int64_t new_size, const std::array<std::int64_t, max_operands>& new_stride) {
    const auto last = static_cast<std::size_t>(rank - 1);
    bool joins = rank > 0;
    for (std::size_t k = 0; joins && k < static_cast<std::size_t>(operands); ++k) {
      joins = stride[k][last] == new_stride[k] * new_size;
    }
    const std::size_t at = joins ? last : last + 1;
    size[at] = joins ? size[at] * new_size : new_size;
    for (std::size_t k = 0; k < static_cast<std::size_t>(operands); ++k) {
      stride[k][at] = new_stride[k];
    }
    rank += joins ? 0 : 1;
  }

  void swap_dims(std::size_t left, std::size_t right) {
    std::swap(size[left], size[right]);
    for (auto& of_operand : stride) {
      std::swap(of_operand[left], of_operand[right]);
    }
  }
};

std::int64_t width_of(DType dtype) { return static_cast<std::int64_t>(size_of(dtype)); }

/// Dimensions of `view` by falling stride, so that the output is written in the order of memory.
std::array<int, Dims::max_rank> order_by_stride(const ConstView& view) {
  std::array<int, Dims::max_rank> order{};
  for (int dim = 0; dim < view.rank(); ++dim) {
    int at = dim;
    for (; at > 0 && view.stride(order[static_cast<std::size_t>(at - 1)]) < view.stride(dim);
         --at) {
      order[static_cast<std::size_t>(at)] = order[static_cast<std::size_t>(at - 1)];
    }
    order[static_cast<std::size_t>(at)] = dim;
  }
  return order;
}

Nest make_nest(const View& out, std::span<const ConstView* const> inputs) {
  Nest nest;
  nest.operands = static_cast<int>(inputs.size()) + 1;
  nest.width[0] = width_of(out.dtype);
  nest.data[0] = out.pointer<std::byte>();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    nest.width[k + 1] = width_of(inputs[k]->dtype);
    nest.data[k + 1] = static_cast<std::byte*>(const_cast<void*>(inputs[k]->data));
  }
  const auto order = order_by_stride(out);
  for (int i = 0; i < out.rank(); ++i) {
    const int dim = order[static_cast<std::size_t>(i)];
    const std::int64_t size = out.size(dim);
    nest.elements *= size;
    if (size == 1) {
      continue;
    }
    std::array<std::int64_t, max_operands> stride{out.stride(dim) * nest.width[0]};
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      stride[k + 1] = inputs[k]->stride(dim) * nest.width[k + 1];
    }
    nest.append(size, stride);
  }
  if (nest.rank == 0) {
    nest.append(1, {});
    for (std::size_t k = 0; k < nest.width.size(); ++k) {
      nest.stride[k][0] = nest.width[k];
    }
  }
  // A few neighbours at a time would spend the time on starting runs.
  constexpr std::int64_t short_run = 16;
  const auto inner = static_cast<std::size_t>(nest.rank - 1);
  const auto longest = static_cast<std::size_t>(
      std::max_element(nest.size.begin(), nest.size.begin() + nest.rank) - nest.size.begin());
  if (nest.size[inner] < short_run && nest.size[longest] >= 4 * nest.size[inner]) {
    nest.swap_dims(inner, longest);
  }
  return nest;
}

template <std::size_t width>
void copy_units(const std::byte* from, std::int64_t from_stride, std::byte* to,
                std::int64_t to_stride, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * to_stride, from + i * from_stride, width);
  }
}

void copy_strided(const std::byte* from, std::int64_t from_stride, std::byte* to,
                  std::int64_t to_stride, std::int64_t width, std::int64_t count) {
  switch (width) {
    case 1:
      return copy_units<1>(from, from_stride, to, to_stride, count);
    case 4:
      return copy_units<4>(from, from_stride, to, to_stride, count);
    default:
      return copy_units<8>(from, from_stride, to, to_stride, count);
  }
}

/// Walks one tile of a nest.
class Walk {
 public:
  Walk(const Nest& nest, DenseRun run, const void* parameters)
      : nest_(nest), run_(run), parameters_(parameters) {
    const auto inner = static_cast<std::size_t>(nest.rank - 1);
    for (std::size_t k = 0; k < static_cast<std::size_t>(nest.operands); ++k) {
      inner_stride_[k] = nest.stride[k][inner];
      dense_ = dense_ && inner_stride_[k] == nest.width[k];
    }
  }

  void tile(std::int64_t begin, std::int64_t end) {
    const std::int64_t run_size = nest_.size[static_cast<std::size_t>(nest_.rank - 1)];
    seek(begin / run_size);
    std::int64_t first = begin % run_size;
    while (begin < end) {
      const std::int64_t count = std::min(run_size - first, end - begin);
      dense_ ? run_dense(first, count) : run_buffered(first, count);
      begin += count;
      first = 0;
      step();
    }
  }

 private:
  void seek(std::int64_t outer) {
    at_ = nest_.data;
    for (int dim = nest_.rank - 2; dim >= 0; --dim) {
      const auto d = static_cast<std::size_t>(dim);
      index_[d] = outer % nest_.size[d];
      outer /= nest_.size[d];
      for (std::size_t k = 0; k < at_.size(); ++k) {
        at_[k] += index_[d] * nest_.stride[k][d];
      }
    }
  }

  void step() {
    for (int dim = nest_.rank - 2; dim >= 0; --dim) {
      const auto d = static_cast<std::size_t>(dim);
      const bool wraps = ++index_[d] == nest_.size[d];
      const std::int64_t steps = wraps ? 1 - nest_.size[d] : 1;
      for (std::size_t k = 0; k < at_.size(); ++k) {
        at_[k] += steps * nest_.stride[k][d];
      }
      if (!wraps) {
        return;
      }
      index_[d] = 0;
    }
  }

  void run_dense(std::int64_t first, std::int64_t count) {
    std::array<const void*, max_strided_inputs> inputs{};
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      inputs[k] = at_[k + 1] + first * inner_stride_[k + 1];
    }
    run_(at_[0] + first * inner_stride_[0], inputs.data(), count, parameters_);
  }

  void run_buffered(std::int64_t first, std::int64_t total) {
    for (std::int64_t done = 0; done < total; done += buffered_elements) {
      const std::int64_t count = std::min(buffered_elements, total - done);
      std::array<const void*, max_strided_inputs> inputs{};
      for (std::size_t k = 1; k < static_cast<std::size_t>(nest_.operands); ++k) {
        inputs[k - 1] = dense_input(k, at_[k] + (first + done) * inner_stride_[k], count);
      }
      std::byte* const out = at_[0] + (first + done) * inner_stride_[0];
      if (inner_stride_[0] == nest_.width[0]) {
        run_(out, inputs.data(), count, parameters_);
      } else {
        run_(buffer_[0].data(), inputs.data(), count, parameters_);
        copy_strided(buffer_[0].data(), nest_.width[0], out, inner_stride_[0], nest_.width[0],
                     count);
      }
    }
  }

  const void* dense_input(std::size_t k, const std::byte* from, std::int64_t count) {
    if (inner_stride_[k] == nest_.width[k]) {
      return from;
    }
    const bool is_there = inner_stride_[k] == 0 && from == repeated_[k] && count <= filled_[k];
    if (!is_there) {
      copy_strided(from, inner_stride_[k], buffer_[k].data(), nest_.width[k], nest_.width[k],
                   count);
      repeated_[k] = from;
      filled_[k] = count;
    }
    return buffer_[k].data();
  }

  using Buffer = std::array<std::byte, static_cast<std::size_t>(buffered_elements) * 8>;

  const Nest& nest_;
  DenseRun run_;
  const void* parameters_;
  bool dense_ = true;
  std::array<std::int64_t, max_operands> inner_stride_{};
  std::array<std::int64_t, Dims::max_rank> index_{};
  std::array<std::byte*, max_operands> at_{};
  std::array<const std::byte*, max_operands> repeated_{};  // the element a buffer repeats
  std::array<std::int64_t, max_operands> filled_{};
  alignas(64) std::array<Buffer, max_operands> buffer_;
};

}  // namespace

void run_strided(const View& out, std::span<const ConstView* const> inputs, std::int64_t tile,
                 DenseRun run, const void* parameters) {
  const std::int64_t elements = out.elements();
  if (elements <= tile && out.is_contiguous() &&
      std::all_of(inputs.begin(), inputs.end(),
                  [](const ConstView* input) { return input->is_contiguous(); })) {
    // One dense run: a nest of loops would take longer than what is in it.
    std::array<const void*, max_strided_inputs> from{};
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      from[k] = inputs[k]->data;
    }
    parallel_for(elements > 0 ? 1 : 0, [&](std::int64_t) {
      run(out.pointer<void>(), from.data(), elements, parameters);
    });
    return;
  }
  const Nest nest = make_nest(out, inputs);
  parallel_ranges(nest.elements, tile, [&](std::int64_t begin, std::int64_t end) {
    Walk(nest, run, parameters).tile(begin, end);
  });
}

}  // namespace heddle::cpu
