# What `cmake --install` and the Debian package hold. Completions and manual pages come from the
# program that was just built, so that they cannot differ from it.
set(manuals ${CMAKE_BINARY_DIR}/manuals)
add_custom_command(OUTPUT ${manuals}/llmops.bash ${manuals}/_llmops ${manuals}/llmops.fish ${manuals}/man/llmops.1
  COMMAND ${CMAKE_COMMAND} -E make_directory ${manuals}/man
  COMMAND llmops completion bash > ${manuals}/llmops.bash
  COMMAND llmops completion zsh > ${manuals}/_llmops
  COMMAND llmops completion fish > ${manuals}/llmops.fish
  COMMAND llmops man --output-dir ${manuals}/man --quiet > ${manuals}/written.txt
  DEPENDS llmops VERBATIM)
add_custom_target(llmops_manuals ALL DEPENDS ${manuals}/llmops.bash)

install(TARGETS llmops RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${manuals}/llmops.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME llmops)
install(FILES ${manuals}/_llmops DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${manuals}/llmops.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY ${manuals}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
install(FILES ci/reports/output.schema.json ci/serving/bench.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/llmops)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME llmops)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "llmops maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "gate for changes to prompts, models and serving stacks")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Loaded when first needed (datasets/text/lazy_library.h), so the linker does not name them.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4, libgit2-${LIBGIT2_SOVERSION}, libxml2")
# Loaded the same way (evaluators/encoder/onednn.cpp): without it an encoder is slower.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS libdnnl2)
# Loaded by `--store postgresql://...` alone.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS libpq5)
include(CPack)
