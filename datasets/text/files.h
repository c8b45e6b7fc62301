#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "datasets/text/result.h"
#include "datasets/text/source.h"

namespace llmops {

// A whole file; gzip is unpacked by its magic bytes. Errors: missing, a folder, unreadable, broken
// gzip, larger than `most` bytes unpacked.
Result<Source> read_source(const std::filesystem::path& path, std::size_t most = 1ULL << 30);

// Bytes of a file piece by piece, gzip unpacked by its magic bytes. Memory does not grow with the
// file.
class ByteReader {
 public:
  static Result<std::unique_ptr<ByteReader>> open(const std::filesystem::path& path);
  ~ByteReader();
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  // Fills up to `size` bytes; 0 at the end. A broken gzip stream throws std::runtime_error that
  // names the file.
  std::size_t read(char* buffer, std::size_t size);
  const std::string& file() const;

 private:
  struct State;
  explicit ByteReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Lines of a file; the line break (LF or CRLF) is cut off.
class LineReader {
 public:
  static Result<LineReader> open(const std::filesystem::path& path);
  // False at the end of the file. The view lives until the next call. Throws as ByteReader does,
  // and where a line is longer than 256 MiB.
  bool next(std::string_view& line);
  std::size_t line_number() const { return line_number_; }    // of the line returned last, 1-based
  std::uint64_t byte_offset() const { return line_offset_; }  // where it starts, in unpacked bytes
  const std::string& file() const { return bytes_->file(); }

 private:
  explicit LineReader(std::unique_ptr<ByteReader> bytes) : bytes_(std::move(bytes)) {}
  bool fill();
  std::unique_ptr<ByteReader> bytes_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t line_number_ = 0;
  std::uint64_t line_offset_ = 0;
  std::uint64_t next_offset_ = 0;
  bool ended_ = false;
};

// Writes through `path.llmops-tmp` in the same folder: write, fsync, rename, fsync of the folder.
// Either the old file stands or the new one. Makes missing folders. A device or a pipe is written
// to as it stands; a symbolic link is followed. Throws std::runtime_error that names the file.
// `fill` may throw; then nothing is left behind.
void write_atomically(const std::filesystem::path& path, std::string_view content);
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(std::FILE*)>& fill);

// fwrite that throws when the disk is full.
void write_all(std::FILE* file, std::string_view bytes);

}  // namespace llmops
