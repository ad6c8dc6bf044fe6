#include <cstring>
#include <utility>

#include "core/memory.h"
#include "core/tensor.h"

namespace heddle {
namespace {

/// Elements from the first to the last in memory, relative to `view.data`.
std::pair<std::int64_t, std::int64_t> reach(const ConstView& view) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (int d = 0; d < view.rank(); ++d) {
    const std::int64_t far = (view.size(d) - 1) * view.stride(d);
    (far < 0 ? low : high) += far;
  }
  return {low, high};
}

bool may_overlap(const Tensor& left, const Tensor& right) {
  if (!left.shares_storage_with(right)) {
    return false;
  }
  const auto [left_low, left_high] = reach(left.view());
  const auto [right_low, right_high] = reach(right.view());
  return left.offset() + left_low <= right.offset() + right_high &&
         right.offset() + right_low <= left.offset() + left_high;
}

bool same_place(const Tensor& left, const Tensor& right) {
  return left.shares_storage_with(right) && left.offset() == right.offset() &&
         left.shape() == right.shape() && left.strides() == right.strides() &&
         left.dtype() == right.dtype();
}

/// Same shape, no overlap; the two may be on different devices.
void copy_values(const Tensor& destination, const Tensor& source) {
  const MemoryFunctions& to = memory_of(destination.device());
  const MemoryFunctions& from = memory_of(source.device());
  if (&to == &from && (to.on_host || destination.device() == source.device())) {
    to.copy(destination.output_view(), source.view());
    return;
  }
  // Between unlike memories only contiguous bytes travel; both ends are straightened where they
  // are.
  const Tensor sent = source.to(destination.dtype()).contiguous();
  if (!destination.is_contiguous()) {
    const Tensor received = Tensor::empty_like(destination);
    copy_values(received, sent);
    to.copy(destination.output_view(), received.view());
    return;
  }
  const std::size_t bytes =
      static_cast<std::size_t>(sent.elements()) * size_of(destination.dtype());
  auto* const target = const_cast<void*>(destination.output_view().data);
  if (to.on_host) {
    from.download(source.device(), target, sent.view().data, bytes);
  } else if (from.on_host) {
    to.upload(destination.device(), target, sent.view().data, bytes);
  } else {
    copy_values(destination, sent.to(Device{}));
  }
}

}  // namespace

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::clone() const {
  Tensor result = empty_like(*this);
  copy_values(result, *this);
  return result;
}

Tensor Tensor::to(DType dtype) const {
  check(defined(), "to: the tensor is undefined");
  if (dtype == dtype_) {
    return *this;
  }
  Tensor result = empty(shape_, dtype, device());
  copy_values(result, *this);
  return result;
}

Tensor Tensor::to(Device target) const {
  if (target == device()) {
    return *this;
  }
  Tensor result = empty(shape_, dtype_, target);
  copy_values(result, *this);
  return result;
}

void Tensor::copy_(const Tensor& source, const char* operation) {
  check(defined() && source.defined(), operation, ": ", defined() ? "the source" : "the tensor",
        " is undefined");
  check(source.rank() <= rank() && broadcast_shapes(shape_, source.shape(), operation) == shape_,
        operation, ": source is ", source.shape(), ", which does not broadcast to ", shape_);
  for (int d = 0; d < rank(); ++d) {
    check(strides_[d] != 0 || shape_[d] <= 1, operation, ": dimension ", d, " of ", shape_,
          " repeats one element (it was expanded); copy into contiguous() instead");
  }
  const Tensor values = source.expand(shape_);
  mark_changed(operation);
  if (elements() == 0 || same_place(*this, values)) {
    return;
  }
  copy_values(*this, may_overlap(*this, values) ? values.clone() : values);
}

void Tensor::fill_(double value, const char* operation) {
  const View target = mutable_view(operation);
  memory_of(device()).fill(target, value);
}

template <typename T>
T Tensor::item() const {
  check(defined(), "item: the tensor is undefined");
  check(elements() == 1, "item: the tensor is ", shape_, ", expected one element");
  return *to(Device{}).to(dtype_of<T>()).template data<T>();
}

template <typename T>
std::vector<T> Tensor::to_vector() const {
  const Tensor values = to(Device{}).to(dtype_of<T>()).contiguous();
  const T* const first = values.data<T>();
  return std::vector<T>(first, first + values.elements());
}

bool same_bits(const Tensor& left, const Tensor& right) {
  if (left.dtype() != right.dtype() || !(left.shape() == right.shape())) {
    return false;
  }
  const Tensor l = left.to(Device{}).contiguous();
  const Tensor r = right.to(Device{}).contiguous();
  const std::size_t bytes = static_cast<std::size_t>(l.elements()) * size_of(l.dtype());
  return bytes == 0 || std::memcmp(l.view().data, r.view().data, bytes) == 0;
}

#define HEDDLE_INSTANTIATE(T)         \
  template T Tensor::item<T>() const; \
  template std::vector<T> Tensor::to_vector<T>() const;
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(std::int64_t)
HEDDLE_INSTANTIATE(bool)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle
