# LLMOPS_SANITIZE=address,undefined or thread, for everything in the tree.
if(LLMOPS_SANITIZE)
  add_compile_options(-fsanitize=${LLMOPS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LLMOPS_SANITIZE})
endif()
if(LLMOPS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
