#include "evaluators/encoder/fingerprint.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

std::size_t files_in(const fs::path& folder) {
  std::size_t count = 0;
  std::error_code none;
  for (const auto& entry : fs::recursive_directory_iterator(folder, none))
    count += entry.is_regular_file() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("fingerprint: content and name count, place and time do not") {
  const test::TemporaryFolder folder;
  const fs::path one = folder.write("a/config.json", "{}"),
                 same = folder.write("b/config.json", "{}");
  CHECK(fingerprint({one}) == fingerprint({same}));
  CHECK(fingerprint({one}) != fingerprint({folder.write("c/config.json", "{ }")}));
  CHECK(fingerprint({one}) != fingerprint({folder.write("a/other.json", "{}")}));
  const std::string hash(64, 'a');
  const fs::path blob = folder.write("blobs/" + hash, "x");
  fs::create_symlink(blob, folder.path() / "config.json");
  fs::resize_file(blob, 0);  // its name says what it held
  const std::string by_name = fingerprint({folder.path() / "config.json"});
  folder.write("blobs/" + hash, "y");
  CHECK(fingerprint({folder.path() / "config.json"}) == by_name);
}

TEST_CASE("fingerprint: the hash of a large file that has not changed is kept") {
  const test::TemporaryFolder folder;
  const fs::path kept = folder.path() / "kept", large = folder.path() / "large";
  std::ofstream(large) << "head";
  fs::resize_file(large, 17U << 20);
  const std::string before = fingerprint({large}, kept);
  CHECK(before == fingerprint({large}));
  // A file that was written a moment ago may change again within a tick: nothing is kept yet.
  CHECK(files_in(kept) == 0);

  const std::time_t later = std::time(nullptr) + 60;
  CHECK(fingerprint({large}, kept, later) == before);
  REQUIRE(files_in(kept) == 1);

  // What is kept is believed: the file is not read again.
  const fs::path entry = fs::directory_iterator(kept)->path();
  std::ofstream(entry) << std::string(64, '0');
  CHECK(fingerprint({large}, kept, later) != before);
  std::ofstream(entry) << "cut off";
  CHECK(fingerprint({large}, kept, later) == before);
  std::ofstream(large, std::ios::in) << "tail";
  CHECK(fingerprint({large}, kept, later) != before);

  const fs::path small = folder.write("small", "s");
  CHECK(fingerprint({small}, kept, later) == fingerprint({small}));
  CHECK(files_in(kept) == 2);  // one for each state of the large file
}
