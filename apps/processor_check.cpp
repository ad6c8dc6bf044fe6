// Linked into every program of ours. On a processor older than the one the program was compiled
// for, it ends with a message instead of an illegal instruction. It runs before the program's other
// initialisers, is compiled for any x86-64 (cmake/processor_check.cmake), and calls C alone: an
// inline function of C++ may be shared with code that was compiled for AVX2.
#include <string.h>
#include <unistd.h>

#include "core/processor.h"

namespace {

void write_error(const char* text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) {
    return;  // nobody to tell
  }
}

__attribute__((constructor(101))) void check_processor() {
  const char* const missing = heddle::missing_instruction_set();
  if (missing != nullptr) {
    write_error("heddle: this processor lacks ");
    write_error(missing);
    write_error(
        ", which this program was compiled for. It needs an x86-64-v3 processor: Intel since 2013 "
        "(Haswell), AMD since 2015 (Excavator, Zen).\n");
    _exit(1);
  }
}

}  // namespace
