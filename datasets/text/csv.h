#pragma once
// Separated values (RFC 4180, and its form with tabs), streamed.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/files.h"
#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

struct CsvCell {
  std::string text;
  Mark mark;  // where it starts; the opening quote of a quoted cell
};

// Records are separated by LF or CRLF; blank lines are skipped, and a byte order mark at the start.
// A cell whose first character is `"` runs to the closing quote: separators and line breaks stand
// for themselves in it, `""` is a quote. With commas a quote elsewhere is a problem, with tabs it
// stands for itself. Memory: the longest record, which may take 64 MiB.
class CsvReader {
 public:
  CsvReader(std::unique_ptr<ByteReader> bytes, char separator);

  // False at the end. A record that cannot be read is noted and skipped up to the next line break:
  // an unclosed quote, text after a closing quote, broken UTF-8, a NUL byte. Throws
  // std::runtime_error as ByteReader does.
  bool next(std::vector<CsvCell>& cells, Diagnostics& problems);

  // A problem at a place of the record read last.
  Diagnostic problem(Mark mark, std::string what, std::string expected = "", std::string help = "",
                     std::size_t width = 1) const;
  Mark start() const { return {static_cast<std::uint32_t>(line_), 1}; }
  Mark end() const;  // just after the last character of the record read last
  const std::string& file() const { return bytes_->file(); }

 private:
  enum class Outcome { record, more, broken };
  Outcome read_record(std::string_view rest, std::vector<CsvCell>& cells, Diagnostics& problems);
  Outcome quoted_cell(std::string_view rest, std::size_t& at, CsvCell& cell, Diagnostics& problems);
  Outcome broken(std::string_view rest, std::size_t at, Diagnostics& problems, std::string what,
                 std::string expected = "", std::string help = "");
  bool fill();
  Mark mark_at(std::string_view rest, std::size_t at);

  std::unique_ptr<ByteReader> bytes_;
  char separator_;
  std::string buffer_;
  std::size_t at_ = 0;         // start of the next record
  std::size_t record_at_ = 0;  // start of the record read last
  std::size_t size_ = 0;       // bytes that the record read last takes, line break included
  std::size_t line_ = 0;       // where it starts
  std::size_t next_line_ = 1;
  bool started_ = false;
  bool ended_ = false;
  std::size_t cursor_ = 0;  // mark_at has walked so far in the record
  Mark cursor_mark_;
};

}  // namespace llmops
