#pragma once

// Before a loop: its iterations do not depend on each other, even where an output is an input, so
// the compiler may vectorise it without asking at run time whether memory overlaps.
#if defined(__clang__)
#define HEDDLE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define HEDDLE_INDEPENDENT _Pragma("GCC ivdep")
#endif
