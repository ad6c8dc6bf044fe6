#include "bench/peers/cuda/cudnn_rnn_layout.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "core/error.h"

namespace heddle::bench {
namespace {

/// Calls visit(packed step, t, our row) in the order of packed steps.
void for_packed_steps(const RnnLayout& layout,
                      const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& visit) {
  std::int64_t step = 0;
  for (std::int64_t t = 0; t < layout.time; ++t) {
    for (const std::int64_t row : layout.order) {
      if (t < layout.lengths[static_cast<std::size_t>(row)]) {
        visit(step++, t, row);
      }
    }
  }
}

}  // namespace

RnnLayout::RnnLayout(const Tensor& x, const Tensor& weight_hidden,
                     std::vector<std::int64_t> row_lengths, bool is_packed)
    : time(x.size(0)),
      batch(x.size(1)),
      input(x.size(2)),
      hidden(weight_hidden.size(2)),
      directions(weight_hidden.size(0)),
      packed(is_packed),
      lengths(std::move(row_lengths)),
      order(static_cast<std::size_t>(batch)) {
  if (lengths.empty()) {
    lengths.assign(static_cast<std::size_t>(batch), time);
  }
  check(static_cast<std::int64_t>(lengths.size()) == batch, "cudnn_rnn: ", lengths.size(),
        " lengths for ", batch, " rows");
  for (const std::int64_t length : lengths) {
    check(length >= 1 && length <= time, "cudnn_rnn: a length of ", length, ", expected 1 … ",
          time);
  }
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (packed) {
    std::stable_sort(order.begin(), order.end(), [this](std::int64_t left, std::int64_t right) {
      return lengths[static_cast<std::size_t>(left)] > lengths[static_cast<std::size_t>(right)];
    });
  }
}

std::int64_t RnnLayout::step_count() const {
  return packed ? std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}) : time * batch;
}

std::vector<int> RnnLayout::ordered_lengths() const {
  std::vector<int> ordered;
  for (const std::int64_t row : order) {
    ordered.push_back(static_cast<int>(lengths[static_cast<std::size_t>(row)]));
  }
  return ordered;
}

Tensor RnnLayout::to_cudnn(const Tensor& steps) const {
  if (!packed || !steps.defined()) {
    return steps;
  }
  const std::int64_t width = steps.size(2);
  const Tensor from = steps.to(Device{}).contiguous();
  Tensor to = Tensor::empty({step_count(), width});
  const float* source = from.data<float>();
  float* target = to.mutable_data<float>();
  for_packed_steps(*this, [&](std::int64_t step, std::int64_t t, std::int64_t row) {
    std::copy_n(source + (t * batch + row) * width, width, target + step * width);
  });
  return to;
}

Tensor RnnLayout::steps_from_cudnn(const Tensor& steps) const {
  const std::int64_t width = steps.size(-1);
  if (!packed) {
    return steps.reshape({time, batch, width});
  }
  Tensor to = Tensor::zeros({time, batch, width});
  const float* source = steps.data<float>();
  float* target = to.mutable_data<float>();
  for_packed_steps(*this, [&](std::int64_t step, std::int64_t t, std::int64_t row) {
    std::copy_n(source + step * width, width, target + (t * batch + row) * width);
  });
  return to;
}

Tensor RnnLayout::states_from_cudnn(const Tensor& states) const {
  Tensor to = Tensor::empty_like(states);
  const float* source = states.data<float>();
  float* target = to.mutable_data<float>();
  for (std::int64_t direction = 0; direction < directions; ++direction) {
    for (std::int64_t row = 0; row < batch; ++row) {
      std::copy_n(source + (direction * batch + row) * hidden, hidden,
                  target + (direction * batch + order[static_cast<std::size_t>(row)]) * hidden);
    }
  }
  return to;
}

}  // namespace heddle::bench
