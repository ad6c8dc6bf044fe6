#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "data/word_vectors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const heddle::InputFile file = heddle::InputFile::in_memory("input", bytes);
  const std::array<std::string, 3> words = {"the", "a b", "x"};
  try {
    const heddle::WordVectors found = heddle::read_word_vectors(file, words);
    for (const std::int64_t row : found.rows) {
      if (row >= 0 && static_cast<std::size_t>((row + 1) * found.width) > found.values.size()) {
        __builtin_trap();
      }
    }
  } catch (const heddle::InputError&) {
    // The one answer a bad file may have.
  }
  return 0;
}
