# How each dependency is found: the system's package, or a prefix named with -DHEDDLE_<NAME>_ROOT=DIR
# (or CMAKE_PREFIX_PATH for all of them). Nothing is downloaded.
#
# One row per dependency: name for find_package | least version | target | header, where a package
# without CMake files is still usable | packages on Debian and Ubuntu | Fedora | Arch | conda-forge
#
# "HEADER:LIBRARY" stands for a compiled library whose CMake files, where there are any, cannot be
# relied upon: Debian's of libzip demand programs of another package.
set(heddle_dependency_table
    "Threads|-|Threads::Threads|-|libc6-dev|glibc-devel|glibc|sysroot_linux-64"
    "tomlplusplus|-|tomlplusplus::tomlplusplus|toml++/toml.h|libtomlplusplus-dev|tomlplusplus-devel|tomlplusplus|tomlplusplus"
    "nlohmann_json|3.7|nlohmann_json::nlohmann_json|nlohmann/json.hpp|nlohmann-json3-dev|json-devel|nlohmann-json|nlohmann_json"
    "CLI11|-|CLI11::CLI11|CLI/CLI.hpp|libcli11-dev|cli11-devel|cli11|cli11"
    "PNG|-|PNG::PNG|-|libpng-dev|libpng-devel|libpng|libpng"
    "JPEG|-|JPEG::JPEG|-|libjpeg-dev|libjpeg-turbo-devel|libjpeg-turbo|libjpeg-turbo"
    "sndfile|-|sndfile::sndfile|sndfile.h:sndfile|libsndfile1-dev|libsndfile-devel|libsndfile|libsndfile"
    "libzip|-|libzip::zip|zip.h:zip|libzip-dev|libzip-devel|libzip|libzip"
    "OpenSSL|3.0|OpenSSL::Crypto|-|libssl-dev|openssl-devel|openssl|openssl"
    "GTest|-|GTest::gtest_main|-|libgtest-dev|gtest-devel|gtest|gtest"
    "Eigen3|3.4|Eigen3::Eigen|-|libeigen3-dev|eigen3-devel|eigen|eigen"
    "benchmark|-|benchmark::benchmark|-|libbenchmark-dev|google-benchmark-devel|benchmark|benchmark"
    "Protobuf|-|protobuf::libprotobuf|-|libprotobuf-dev|protobuf-devel|protobuf|libprotobuf"
    "ONNX|-|onnx_proto|-|libonnx-dev|onnx-devel|onnx|onnx")

# A library that is only a header, where no CMake package describes it.
function(heddle_find_header name target header)
  find_path(HEDDLE_${name}_INCLUDE "${header}" HINTS "${HEDDLE_${name}_ROOT}" PATH_SUFFIXES include)
  mark_as_advanced(HEDDLE_${name}_INCLUDE)
  if(HEDDLE_${name}_INCLUDE)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} SYSTEM INTERFACE "${HEDDLE_${name}_INCLUDE}")
  endif()
endfunction()

# A compiled library, by header and library.
function(heddle_find_library name target header library)
  find_path(HEDDLE_${name}_INCLUDE "${header}" HINTS "${HEDDLE_${name}_ROOT}" PATH_SUFFIXES include)
  find_library(HEDDLE_${name}_LIBRARY "${library}" HINTS "${HEDDLE_${name}_ROOT}"
               PATH_SUFFIXES lib lib64)
  mark_as_advanced(HEDDLE_${name}_INCLUDE HEDDLE_${name}_LIBRARY)
  if(HEDDLE_${name}_INCLUDE AND HEDDLE_${name}_LIBRARY)
    add_library(${target} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${HEDDLE_${name}_LIBRARY}")
    target_include_directories(${target} SYSTEM INTERFACE "${HEDDLE_${name}_INCLUDE}")
  endif()
endfunction()

# Finds what is named; heddle_missing says what there is not. A macro, because find_package leaves its
# targets and variables in the scope of the call.
macro(heddle_look_for)
  set(heddle_missing "")
  foreach(heddle_wanted IN ITEMS ${ARGN})
    set(heddle_row "${heddle_dependency_table}")
    list(FILTER heddle_row INCLUDE REGEX "^${heddle_wanted}\\|")
    string(REPLACE "|" ";" heddle_row "${heddle_row}")
    list(GET heddle_row 1 heddle_version)
    list(GET heddle_row 2 heddle_target)
    list(GET heddle_row 3 heddle_header)
    if(heddle_version STREQUAL "-")
      set(heddle_version "")
    endif()
    if(HEDDLE_${heddle_wanted}_ROOT)
      set(${heddle_wanted}_ROOT "${HEDDLE_${heddle_wanted}_ROOT}")
    endif()
    if(heddle_header MATCHES "^(.+):(.+)$")
      if(NOT TARGET ${heddle_target})
        heddle_find_library(${heddle_wanted} ${heddle_target} ${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
      endif()
      set(heddle_header "-")
    elseif(NOT TARGET ${heddle_target})
      find_package(${heddle_wanted} ${heddle_version} QUIET)
    endif()
    if(NOT TARGET ${heddle_target} AND NOT heddle_header STREQUAL "-")
      heddle_find_header(${heddle_wanted} ${heddle_target} ${heddle_header})
    endif()
    if(NOT TARGET ${heddle_target})
      list(GET heddle_row 4 5 6 7 heddle_packages)
      list(APPEND heddle_missing "${heddle_wanted} ${heddle_version}|${heddle_packages}")
    endif()
  endforeach()
endmacro()

# Finds what is named; at the end one message says which packages are missing.
macro(heddle_find_dependencies)
  heddle_look_for(${ARGN})
  if(heddle_missing)
    heddle_report_missing("${heddle_missing}")
  endif()
endmacro()

# heddle_find_optional(RESULT OPTION NAMES…): RESULT is whether OPTION, a cache variable that is ON, OFF
# or AUTO, is not OFF and what is named was found. ON: it must be found.
macro(heddle_find_optional result option)
  set(${result} OFF)
  if(NOT "${${option}}" STREQUAL "OFF")
    heddle_look_for(${ARGN})
    if(NOT heddle_missing)
      set(${result} ON)
    elseif(NOT "${${option}}" STREQUAL "AUTO")
      heddle_report_missing("${heddle_missing}")
    endif()
  endif()
endmacro()

function(heddle_report_missing missing)
  set(names "")
  foreach(system IN ITEMS 0 1 2 3)
    set(packages_${system} "")
  endforeach()
  string(REPLACE "|" ";" missing "${missing}")
  while(missing)
    list(POP_FRONT missing name packages_of_0 packages_of_1 packages_of_2 packages_of_3)
    string(STRIP "${name}" name)
    list(APPEND names "${name}")
    foreach(system IN ITEMS 0 1 2 3)
      string(APPEND packages_${system} " ${packages_of_${system}}")
    endforeach()
  endwhile()
  list(JOIN names ", " names)
  message(FATAL_ERROR "Heddle: not found: ${names}. Install what is missing and configure again:\n"
                      "  Debian, Ubuntu   sudo apt-get install${packages_0}\n"
                      "  Fedora           sudo dnf install${packages_1}\n"
                      "  Arch             sudo pacman -S${packages_2}\n"
                      "  conda-forge      conda install -c conda-forge${packages_3}\n"
                      "or name where it is installed, for example -DHEDDLE_CLI11_ROOT=/opt/cli11.")
endfunction()
