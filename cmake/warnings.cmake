# Warnings are errors, on GCC 12 and Clang 14 alike.
add_library(llmops_warnings INTERFACE)
target_compile_options(llmops_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  -Wunused -Wnull-dereference -Wdouble-promotion -Wformat=2 -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(llmops_warnings INTERFACE -Wduplicated-cond -Wlogical-op -Wuseless-cast)
  # GCC 12 reports these inside the standard library when it inlines with -O2 or a sanitizer.
  target_compile_options(llmops_warnings INTERFACE
    -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-dangling-pointer)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Clang 14 takes an explicit double{x} of a float for an implicit one; GCC checks the same rightly.
  target_compile_options(llmops_warnings INTERFACE -Wno-double-promotion)
endif()
