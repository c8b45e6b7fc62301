#include "datasets/text/source.h"

#include <algorithm>

#include "datasets/text/utf8.h"

namespace llmops {

Source::Source(std::string file, std::string text)
    : file_(std::move(file)), text_(std::move(text)) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

std::string_view Source::line(std::size_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  const std::size_t start = line_starts_[number - 1];
  std::size_t end = number < line_starts_.size() ? line_starts_[number] - 1 : text_.size();
  if (end > start && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(start, end - start);
}

Mark Source::mark_of(std::size_t byte) const {
  byte = std::min(byte, text_.size());
  const auto next = std::ranges::upper_bound(line_starts_, byte);
  const auto line = static_cast<std::size_t>(next - line_starts_.begin());
  const std::size_t start = line_starts_[line - 1];
  const std::size_t column = code_points(std::string_view(text_).substr(start, byte - start)) + 1;
  return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column)};
}

Diagnostic Source::problem(Mark mark, std::string what, std::string expected, std::string help,
                           std::size_t width) const {
  return {.file = file_,
          .line = mark.line,
          .column = mark.column,
          .what = std::move(what),
          .expected = std::move(expected),
          .help = std::move(help),
          .line_text = std::string(line(mark.line)),
          .width = width};
}

}  // namespace llmops
