#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <type_traits>

#include "core/bf16.h"
#include "core/error.h"

namespace heddle {

/// Element types; code that switches over types names them all. bf16 is a storage type: kernels of
/// the GPU backends read and write it and compute in f32; on the cpu it can be copied and
/// converted.
enum class DType : std::uint8_t { f32, f64, i64, boolean, bf16 };

std::size_t size_of(DType dtype);          // bytes per element
std::string_view name_of(DType dtype);     // "f32", "f64", "i64", "bool", "bf16"
DType dtype_named(std::string_view name);  // Errors: unknown name
inline bool is_floating(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f64 || dtype == DType::bf16;
}
std::ostream& operator<<(std::ostream& out, DType dtype);

template <typename T>
constexpr DType dtype_of() {
  using Plain = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<Plain, float>) {
    return DType::f32;
  } else if constexpr (std::is_same_v<Plain, double>) {
    return DType::f64;
  } else if constexpr (std::is_same_v<Plain, std::int64_t>) {
    return DType::i64;
  } else if constexpr (std::is_same_v<Plain, bf16>) {
    return DType::bf16;
  } else {
    static_assert(std::is_same_v<Plain, bool>,
                  "a tensor holds float, double, int64_t, bool or bf16");
    return DType::boolean;
  }
}

template <typename T>
struct TypeTag {
  using type = T;
};

/// Calls `body(TypeTag<T>{})` with T = float or double. Errors: any other type; names `what`.
template <typename Body>
decltype(auto) dispatch_floating(DType dtype, const char* what, Body&& body) {
  switch (dtype) {  // NOLINT(bugprone-branch-clone): a body may do the same for two types
    case DType::f32:
      return body(TypeTag<float>{});
    case DType::f64:
      return body(TypeTag<double>{});
    case DType::i64:
    case DType::boolean:
    case DType::bf16:
      break;
  }
  fail(what, ": got ", name_of(dtype), ", expected f32 or f64");
}

/// Calls `body(TypeTag<T>{})` with the C++ type of `dtype`.
template <typename Body>
decltype(auto) dispatch_any(DType dtype, Body&& body) {
  switch (dtype) {  // NOLINT(bugprone-branch-clone): a body may do the same for two types
    case DType::f32:
      return body(TypeTag<float>{});
    case DType::f64:
      return body(TypeTag<double>{});
    case DType::i64:
      return body(TypeTag<std::int64_t>{});
    case DType::bf16:
      return body(TypeTag<bf16>{});
    case DType::boolean:
      break;
  }
  return body(TypeTag<bool>{});
}

}  // namespace heddle
