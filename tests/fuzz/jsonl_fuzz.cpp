#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "data/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const heddle::InputFile file = heddle::InputFile::in_memory("input", bytes);
  try {
    static_cast<void>(heddle::read_jsonl(file));
  } catch (const heddle::InputError&) {
    // The one answer a bad file may have.
  }
  return 0;
}
