#pragma once

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/shape.h"
#include "core/storage.h"
#include "core/view.h"

namespace heddle {

/// A handle to an n-dimensional array: copying it copies the handle, not the numbers, and views
/// (reshape, transpose, slice, …) share memory and version. Numbers are changed only through
/// members whose name ends in an underscore, `mutable_data` and `mutable_view`, which count a
/// change.
class Tensor {
 public:
  /// The end of a dimension, for `slice`.
  static constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();

  /// Not a tensor: `defined()` is false, everything else is an error.
  Tensor() = default;

  /// Not cleared. Errors: a negative size, more than 2^48 elements, out of memory.
  static Tensor empty(const Shape& shape, DType dtype = DType::f32, Device device = {});
  static Tensor zeros(const Shape& shape, DType dtype = DType::f32, Device device = {});
  static Tensor full(const Shape& shape, double value, DType dtype = DType::f32,
                     Device device = {});
  static Tensor empty_like(const Tensor& other);
  static Tensor zeros_like(const Tensor& other);
  /// Rank 0.
  static Tensor scalar(double value, DType dtype = DType::f32, Device device = {});
  /// Copies `values`. Errors: their number is not that of `shape`.
  template <typename T>
  static Tensor from(std::span<const T> values, const Shape& shape, Device device = {});
  template <typename T>
  static Tensor from(std::initializer_list<T> values, const Shape& shape, Device device = {});
  /// 0, 1, …, count − 1 as i64.
  static Tensor arange(std::int64_t count);

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  std::int64_t offset() const { return offset_; }  // in elements
  int rank() const { return shape_.rank(); }
  /// Size of `dim`, counted from the end where negative.
  std::int64_t size(int dim) const { return shape_.at(dim); }
  std::int64_t elements() const { return element_count(shape_); }
  DType dtype() const { return dtype_; }
  Device device() const;
  bool is_contiguous() const;
  bool shares_storage_with(const Tensor& other) const { return storage_ == other.storage_; }
  /// The memory behind this view; null where not defined.
  const Storage* storage() const { return storage_.get(); }

  std::int64_t version() const;
  const char* last_change() const;
  /// `operation` must be a string literal. Called by whoever writes through a view.
  void mark_changed(const char* operation) const;

  /// First element (of this view). Errors: T is not the tensor's type, or memory not on the host.
  template <typename T>
  const T* data() const;
  template <typename T>
  T* mutable_data(const char* operation = "mutable_data");

  ConstView view() const;
  /// For kernels that write a tensor just allocated: counts no change.
  View output_view() const;
  /// For kernels that change a tensor in place.
  View mutable_view(const char* operation);

  // Views: no copy, same storage.
  /// Same elements in row-major order; one size may be −1. Copies only where strides do not allow a
  /// view.
  Tensor reshape(const Shape& shape) const;
  Tensor flatten() const { return reshape({-1}); }
  Tensor transpose(int left, int right) const;
  /// Dimension i of the result is dimension order[i] of this one.
  Tensor permute(const Dims& order) const;
  /// Elements begin, begin+step, … < end of `dim`; begin and end count from the end where negative.
  Tensor slice(int dim, std::int64_t begin, std::int64_t end = Tensor::end,
               std::int64_t step = 1) const;
  /// Entry `index` of `dim`, which disappears.
  Tensor select(int dim, std::int64_t index) const;
  /// Repeats dimensions of size 1 (and new leading ones) without copying.
  Tensor expand(const Shape& shape) const;
  Tensor unsqueeze(int dim) const;
  Tensor squeeze(int dim) const;

  // Copies.
  /// This tensor if it is row-major already, else a row-major copy.
  Tensor contiguous() const;
  Tensor clone() const;
  /// This tensor if it has the type already, else a converted copy. f → i64 truncates; x → bool is
  /// x ≠ 0.
  Tensor to(DType dtype) const;
  Tensor to(Device device) const;

  // Changes in place.
  /// Copies values (converting the type); `source` is broadcast to this shape.
  void copy_(const Tensor& source, const char* operation = "copy_");
  void fill_(double value, const char* operation = "fill_");

  /// The only element, converted. Errors: more or fewer than one.
  template <typename T>
  T item() const;
  /// All elements in row-major order, converted.
  template <typename T>
  std::vector<T> to_vector() const;

 private:
  std::shared_ptr<Storage> storage_;
  Shape shape_;
  Strides strides_;
  std::int64_t offset_ = 0;
  DType dtype_ = DType::f32;
};

/// Nested brackets, long dimensions shortened to `edge` items at both ends, then type and shape.
std::string to_string(const Tensor& tensor, int edge = 3);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

/// Same shape, type and bits (NaNs with the same bits are equal).
bool same_bits(const Tensor& left, const Tensor& right);

}  // namespace heddle
