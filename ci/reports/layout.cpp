#include "ci/reports/layout.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kGap = 2;

std::size_t width_of(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  const int type = u_charType(point);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) return 0;
  const int east_asian = u_getIntPropertyValue(point, UCHAR_EAST_ASIAN_WIDTH);
  return east_asian == U_EA_WIDE || east_asian == U_EA_FULLWIDTH ? 2 : 1;
}

// What stands before the decimal point, sign included; a text without one counts whole.
std::size_t before_point(const std::string& text) {
  return display_width(std::string_view(text).substr(0, text.find('.')));
}

struct Widths {
  std::size_t whole = 0;   // before the point
  std::size_t column = 0;  // of everything
};

Widths measure(const TextTable::Column& column,
               const std::vector<std::vector<TextTable::Cell>>& rows, std::size_t index) {
  Widths widths{0, display_width(column.header)};
  std::size_t fraction = 0;
  for (const auto& row : rows) {
    const std::string& text = row[index].text;
    const std::size_t whole = before_point(text);
    widths.whole = std::max(widths.whole, whole);
    fraction = std::max(fraction, display_width(text) - whole);
    widths.column = std::max(widths.column, display_width(text));
  }
  if (column.align == TextTable::Align::decimal) {
    widths.column = std::max(widths.column, widths.whole + fraction);
    widths.whole = widths.column - fraction;
  }
  return widths;
}

std::string blanks(std::size_t count) { return std::string(count, ' '); }

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const char32_t c : decode_utf8(text)) width += width_of(c);
  return width;
}

std::string fit(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  std::size_t used = 0;
  for (const char32_t c : decode_utf8(text)) {
    if (used + width_of(c) + 1 > width) break;
    used += width_of(c);
    append_utf8(out, c);
  }
  return out + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    if (word.empty()) continue;
    const std::size_t size = display_width(word);
    if (used > 0 && used + 1 + size > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) {
      lines.back() += ' ';
      ++used;
    }
    for (const char32_t c : decode_utf8(word)) {
      if (used > 0 && used + width_of(c) > width) {
        lines.emplace_back();
        used = 0;
      }
      append_utf8(lines.back(), c);
      used += width_of(c);
    }
  }
  return lines;
}

std::string_view head_bytes(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

std::string Paint::operator()(Tone tone, std::string_view text) const {
  if (!on || tone == Tone::plain || text.empty()) return std::string(text);
  const char* code = "";
  switch (tone) {
    case Tone::strong:
      code = "1";
      break;
    case Tone::dim:
      code = "2";
      break;
    case Tone::good:
      code = "32";
      break;
    case Tone::bad:
      code = "31";
      break;
    case Tone::doubtful:
      code = "33";
      break;
    case Tone::plain:
      break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string TextTable::render(std::size_t width, Paint paint) const {
  std::vector<Widths> widths;
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(measure(columns_[i], rows_, i));
    total += kGap + widths.back().column;
  }
  std::vector<bool> shown(columns_.size(), true);
  for (std::size_t i = columns_.size(); i-- > 0 && total > width;) {
    if (!columns_[i].optional) continue;
    shown[i] = false;
    total -= kGap + widths[i].column;
  }

  std::string out;
  // Blanks at the end of a line are held back, so that none is printed.
  const auto line = [&](const std::vector<Cell>& cells, bool header) {
    std::size_t pending = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!shown[i]) continue;
      const Cell& cell = cells[i];
      const std::size_t size = display_width(cell.text);
      std::size_t left = 0;
      if (columns_[i].align == Align::right || (columns_[i].align == Align::decimal && header))
        left = widths[i].column - size;
      else if (columns_[i].align == Align::decimal)
        left = widths[i].whole - before_point(cell.text);
      pending += kGap + left;
      if (!cell.text.empty()) {
        out += blanks(pending) + paint(cell.tone, cell.text);
        pending = 0;
      } else {
        left = std::min(left, widths[i].column);
      }
      pending += widths[i].column - std::min(widths[i].column, left + size);
    }
    out += '\n';
  };
  std::vector<Cell> header;
  for (const Column& column : columns_) header.push_back({column.header, Tone::dim});
  line(header, true);
  for (const auto& row : rows_) line(row, false);
  return out;
}

}  // namespace llmops
