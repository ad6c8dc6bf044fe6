#include "core/error.h"
#include "core/memory.h"

namespace heddle {

const MemoryFunctions& cuda_memory() {
  fail<Unavailable>("device cuda: this build has no CUDA backend; use cpu or sim");
}

}  // namespace heddle
