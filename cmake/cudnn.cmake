# cuDNN 9, for bench/peers alone: the library never uses it. Looked for where HEDDLE_CUDNN_ROOT says, in
# the CUDA toolkit, in the system's folders, and in what pip installs for PyTorch (nvidia/cudnn). Defines
# heddle::cudnn where it is found.
set(HEDDLE_CUDNN_ROOT "" CACHE PATH "Folder of cuDNN 9, with include/cudnn.h (bench/peers)")
set(cudnn_folders "${HEDDLE_CUDNN_ROOT}" ${CUDAToolkit_LIBRARY_ROOT} ${CUDAToolkit_TARGET_DIR})
if(HEDDLE_TORCH_PYTHON)
  execute_process(COMMAND "${HEDDLE_TORCH_PYTHON}" -c "import nvidia.cudnn; print(nvidia.cudnn.__path__[0])"
                  OUTPUT_VARIABLE python_cudnn OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_path(HEDDLE_CUDNN_INCLUDE cudnn_graph.h HINTS ${cudnn_folders} ${CUDAToolkit_INCLUDE_DIRS}
          PATHS "${python_cudnn}" PATH_SUFFIXES include)
find_library(HEDDLE_CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 NAMES_PER_DIR HINTS ${cudnn_folders} ${CUDAToolkit_LIBRARY_DIR}
             PATHS "${python_cudnn}" PATH_SUFFIXES lib lib64)
mark_as_advanced(HEDDLE_CUDNN_INCLUDE HEDDLE_CUDNN_LIBRARY)
if(NOT HEDDLE_CUDNN_INCLUDE OR NOT HEDDLE_CUDNN_LIBRARY)
  message(STATUS "cuDNN 9 was not found: the benchmark goes without it; name its folder with "
                 "-DHEDDLE_CUDNN_ROOT=DIR")
  return()
endif()
message(STATUS "cuDNN for the benchmark: ${HEDDLE_CUDNN_LIBRARY}")
add_library(heddle::cudnn UNKNOWN IMPORTED GLOBAL)
set_target_properties(heddle::cudnn PROPERTIES IMPORTED_LOCATION "${HEDDLE_CUDNN_LIBRARY}"
                                               INTERFACE_INCLUDE_DIRECTORIES "${HEDDLE_CUDNN_INCLUDE}")
