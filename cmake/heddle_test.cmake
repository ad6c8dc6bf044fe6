# heddle_test(NAME SOURCES … LIBRARIES …)
#
# One test program per folder of tests/: target heddle_NAME_tests. Each GoogleTest in it is a test of
# ctest's, called NAME.Suite.Case; those whose suite's name ends in Slow carry the label `slow`.
# Sources may use the macro HEDDLE_SOURCE_DIR, the root of this tree, to find fixtures.
function(heddle_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "" "SOURCES;LIBRARIES")
  set(target heddle_${name}_tests)
  add_executable(${target} ${test_SOURCES})
  target_link_libraries(${target} PRIVATE ${test_LIBRARIES} GTest::gtest GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE "HEDDLE_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
  heddle_precompile(${target})
  foreach(kind IN ITEMS fast slow)
    set(filter "*Slow.*")
    set(timeout 1800)
    if(kind STREQUAL "fast")
      set(filter "-*Slow.*")
      set(timeout 300)
    endif()
    gtest_discover_tests(
      ${target}
      TEST_PREFIX "${name}."
      TEST_FILTER "${filter}"
      WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
      DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS "${kind}" TIMEOUT ${timeout} ENVIRONMENT "${heddle_test_environment}")
  endforeach()
endfunction()
