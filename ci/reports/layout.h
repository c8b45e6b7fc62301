#pragma once
// Text on a terminal: how wide it is, how it is cut and broken, and tables aligned on the decimal
// point.

#include <string>
#include <string_view>
#include <vector>

namespace llmops {

// Columns that a text takes; East Asian wide characters take two, combining marks none. The text
// holds no control characters (`visible` sees to that).
std::size_t display_width(std::string_view text);

// The text where it fits, else its beginning with an ellipsis.
std::string fit(std::string_view text, std::size_t width);

// Lines of at most `width` columns, broken at blanks (inside a word only where it is longer than a
// line). At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// At most `most` bytes of a text, cut between code points.
std::string_view head_bytes(std::string_view text, std::size_t most);

enum class Tone { plain, strong, dim, good, bad, doubtful };

// Puts colour around a text, where colours are wanted.
struct Paint {
  bool on = false;
  std::string operator()(Tone tone, std::string_view text) const;
};

class TextTable {
 public:
  enum class Align { left, right, decimal };
  struct Column {
    std::string header;
    Align align = Align::left;
    bool optional = false;  // left out where the table is too wide; the last such column first
  };
  struct Cell {
    std::string text;
    Tone tone = Tone::plain;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }  // one cell for each column
  bool empty() const { return rows_.empty(); }
  // Indented by two blanks, header line first, every line ended.
  std::string render(std::size_t width, Paint paint) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace llmops
