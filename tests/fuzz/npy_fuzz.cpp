#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    heddle::read_npy(heddle::InputFile::in_memory("input", bytes));
    heddle::read_npy(heddle::InputFile::in_memory("input", bytes), heddle::DType::f32);
  } catch (const heddle::InputError&) {
    // The one answer a bad file may have.
  }
  return 0;
}
