# llmops_embed(TARGET HEADER NAME FILE...): text files as `std::string_view NAME_STEM` of the generated
# HEADER.cpp, declared by the HEADER.h that lies in the source tree. Run as a script (-P) it writes that file.
if(CMAKE_SCRIPT_MODE_FILE)
  set(out "// Generated from the files that its constants are named after.\n#include \"${HEADER}.h\"\n\nnamespace llmops {\n")
  foreach(file ${FILES})
    get_filename_component(stem ${file} NAME)
    string(REPLACE "." "_" stem ${stem})
    file(READ ${file} text)
    string(APPEND out "extern const std::string_view ${NAME}_${stem} = R\"embedded(${text})embedded\";\n")
  endforeach()
  file(WRITE ${OUT} "${out}}  // namespace llmops\n")
  return()
endif()

set(LLMOPS_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(llmops_embed target header name)
  set(files)
  foreach(file ${ARGN})
    list(APPEND files ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  get_filename_component(stem ${header} NAME)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cpp)
  add_custom_command(OUTPUT ${out} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DHEADER=${header} -DNAME=${name} "-DFILES=${files}" -P ${LLMOPS_EMBED_SCRIPT}
    DEPENDS ${files} ${LLMOPS_EMBED_SCRIPT})
  target_sources(${target} PRIVATE ${out})
  # Clang warns of literals above 64 KiB, which both compilers take.
  set_source_files_properties(${out} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
endfunction()
