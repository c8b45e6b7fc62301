#include "prompts/template/texts.h"

#include <vector>

#include "prompts/template/library.h"
#include "prompts/template/python.h"

namespace llmops::jinja {

std::string capitalized(std::string_view text) {
  const std::vector<std::string_view> characters = python::characters(text);
  if (characters.empty()) return "";
  return python::upper(characters.front()) + python::lower(text.substr(characters.front().size()));
}

std::string titled(std::string_view text) {
  const auto separates = [](std::string_view c) {
    return c == "-" || c == "(" || c == "{" || c == "[" || c == "<" || python::strip(c).empty();
  };
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t word = 0;
    for (const std::string_view c : python::characters(rest)) {
      if (separates(c)) break;
      word += c.size();
    }
    out += capitalized(rest.substr(0, word));
    rest.remove_prefix(word);
    while (!rest.empty()) {
      const std::string_view c = python::characters(rest.substr(0, 4)).front();
      if (!separates(c)) break;
      out += c;
      rest.remove_prefix(c.size());
    }
  }
  return out;
}

std::string replaced(std::string_view text, std::string_view old, std::string_view with,
                     std::optional<std::int64_t> most) {
  std::string out;
  std::int64_t left = most && *most >= 0 ? *most : static_cast<std::int64_t>(text.size()) + 1;
  if (old.empty()) {  // between all characters, as str.replace does
    const std::vector<std::string_view> characters = python::characters(text);
    Budget::text(text.size() + (characters.size() + 1) * with.size());
    for (std::size_t i = 0; i <= characters.size(); ++i) {
      if (left-- > 0) out += with;
      if (i < characters.size()) out += characters[i];
    }
    return out;
  }
  for (std::size_t found = text.find(old); found != std::string_view::npos && left > 0;
       found = text.find(old), --left) {
    out += text.substr(0, found);
    out += with;
    Budget::text(out.size());
    text.remove_prefix(found + old.size());
  }
  return out += text;
}

std::string indented(std::string_view text, std::string_view by, bool first, bool blank) {
  const std::string closed =
      std::string(text) + "\n";  // so that a trailing line break keeps its empty line
  const std::vector<std::string_view> lines = python::split_lines(closed);
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i == 0 ? first : blank || !lines[i].empty()) out += by;
    out += lines[i];
    Budget::text(out.size());
  }
  return out;
}

std::string truncated(std::string_view text, std::int64_t length, bool kill_words,
                      std::string_view end, std::int64_t leeway) {
  const auto end_length = static_cast<std::int64_t>(python::characters(end).size());
  if (length < end_length) throw Refusal{"`truncate` is shorter than its ending", "", ""};
  if (leeway < 0) throw Refusal{"the leeway of `truncate` is below zero", "", ""};
  const std::vector<std::string_view> characters = python::characters(text);
  const auto size = static_cast<std::int64_t>(characters.size());
  if (size <= leeway || size - leeway <= length) return std::string(text);
  std::size_t bytes = 0;
  for (std::int64_t i = 0; i < length - end_length; ++i)
    bytes += characters[static_cast<std::size_t>(i)].size();
  std::string_view kept = text.substr(0, bytes);
  if (!kill_words) kept = kept.substr(0, kept.rfind(' '));
  return std::string(kept) + std::string(end);
}

}  // namespace llmops::jinja
