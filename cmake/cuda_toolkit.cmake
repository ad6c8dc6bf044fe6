# HEDDLE_CUDA: the CUDA compiler and libraries, and the flags of what nvcc compiles. Sets for
# core/build_info HEDDLE_CUDA_TOOLKIT (version) and HEDDLE_CUDA_ARCHITECTURES ("75-real 90": code for
# 7.5; code and PTX for 9.0), both empty without CUDA.
set(HEDDLE_CUDA_TOOLKIT "")
set(HEDDLE_CUDA_ARCHITECTURES "")
if(NOT HEDDLE_CUDA)
  return()
endif()

# nvcc is looked for where the user said, on the PATH, and in /usr/local/cuda; enable_language alone
# would not look at CUDAToolkit_ROOT.
if(NOT CMAKE_CUDA_COMPILER)
  find_package(CUDAToolkit QUIET)
  if(NOT CUDAToolkit_NVCC_EXECUTABLE)
    message(FATAL_ERROR
              "Heddle: HEDDLE_CUDA=ON, but no CUDA toolkit was found: there is no nvcc on the PATH nor in "
              "/usr/local/cuda. Install one (version 12 or newer, https://developer.nvidia.com/cuda-downloads), "
              "name it with -DCUDAToolkit_ROOT=DIR (the folder with bin/nvcc), or build without "
              "-DHEDDLE_CUDA=ON.")
  endif()
  set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}" CACHE FILEPATH "The CUDA compiler, nvcc")
endif()
# One compiler for host code on both sides, so that what is inline means the same in both.
if(NOT CMAKE_CUDA_HOST_COMPILER)
  set(CMAKE_CUDA_HOST_COMPILER "${CMAKE_CXX_COMPILER}" CACHE FILEPATH "nvcc's compiler of host code")
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 90 CACHE STRING "GPUs to compile for; see the preset `portable`")
endif()
if(CMAKE_CXX_COMPILER_LAUNCHER AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${CMAKE_CXX_COMPILER_LAUNCHER}")
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
enable_language(CUDA)
# Not before enable_language, whose check of the compiler does not know the standards yet; and CMake
# 3.25 never learns that nvcc has this one.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
find_package(CUDAToolkit REQUIRED)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.0)
  message(FATAL_ERROR "Heddle: got nvcc ${CMAKE_CUDA_COMPILER_VERSION} (${CMAKE_CUDA_COMPILER}), expected 12.0 "
                      "or newer, the first that compiles C++20; name another with -DCUDAToolkit_ROOT=DIR.")
endif()
set(HEDDLE_CUDA_TOOLKIT "${CUDAToolkit_VERSION}")
list(JOIN CMAKE_CUDA_ARCHITECTURES " " HEDDLE_CUDA_ARCHITECTURES)
message(STATUS "CUDA ${CUDAToolkit_VERSION} (${CMAKE_CUDA_COMPILER}) for sm: ${HEDDLE_CUDA_ARCHITECTURES}")
# cuBLAS is a shared library and need not be where the loader looks.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

# --fmad=false is nvcc's -ffp-contract=off. --ftz=false keeps subnormal numbers; divisions and roots are
# rounded right by default. -lineinfo costs nothing at run time and gives profilers and
# compute-sanitizer the lines. The host's warnings about nvcc's own generated code are left out:
# -Wshadow and -Wconversion see our host code where g++ compiles the same file for backend sim.
set(heddle_cuda_options -lineinfo --expt-relaxed-constexpr --ftz=false --fmad=false
                        -Xcompiler=-Wall,-Wextra,-ffp-contract=off)
if(HEDDLE_WERROR)
  list(APPEND heddle_cuda_options -Werror=all-warnings -Xcompiler=-Werror)
endif()
if(HEDDLE_SANITIZE)
  # nvcc splits what follows -Xcompiler at commas.
  string(REPLACE "," ";" sanitizers "${HEDDLE_SANITIZE}")
  foreach(sanitizer IN LISTS sanitizers)
    list(APPEND heddle_cuda_options -Xcompiler=-fsanitize=${sanitizer})
  endforeach()
  list(APPEND heddle_cuda_options -Xcompiler=-fno-omit-frame-pointer)
endif()
if(HEDDLE_COVERAGE)
  list(APPEND heddle_cuda_options -Xcompiler=--coverage)
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:${heddle_cuda_options}>")
