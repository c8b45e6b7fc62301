# Compiles through ccache where it is installed.
find_program(LLMOPS_CCACHE ccache)
if(LLMOPS_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${LLMOPS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LLMOPS_CCACHE})
endif()
