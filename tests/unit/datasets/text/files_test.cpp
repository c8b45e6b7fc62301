#include "datasets/text/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>

#include "tests/support/reference.h"

using namespace llmops;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_gzip(const fs::path& path, const std::string& text, const char* mode = "wb") {
  gzFile file = gzopen(path.c_str(), mode);
  REQUIRE(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) ==
          static_cast<int>(text.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

std::vector<std::string> lines(const fs::path& path) {
  std::vector<std::string> found;
  auto reader = LineReader::open(path);
  REQUIRE(reader);
  std::string_view line;
  while (reader->next(line)) found.emplace_back(line);
  return found;
}

}  // namespace

TEST_CASE("files: what cannot be read says why") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "folder");
  write_gzip(folder.path() / "whole.gz", std::string(100000, 'a') + "end");
  const std::string whole = content(folder.path() / "whole.gz");
  folder.write("cut.gz", std::string_view(whole).substr(0, whole.size() / 2));
  std::string flipped = whole;
  flipped[flipped.size() - 6] =
      static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // in the checksum
  folder.write("flipped.gz", flipped);
  folder.write("large", std::string(100, 'x'));
  struct Row {
    const char* name;
    std::size_t most;
    const char* what;
  };
  const Row rows[] = {
      {"nowhere",    1000000, "no such file"                            },
      {"large/x",    1000000, "Not a directory"                         },
      {"folder",     1000000, "is a folder"                             },
      {"cut.gz",     1000000, "broken gzip data: unexpected end of file"},
      {"flipped.gz", 1000000, "broken gzip data: incorrect data check"  },
      {"large",      99,      "larger than 99 bytes"                    },
      {"whole.gz",   1000,    "larger than 1000 bytes"                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<Source> source = read_source(folder.path() / row.name, row.most);
    REQUIRE_FALSE(source);
    CHECK(source.problems()[0].what == row.what);
    CHECK(source.problems()[0].file == (folder.path() / row.name).string());
  }
  if (::geteuid() == 0) return;  // root may read everything
  const fs::path secret = folder.write("secret", "x");
  ::chmod(secret.c_str(), 0);
  CHECK(read_source(secret).problems().at(0).what == "Permission denied");
}

TEST_CASE("files: whole files") {
  const TemporaryFolder folder;
  CHECK(read_source(folder.write("empty", ""))->text() == "");
  CHECK(read_source("/dev/null")->text() == "");
  const std::string bytes("a\0b\r\n\xFF", 6);
  CHECK(read_source(folder.write("bytes", bytes))->text() == bytes);
  CHECK(read_source(folder.write("marked", "\xEF\xBB\xBFx"))->text() == "x");
  write_gzip(folder.path() / "two.gz", "one ");
  write_gzip(folder.path() / "two.gz", "two", "ab");
  CHECK(read_source(folder.path() / "two.gz")->text() == "one two");
}

TEST_CASE("files: lines") {
  const TemporaryFolder folder;
  using Lines = std::vector<std::string>;
  CHECK(lines(folder.write("a", "")) == Lines{});
  CHECK(lines(folder.write("b", "\n")) == Lines{""});
  CHECK(lines(folder.write("c", "x\r\n\ny")) == Lines{"x", "", "y"});
  CHECK(lines(folder.write("d", "x\n")) == Lines{"x"});
  CHECK(lines(folder.write("e", std::string("a\0b\n\r", 5))) == Lines{std::string("a\0b", 3), ""});
  // Lines around the size of the buffer, and their places.
  Lines expected;
  std::string text;
  for (const std::size_t length : {65535U, 65536U, 65537U, 0U, 200000U, 3U}) {
    expected.emplace_back(length, 'x');
    text += expected.back() + "\n";
  }
  auto reader = LineReader::open(folder.write("f", text));
  REQUIRE(reader);
  std::string_view line;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; reader->next(line); ++i) {
    CHECK(line == expected.at(i));
    CHECK(reader->line_number() == i + 1);
    CHECK(reader->byte_offset() == offset);
    offset += line.size() + 1;
  }
}

TEST_CASE("files: an atomic write leaves the old file or the new one, and nothing else") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "new" / "deep" / "f.txt";
  write_atomically(file, "one");
  CHECK(content(file) == "one");
  CHECK_THROWS_AS(write_atomically(file,
                                   [](std::FILE* out) {
                                     write_all(out, "half");
                                     throw std::runtime_error("stop");
                                   }),
                  std::runtime_error);
  CHECK(content(file) == "one");
  CHECK(std::distance(fs::directory_iterator(file.parent_path()), {}) == 1);
  CHECK_THROWS_AS(write_atomically(file / "below", "x"), std::runtime_error);

  // Through a symbolic link, which stays one.
  const fs::path link = folder.path() / "link";
  fs::create_symlink(file, link);
  write_atomically(link, "two");
  CHECK(fs::is_symlink(link));
  CHECK(content(file) == "two");

  // A device is written to, not replaced.
  write_atomically("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));

  // So is a descriptor of this process, where its own writing stands.
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  REQUIRE(descriptor >= 0);
  CHECK(::write(descriptor, "one ", 4) == 4);
  for (const char* through : {"/dev/fd/", "/proc/self/fd/"})
    write_atomically(through + std::to_string(descriptor), "two ");
  CHECK(::write(descriptor, "three", 5) == 5);
  ::close(descriptor);
  CHECK(content(file) == "one two two three");
}
