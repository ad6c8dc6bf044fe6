#pragma once

namespace heddle {

/// The first instruction set this library is compiled for that this processor lacks, such as
/// "AVX2"; null where it has them all. May be called before anything else, on any x86-64 processor.
const char* missing_instruction_set() noexcept;

}  // namespace heddle
