# llmops_layer(NAME LINKS...): the static library `llmops_NAME` of every source below this folder.
# A file that lies in a layer's folder is in the build: there is no second list to keep.
function(llmops_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/cli/main\\.cpp$")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(llmops_${name} STATIC ${sources})
  target_sources(llmops_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${headers})
  target_include_directories(llmops_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(llmops_${name} PRIVATE llmops_warnings)
  set_target_properties(llmops_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(llmops_${name} PUBLIC ${ARGN})
endfunction()
