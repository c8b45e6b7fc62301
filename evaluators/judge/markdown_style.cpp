#include "evaluators/judge/markdown_style.h"

#include "prompts/tokens/token_counter.h"

namespace llmops {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

bool is_header(std::string_view line) {
  const std::size_t end = line.find_first_not_of('#');
  return end != std::string_view::npos && end >= 1 && end <= 6 && line[end] == ' ';
}

bool is_item(std::string_view line) {
  if (line.size() < 2) return false;
  if ((line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ') return true;
  std::size_t end = 0;
  while (end < line.size() && digit(line[end])) ++end;
  return end > 0 && end + 1 < line.size() && (line[end] == '.' || line[end] == ')') &&
         line[end + 1] == ' ';
}

// Pairs of a two-letter mark around a text that neither begins nor ends with a blank.
int pairs_of(std::string_view line, std::string_view mark) {
  int found = 0;
  std::size_t at = line.find(mark);
  while (at != std::string_view::npos) {
    const std::size_t inside = at + mark.size();
    const std::size_t close = line.find(mark, inside);
    if (close == std::string_view::npos) break;
    if (close == inside || line[inside] == ' ') {
      at = line.find(mark, inside);  // opens nothing
      continue;
    }
    if (line[close - 1] != ' ') ++found;
    at = line.find(mark, close + mark.size());
  }
  return found;
}

double relative(double a, double b, double more) {
  return a + b + more > 0 ? (a - b) / (a + b + more) : 0;
}

}  // namespace

MarkdownStyle markdown_style(std::string_view text) {
  MarkdownStyle style{.tokens = static_cast<double>(token_estimate().count(text))};
  bool code = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t start = line.find_first_not_of(" \t");
    line = start == std::string_view::npos ? std::string_view() : line.substr(start);
    if (line.starts_with("```")) {
      code = !code;
      continue;
    }
    if (code) continue;
    if (is_header(line)) ++style.headers;
    if (is_item(line)) ++style.lists;
    style.bold += pairs_of(line, "**") + pairs_of(line, "__");
  }
  return style;
}

std::array<double, 4> style_difference(std::string_view a, std::string_view b) {
  const MarkdownStyle one = markdown_style(a), two = markdown_style(b);
  const auto density = [](double count, const MarkdownStyle& style) {
    return style.tokens > 0 ? count / style.tokens : 0;
  };
  const auto of = [&](double MarkdownStyle::*count) {
    return relative(density(one.*count, one), density(two.*count, two), 1);
  };
  return {relative(one.tokens, two.tokens, 0), of(&MarkdownStyle::headers),
          of(&MarkdownStyle::lists), of(&MarkdownStyle::bold)};
}

}  // namespace llmops
