#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "data/tsv.h"

namespace {

template <typename Body>
void try_to(const Body& body) {
  try {
    body();
  } catch (const heddle::InputError&) {
    // The one answer a bad file may have.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_to([&] {
    const heddle::Table table = heddle::read_tsv(heddle::InputFile::in_memory("input", bytes));
    const std::size_t columns = std::min<std::size_t>(table.columns().size(), 8);
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string& column = table.columns()[i];
      if (static_cast<std::int64_t>(table.text(column).size()) != table.rows()) {
        __builtin_trap();
      }
      try_to([&] { table.integers(column); });
      try_to([&] { table.numbers(column); });
    }
  });
  return 0;
}
