// Two columns: what stands on both sides breaks the lines of both; between two such breaks the
// lines of each side stand beside each other in their order.
#include <algorithm>
#include <string>
#include <vector>

#include "cli/prompt_changes.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

using Kind = DiffSpan::Kind;

struct Piece {
  Kind kind = Kind::same;
  std::string text;
};
using Line = std::vector<Piece>;

constexpr std::string_view kBetween = " | ";

struct Character {
  std::string text;
  std::size_t width = 0;
  Kind kind = Kind::same;
};

std::vector<Character> characters(const Line& line) {
  std::vector<Character> out;
  for (const Piece& piece : line) {
    for (const char32_t c : decode_utf8(visible_lines(piece.text))) {
      std::string text;
      append_utf8(text, c == U'\t' ? U' ' : c);
      const std::size_t width = terminal_columns(text);
      out.push_back({std::move(text), width, piece.kind});
    }
  }
  return out;
}

std::string painted(std::vector<Character>::const_iterator from,
                    std::vector<Character>::const_iterator to, std::size_t width, bool color,
                    bool pad) {
  std::string out;
  std::size_t used = 0;
  Kind kind = Kind::same;
  const auto turn = [&](Kind next) {
    if (color && kind != next) {
      if (kind != Kind::same) out += "\x1b[0m";
      if (next != Kind::same) out += next == Kind::removed ? "\x1b[31m" : "\x1b[32m";
    }
    kind = next;
  };
  for (; from != to; ++from) {
    turn(from->kind);
    out += from->text;
    used += from->width;
  }
  turn(Kind::same);
  if (pad && used < width) out.append(width - used, ' ');
  return out;
}

// Broken behind the last blank that fits, else where the column ends.
std::vector<std::string> broken(const Line& line, std::size_t width, bool color, bool pad) {
  const std::vector<Character> all = characters(line);
  std::vector<std::string> out;
  auto start = all.begin();
  while (true) {
    std::size_t used = 0;
    auto end = start;
    auto blank = all.end();
    while (end != all.end() && used + end->width <= width) {
      used += end->width;
      if (end->text == " ") blank = end;
      ++end;
    }
    if (end == all.end()) {
      out.push_back(painted(start, end, width, color, pad));
      return out;
    }
    if (blank != all.end() && blank != start) end = blank + 1;
    if (end == start) ++end;  // wider than the column
    out.push_back(painted(start, end, width, color, pad));
    start = end;
  }
}

class Columns {
 public:
  explicit Columns(const ScreenStyle& style)
      : width_((static_cast<std::size_t>(style.width) - kBetween.size() - 2) / 2),
        color_(style.color) {}

  void add(const DiffSpan& span) {
    for (std::size_t start = 0; start <= span.text.size();) {
      const std::size_t end = span.text.find('\n', start);
      const std::string part = span.text.substr(start, end - start);
      if (!part.empty()) put(span.kind, part);
      if (end == std::string::npos) break;
      line_break(span.kind);
      start = end + 1;
    }
  }

  std::string finish() {
    if (!left_.empty() || !right_.empty() || !lines_left_.empty() || !lines_right_.empty()) flush();
    return std::move(out_);
  }

 private:
  void put(Kind kind, const std::string& part) {
    if (kind == Kind::same && left_.empty() && right_.empty()) {  // beside each other again
      const std::size_t rows = std::max(lines_left_.size(), lines_right_.size());
      lines_left_.resize(rows);
      lines_right_.resize(rows);
    }
    if (kind != Kind::added)
      left_.push_back({kind, kind == Kind::same ? part : "[-" + part + "-]"});
    if (kind != Kind::removed)
      right_.push_back({kind, kind == Kind::same ? part : "{+" + part + "+}"});
  }

  void line_break(Kind kind) {
    if (kind == Kind::same) return flush();
    auto& line = kind == Kind::removed ? left_ : right_;
    auto& lines = kind == Kind::removed ? lines_left_ : lines_right_;
    lines.push_back(std::move(line));
    line.clear();
  }

  void flush() {
    lines_left_.push_back(std::move(left_));
    lines_right_.push_back(std::move(right_));
    left_.clear();
    right_.clear();
    const std::size_t rows = std::max(lines_left_.size(), lines_right_.size());
    for (std::size_t i = 0; i < rows; ++i) {
      const auto of = [&](const std::vector<Line>& lines, bool pad) {
        return broken(i < lines.size() ? lines[i] : Line{}, width_, color_, pad);
      };
      const std::vector<std::string> a = of(lines_left_, true);
      const std::vector<std::string> b = of(lines_right_, false);
      for (std::size_t k = 0; k < std::max(a.size(), b.size()); ++k) {
        std::string row = "  " + (k < a.size() ? a[k] : std::string(width_, ' '));
        row += kBetween;
        if (k < b.size()) row += b[k];
        row.erase(row.find_last_not_of(' ') + 1);
        out_ += row + "\n";
      }
    }
    lines_left_.clear();
    lines_right_.clear();
  }

  std::size_t width_;
  bool color_;
  Line left_, right_;
  std::vector<Line> lines_left_, lines_right_;
  std::string out_;
};

}  // namespace

std::string side_by_side(const MessageDiff& message, const ScreenStyle& style) {
  Columns columns(style);
  for (const DiffSpan& span : message.spans) columns.add(span);
  return columns.finish();
}

}  // namespace llmops
