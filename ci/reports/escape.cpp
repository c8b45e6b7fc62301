#include "ci/reports/escape.h"

#include <algorithm>
#include <cctype>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

std::size_t longest_run(std::string_view text, char c) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char here : text) {
    run = here == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// U+FFFE and U+FFFF are no characters of XML 1.0 (section 2.2).
std::string without_noncharacters(std::string text) {
  for (const std::string_view bad : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (std::size_t at = 0; (at = text.find(bad, at)) != std::string::npos;)
      text.replace(at, bad.size(), "\xEF\xBF\xBD");
  return text;
}

}  // namespace

std::string escape_markup(std::string_view text) {
  std::string out;
  for (const char c : without_noncharacters(visible_lines(text))) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_markdown(std::string_view text) {
  const std::string plain = visible(text);
  const auto in_word = [&](std::size_t at) {
    return at > 0 && (std::isalnum(static_cast<unsigned char>(plain[at - 1])) != 0);
  };
  std::string out;
  for (std::size_t at = 0; at < plain.size(); ++at) {
    const char c = plain[at];
    const std::string_view rest = std::string_view(plain).substr(at);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '@' && !in_word(at))
      out += "&#64;";  // no mention of a person
    else if (rest.starts_with("://"))
      out += "&#58;";  // no link from a bare address
    else if (c == '.' && at >= 3 && plain.compare(at - 3, 3, "www") == 0)
      out += "&#46;";
    else if (std::string_view("\\`*_[]|#~").find(c) != std::string_view::npos)
      out += {'\\', c};
    else
      out += c;
  }
  return out;
}

std::string markdown_code(std::string_view text) {
  const std::string plain = visible(text);
  const std::string ticks(longest_run(plain, '`') + 1, '`');
  const bool padded = plain.empty() || plain.front() == '`' || plain.back() == '`';
  std::string out = ticks + (padded ? " " : "");
  for (const char c : plain) {
    if (c == '|') out += '\\';  // GitHub splits table cells before it reads code
    out += c;
  }
  return out + (padded ? " " : "") + ticks;
}

std::string markdown_block(std::string_view text) {
  const std::string plain = visible_lines(text);
  const std::string fence(std::max<std::size_t>(3, longest_run(plain, '`') + 1), '`');
  return fence + "text\n" + plain + (plain.empty() || plain.back() != '\n' ? "\n" : "") + fence +
         "\n";
}

std::string csv_text(std::string_view text) {
  std::string plain = visible_lines(text);
  constexpr std::string_view kFormula = "=+-@\t\r\n";
  // Spreadsheets skip blanks in front of a formula.
  const std::size_t first = plain.find_first_not_of(' ');
  if (first != std::string::npos && kFormula.find(plain[first]) != std::string_view::npos)
    plain.insert(0, 1, '\'');
  if (plain.find_first_of(",\"\n\r") == std::string::npos) return plain;
  std::string out = "\"";
  for (const char c : plain) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace llmops
