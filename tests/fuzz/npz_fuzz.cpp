#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "data/npy.h"
#include "data/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const heddle::InputFile file = heddle::InputFile::in_memory("input", bytes);
  try {
    for (const std::string& name : heddle::npz_names(file)) {
      const std::string array = heddle::read_npz_member(file, name);
      heddle::read_npy(heddle::InputFile::in_memory(name, array));
    }
  } catch (const heddle::InputError&) {
    // The one answer a bad file may have.
  }
  return 0;
}
