#include "core/math.h"

#include "core/error.h"

namespace heddle {

std::string_view name_of(Math math) {
  switch (math) {
    case Math::f32:
      return "f32";
    case Math::tf32:
      return "tf32";
    case Math::bf16:
      return "bf16";
  }
  return "?";
}

Math math_named(std::string_view name) {
  for (const Math math : {Math::f32, Math::tf32, Math::bf16}) {
    if (name == name_of(math)) {
      return math;
    }
  }
  fail("math: got \"", name, "\", expected f32, tf32 or bf16");
}

}  // namespace heddle
