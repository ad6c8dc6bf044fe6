#include "core/dtype.h"

#include <ostream>

namespace heddle {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return sizeof(float);
    case DType::f64:
      return sizeof(double);
    case DType::i64:
      return sizeof(std::int64_t);
    case DType::bf16:
      return sizeof(bf16);
    case DType::boolean:
      break;
  }
  return sizeof(bool);
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::i64:
      return "i64";
    case DType::bf16:
      return "bf16";
    case DType::boolean:
      break;
  }
  return "bool";
}

DType dtype_named(std::string_view name) {
  for (const DType dtype : {DType::f32, DType::f64, DType::i64, DType::boolean, DType::bf16}) {
    if (name == name_of(dtype)) {
      return dtype;
    }
  }
  fail<InputError>("type: got \"", name, "\", expected f32, f64, i64, bool or bf16");
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

}  // namespace heddle
