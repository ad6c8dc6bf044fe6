# heddle_gpu_sources(TARGET FILES … [BACKENDS …])
#
# Adds CUDA sources to a library, compiled once for each backend: sim (always; g++ reads them as C++,
# with HEDDLE_BACKEND_SIM=1) and cuda (nvcc, with HEDDLE_BACKEND_CUDA=1; left out unless HEDDLE_CUDA).
# BACKENDS names fewer, for a file that only one of them can compile. May be called several times.
# Each build is an object library, TARGET_BACKEND_N.
function(heddle_gpu_sources target)
  cmake_parse_arguments(PARSE_ARGV 1 gpu "" "" "FILES;BACKENDS")
  if(gpu_UNPARSED_ARGUMENTS OR NOT gpu_FILES)
    message(FATAL_ERROR "heddle_gpu_sources(${target}): got ${ARGN}, expected FILES … [BACKENDS …]")
  endif()
  if(NOT gpu_BACKENDS)
    set(gpu_BACKENDS sim cuda)
  endif()
  list(TRANSFORM gpu_FILES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" REGEX "^[^/]")
  foreach(backend IN LISTS gpu_BACKENDS)
    if(backend STREQUAL "cuda" AND NOT HEDDLE_CUDA)
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
