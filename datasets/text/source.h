#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/diagnostic.h"

namespace llmops {

// The text of a file and its name, for messages that point into it. A byte order mark is dropped.
class Source {
 public:
  Source(std::string file, std::string text);

  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }

  // Line (1-based) without its line break; empty beyond the end.
  std::string_view line(std::size_t number) const;
  // Place of a byte offset; the column counts code points.
  Mark mark_of(std::size_t byte) const;

  // A problem at a place of this text, with the line for its excerpt.
  Diagnostic problem(Mark mark, std::string what, std::string expected = "", std::string help = "",
                     std::size_t width = 1) const;

 private:
  std::string file_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace llmops
