#include <iomanip>
#include <iostream>

#include "apps/commands.h"
#include "core/error.h"
#include "data/safetensors.h"

namespace heddle {

namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

/// A value of the metadata in one line that cannot upset a terminal.
std::string shortened(const std::string& value) {
  constexpr std::size_t longest = 60;
  std::string text;
  for (const char c : value.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return value.size() <= longest ? text : text + "… (" + std::to_string(value.size()) + " bytes)";
}

}  // namespace

int run(const InspectCommand& command) {
  const SafetensorsFile file = SafetensorsFile::open(command.file);
  std::int64_t without_checksum = 0;
  std::cout << command.file << ": " << file.entries().size() << " tensors, header "
            << file.header_bytes() << " bytes\n";
  for (const SafetensorsFile::Entry& entry : file.entries()) {
    const bool has_checksum = file.checksums().contains(entry.name);
    if (has_checksum) {
      static_cast<void>(file.read(entry));  // compares it
    }
    without_checksum += has_checksum ? 0 : 1;
    std::cout << "  " << std::left << std::setw(44) << shortened(entry.name) << ' ' << std::setw(5)
              << entry.dtype << ' ' << std::setw(18) << shape_text(entry.shape) << ' ' << std::right
              << std::setw(11) << entry.end - entry.begin << " bytes  "
              << (has_checksum ? "SHA-256 fits" : "no checksum") << '\n';
  }
  for (const auto& [key, value] : file.metadata()) {
    std::cout << "  metadata " << shortened(key) << ": " << shortened(value) << '\n';
  }
  for (const std::string& note : file.notes()) {
    std::cout << "  note: " << note << '\n';
  }
  check<InputError>(!command.strict || (file.notes().empty() && without_checksum == 0),
                    command.file, ": --strict: ", file.notes().size(), " notes, ", without_checksum,
                    " tensors without checksum; expected none of either");
  return 0;
}

}  // namespace heddle
