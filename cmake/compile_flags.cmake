# Flags of every target of ours. -ffp-contract=off: whether a·b+c is rounded once or twice must not be
# the compiler's choice, since it changes bits; kernels that want one rounding write std::fma.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  message(FATAL_ERROR "Heddle: got processor ${CMAKE_SYSTEM_PROCESSOR}; its CPU kernels need x86-64 with AVX2 and FMA.")
endif()
if(HEDDLE_NATIVE)
  set(heddle_march -march=native)
else()
  set(heddle_march -march=x86-64-v3)
endif()

# What nvcc compiles has flags of its own (cmake/cuda_toolkit.cmake).
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${heddle_march};-ffp-contract=off;-Wall;-Wextra;-Wshadow;-Wconversion>")
# -O3 makes the whole library a tenth slower to compile and only the CPU kernels faster; they ask for it.
add_compile_options($<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-O2>)
if(HEDDLE_WERROR)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's optimiser finds these where there is nothing to find, mostly in inlined strings and
    # vectors, and each version in other places. They are shown, but do not fail a build.
    foreach(warning IN ITEMS array-bounds free-nonheap-object restrict maybe-uninitialized
                             stringop-overflow stringop-overread)
      add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-error=${warning}>)
    endforeach()
  endif()
endif()
