# heddle::heddle, all libraries together, and the package that find_package(heddle) reads.
include(CMakePackageConfigHelpers)

get_property(heddle_libraries GLOBAL PROPERTY heddle_libraries)
add_library(heddle_all INTERFACE)
add_library(heddle::heddle ALIAS heddle_all)
set_target_properties(heddle_all PROPERTIES EXPORT_NAME heddle)
target_link_libraries(heddle_all INTERFACE ${heddle_libraries})

# What the installed static libraries are linked with; a library that is only headers is not among it.
set(HEDDLE_PACKAGE_DEPENDENCIES Threads PNG JPEG sndfile OpenSSL libzip)
get_target_property(toml_type tomlplusplus::tomlplusplus TYPE)
if(NOT toml_type STREQUAL "INTERFACE_LIBRARY")
  list(APPEND HEDDLE_PACKAGE_DEPENDENCIES tomlplusplus)
endif()

if(heddle_has_onnx)
  list(APPEND HEDDLE_PACKAGE_DEPENDENCIES Protobuf ONNX)
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/heddle")
configure_package_config_file(cmake/heddle_config.cmake.in "${PROJECT_BINARY_DIR}/heddle-config.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/heddle-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(TARGETS heddle_all EXPORT heddle_targets)
install(EXPORT heddle_targets NAMESPACE heddle:: DESTINATION "${package_dir}"
        FILE heddle-targets.cmake)
install(FILES "${PROJECT_BINARY_DIR}/heddle-config.cmake"
              "${PROJECT_BINARY_DIR}/heddle-config-version.cmake"
              third_party/dependencies.cmake
        DESTINATION "${package_dir}")
