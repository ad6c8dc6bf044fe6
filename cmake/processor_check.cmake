# heddle_processor_check(TARGET): the program says so, and ends, where the processor is too old for it.
set(heddle_baseline_options "-march=x86-64;-mtune=generic;-O1;-fno-sanitize=all")

function(heddle_processor_check target)
  set(source "${PROJECT_SOURCE_DIR}/apps/processor_check.cpp")
  target_sources(${target} PRIVATE "${source}")
  set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "${heddle_baseline_options}"
                                                   SKIP_PRECOMPILE_HEADERS ON)
endfunction()
