// What `cmake --install` and the Debian package put where, in folders of the test's own.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

CliRun shell(const TemporaryFolder& folder, const std::string& script) {
  return run_program({"sh", "-ec", script},
                     {.folder = folder.path(), .limit = std::chrono::seconds(110)});
}

// The folder that the program was built in.
std::string build_folder(const TemporaryFolder& folder) {
  const CliRun found = shell(folder, "dirname \"$(readlink -f \"$(command -v llmops)\")\"");
  REQUIRE(found.code == 0);
  return found.out.substr(0, found.out.find('\n'));
}

constexpr const char* kInstalled[] = {
    "bin/llmops",
    "share/man/man1/llmops.1",
    "share/man/man1/llmops-eval.1",
    "share/bash-completion/completions/llmops",
    "share/zsh/vendor-completions/_llmops",
    "share/fish/vendor_completions.d/llmops.fish",
    "share/llmops/output.schema.json",
    "share/llmops/bench.schema.json",
    "share/doc/llmops/copyright",
};

}  // namespace

TEST_CASE("install: the program, its pages and completions, and it runs from there") {
  const TemporaryFolder folder;
  const std::string build = build_folder(folder);
  const CliRun installed =
      shell(folder, "cmake --install '" + build + "' --prefix \"$PWD/prefix\"");
  REQUIRE_MESSAGE(installed.code == 0, (installed.out + installed.err));
  for (const char* file : kInstalled)
    CHECK_MESSAGE(fs::exists(folder.path() / "prefix" / file), file);
  const CliRun run =
      shell(folder, "prefix/bin/llmops init p >out && cd p && ../prefix/bin/llmops eval");
  CHECK_MESSAGE(run.code == 0, (run.out + run.err));
}

TEST_CASE("package: the Debian package names what it needs, installs and leaves nothing behind") {
  const TemporaryFolder folder;
  const std::string build = build_folder(folder);
  if (shell(folder, "command -v dpkg-shlibdeps && test \"$(id -u)\" = 0").code != 0) {
    MESSAGE("[skipped] needs root and dpkg-dev: the package is installed into a root of its own");
    return;
  }
  const CliRun packed =
      shell(folder, "cpack --config '" + build +
                        "/CPackConfig.cmake' -G DEB -B \"$PWD/packed\" && "
                        "cp packed/*.deb llmops.deb && dpkg-deb --field llmops.deb");
  REQUIRE_MESSAGE(packed.code == 0, (packed.out + packed.err));
  for (const char* library :
       {"libcurl4", "libgit2-1.5", "libxml2", "libsqlite3-0", "libtbb12", "libyaml-cpp0.7"})
    CHECK_MESSAGE(packed.out.find(library) != std::string::npos, packed.out);
  const CliRun added = shell(folder,
                             "mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates\n"
                             "touch root/var/lib/dpkg/status root/var/lib/dpkg/available\n"
                             "dpkg --root=root --force-depends --install llmops.deb");
  REQUIRE_MESSAGE(added.code == 0, (added.out + added.err));
  for (const char* file : kInstalled)
    CHECK_MESSAGE(fs::exists(folder.path() / "root/usr" / file), file);
  CHECK(shell(folder, "root/usr/bin/llmops --version").code == 0);
  const CliRun removed =
      shell(folder, "dpkg --root=root --purge llmops && find root -name '*llmops*'");
  CHECK_MESSAGE(removed.code == 0, (removed.out + removed.err));
  CHECK_MESSAGE(removed.out.find("root/") == std::string::npos, removed.out);
}
