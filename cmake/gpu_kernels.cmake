# heddle_gpu_sources(TARGET FILES … [BACKENDS …] [SM_90A])
#
# Adds CUDA sources to a library, compiled once for each backend: sim (always; g++ reads them as C++,
# with HEDDLE_BACKEND_SIM=1) and cuda (nvcc, with HEDDLE_BACKEND_CUDA=1; left out unless HEDDLE_CUDA).
# BACKENDS names fewer, for a file that only one of them can compile. May be called several times.
# SM_90A: nvcc compiles them for sm_90a in the place of sm_90, with HEDDLE_HAS_SM_90A=1, where that is among
# CMAKE_CUDA_ARCHITECTURES: instructions of 9.0 alone need it ("90a" code runs on no other card). For the
# other architectures, bodies that no launcher chooses.
# Each build is an object library, TARGET_BACKEND_N.
function(heddle_gpu_sources target)
  cmake_parse_arguments(PARSE_ARGV 1 gpu "SM_90A" "" "FILES;BACKENDS")
  if(gpu_UNPARSED_ARGUMENTS OR NOT gpu_FILES)
    message(FATAL_ERROR "heddle_gpu_sources(${target}): got ${ARGN}, expected FILES … [BACKENDS …] [SM_90A]")
  endif()
  if(NOT gpu_BACKENDS)
    set(gpu_BACKENDS sim cuda)
  endif()
  list(TRANSFORM gpu_FILES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" REGEX "^[^/]")
  foreach(backend IN LISTS gpu_BACKENDS)
    if((backend STREQUAL "cuda" AND NOT HEDDLE_CUDA) OR (backend STREQUAL "sim" AND NOT HEDDLE_SIM))
      continue()
    endif()
    set(gpu_backend ${backend})
    set(gpu_target ${target}_${backend})
    set(count 1)
    while(TARGET ${gpu_target}_${count})
      math(EXPR count "${count} + 1")
    endwhile()
    string(APPEND gpu_target _${count})
    # A source's language is a property within one directory, so each backend needs its own.
    add_subdirectory("${PROJECT_SOURCE_DIR}/cmake/gpu_backend"
                     "${CMAKE_CURRENT_BINARY_DIR}/${gpu_target}")
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${gpu_target}>)
  endforeach()
endfunction()
