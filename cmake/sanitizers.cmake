# HEDDLE_SANITIZE and HEDDLE_COVERAGE, for all targets, and the options tests run with.
set(heddle_test_environment "")
if(HEDDLE_SANITIZE)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${HEDDLE_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
  add_link_options(-fsanitize=${HEDDLE_SANITIZE})
  # Memory that cannot be had is an exception in Heddle, so the sanitizer must not end the program.
  list(APPEND heddle_test_environment
       "ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1"
       "UBSAN_OPTIONS=print_stacktrace=1" "TSAN_OPTIONS=second_deadlock_stack=1")
endif()
if(HEDDLE_COVERAGE)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:--coverage>)
  add_link_options(--coverage)
endif()
