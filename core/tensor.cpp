#include "core/tensor.h"

#include <algorithm>
#include <numeric>

#include "core/memory.h"
#include "core/small_blocks.h"

namespace heddle {
namespace {

void check_defined(bool defined) {
  check(defined, "tensor: it is undefined (default-constructed); give it a value first");
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  Tensor result;
  const std::int64_t count = element_count(shape);
  result.shape_ = shape;
  result.strides_ = contiguous_strides(shape);
  result.dtype_ = dtype;
  result.storage_ = std::allocate_shared<Storage>(SmallBlockAllocator<Storage>(), device,
                                                  static_cast<std::size_t>(count) * size_of(dtype));
  return result;
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  return full(shape, 0.0, dtype, device);
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype, Device device) {
  Tensor result = empty(shape, dtype, device);
  memory_of(device).fill(result.output_view(), value);
  return result;
}

Tensor Tensor::empty_like(const Tensor& other) {
  return empty(other.shape(), other.dtype(), other.device());
}

Tensor Tensor::zeros_like(const Tensor& other) {
  return zeros(other.shape(), other.dtype(), other.device());
}

Tensor Tensor::scalar(double value, DType dtype, Device device) {
  return full({}, value, dtype, device);
}

template <typename T>
Tensor Tensor::from(std::span<const T> values, const Shape& shape, Device device) {
  Tensor result = empty(shape, dtype_of<T>());
  check(static_cast<std::size_t>(result.elements()) == values.size(), "from: got ", values.size(),
        " values for shape ", shape, ", expected ", result.elements());
  std::copy(values.begin(), values.end(), static_cast<T*>(result.storage_->data()));
  return result.to(device);
}

template <typename T>
Tensor Tensor::from(std::initializer_list<T> values, const Shape& shape, Device device) {
  return from(std::span<const T>(values.begin(), values.size()), shape, device);
}

Tensor Tensor::arange(std::int64_t count) {
  Tensor result = empty({count}, DType::i64);
  auto* const values = static_cast<std::int64_t*>(result.storage_->data());
  std::iota(values, values + count, std::int64_t{0});
  return result;
}

Device Tensor::device() const {
  check_defined(defined());
  return storage_->device();
}

bool Tensor::is_contiguous() const { return view().is_contiguous(); }

std::int64_t Tensor::version() const {
  check_defined(defined());
  return storage_->version();
}

const char* Tensor::last_change() const {
  check_defined(defined());
  return storage_->last_change();
}

void Tensor::mark_changed(const char* operation) const {
  check_defined(defined());
  storage_->mark_changed(operation);
}

template <typename T>
const T* Tensor::data() const {
  check_defined(defined());
  check(dtype_ == dtype_of<T>(), "data: the tensor is ", dtype_, ", asked for as ", dtype_of<T>(),
        "; convert it with to()");
  check(memory_of(device()).on_host, "data: the tensor is on ", device(),
        ", which the host cannot read; copy it with to(Device{})");
  return static_cast<const T*>(storage_->data()) + offset_;
}

template <typename T>
T* Tensor::mutable_data(const char* operation) {
  T* const first = const_cast<T*>(data<T>());
  mark_changed(operation);
  return first;
}

ConstView Tensor::view() const {
  check_defined(defined());
  const std::int64_t offset = offset_ * static_cast<std::int64_t>(size_of(dtype_));
  return {static_cast<const std::byte*>(storage_->data()) + offset,
          dtype_,
          storage_->device(),
          shape_,
          strides_,
          true};
}

View Tensor::output_view() const { return {view()}; }

View Tensor::mutable_view(const char* operation) {
  mark_changed(operation);
  return output_view();
}

#define HEDDLE_INSTANTIATE(T)                                                      \
  template Tensor Tensor::from<T>(std::span<const T>, const Shape&, Device);       \
  template Tensor Tensor::from<T>(std::initializer_list<T>, const Shape&, Device); \
  template const T* Tensor::data<T>() const;                                       \
  template T* Tensor::mutable_data<T>(const char*);
HEDDLE_INSTANTIATE(float)
HEDDLE_INSTANTIATE(double)
HEDDLE_INSTANTIATE(std::int64_t)
HEDDLE_INSTANTIATE(bool)
HEDDLE_INSTANTIATE(bf16)
#undef HEDDLE_INSTANTIATE

}  // namespace heddle
