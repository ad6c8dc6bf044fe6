# HEDDLE_CUDA: what there is of CUDA here. The CUDA backend is not written yet, so this changes no
# target; it sets HEDDLE_CUDA_TOOLKIT, which `heddle doctor` prints.
set(HEDDLE_CUDA_TOOLKIT "")
if(HEDDLE_CUDA)
  find_package(CUDAToolkit QUIET)
  if(CUDAToolkit_FOUND)
    set(HEDDLE_CUDA_TOOLKIT "${CUDAToolkit_VERSION}")
    message(STATUS "CUDA toolkit ${CUDAToolkit_VERSION} found in ${CUDAToolkit_BIN_DIR}. Heddle has no "
                   "CUDA kernels yet: this build has the backends cpu and sim, and `heddle doctor` "
                   "reports the toolkit and the driver.")
  else()
    message(WARNING "HEDDLE_CUDA=ON, but no CUDA toolkit was found (no nvcc on the PATH; name one with "
                    "-DCUDAToolkit_ROOT=DIR). The build goes on without it; Heddle has no CUDA kernels "
                    "yet, so nothing is lost.")
  endif()
endif()
