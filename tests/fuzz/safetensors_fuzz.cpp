#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const heddle::SafetensorsFile file(heddle::InputFile::in_memory("input", bytes));
    for (const heddle::SafetensorsFile::Entry& entry : file.entries()) {
      try {
        file.read(entry);
      } catch (const heddle::InputError&) {
        // A type or a rank that tensors do not have; the next one may be readable.
      }
    }
  } catch (const heddle::InputError&) {
    // The one answer a bad file may have.
  }
  return 0;
}
