# heddle_library(NAME SOURCES … [PUBLIC …] [PRIVATE …] [HEADERS_ONLY …])
#
# The library of one folder: target heddle_NAME, alias heddle::NAME, its headers installed under
# include/heddle/NAME. PUBLIC: libraries of ours that its headers include. PRIVATE: compiled libraries
# used by its sources. HEADERS_ONLY: header libraries used by its sources, which who uses Heddle does
# not need; those that this system has in compiled form are PRIVATE all the same.
function(heddle_library name)
  cmake_parse_arguments(PARSE_ARGV 1 library "" "" "SOURCES;PUBLIC;PRIVATE;HEADERS_ONLY")
  if(library_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "heddle_library(${name}): unknown arguments ${library_UNPARSED_ARGUMENTS}")
  endif()
  set(target heddle_${name})
  add_library(${target} ${library_SOURCES})
  add_library(heddle::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(
    ${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
                     "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/heddle>")
  target_link_libraries(${target} PUBLIC ${library_PUBLIC} PRIVATE ${library_PRIVATE})
  foreach(header_library IN LISTS library_HEADERS_ONLY)
    get_target_property(type ${header_library} TYPE)
    if(type STREQUAL "INTERFACE_LIBRARY")
      set(header_library "$<BUILD_INTERFACE:${header_library}>")
    endif()
    target_link_libraries(${target} PRIVATE ${header_library})
  endforeach()
  heddle_precompile(${target})
  set_property(GLOBAL APPEND PROPERTY heddle_libraries ${target})
  install(TARGETS ${target} EXPORT heddle_targets)
  install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/heddle/${name}"
          FILES_MATCHING PATTERN "*.h" PATTERN "cpu" EXCLUDE PATTERN "cuda" EXCLUDE)
endfunction()
