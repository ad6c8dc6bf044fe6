#pragma once

namespace heddle::sim {

/// A line of a kernel: where it waits, or reaches into memory.
struct Place {
  const char* file = "";
  unsigned line = 0;

  static constexpr Place current(const char* file = __builtin_FILE(),
                                 unsigned line = __builtin_LINE()) {
    return {file, line};
  }
  bool operator==(const Place& other) const { return line == other.line && file == other.file; }
};

}  // namespace heddle::sim
