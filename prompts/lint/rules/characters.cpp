// Rules about characters that nobody sees: they hide text from reviewers and from diffs.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "datasets/text/utf8.h"
#include "prompts/lint/lint.h"
#include "prompts/template/place.h"

namespace llmops {
namespace {

// Unicode Standard Annex 9: embeddings, overrides, isolates, marks.
bool is_bidi(char32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
         c == 0x200F || c == 0x061C;
}

bool is_invisible(char32_t c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
         (c >= 0x7F && c < 0xA0 && c != 0x85) || c == 0xAD || c == 0x034F || c == 0x115F ||
         c == 0x1160 || c == 0x17B4 || c == 0x17B5 || c == 0x180E || c == 0x200B ||
         (c >= 0x2060 && c <= 0x2064) || (c >= 0x206A && c <= 0x206F) || c == 0x3164 ||
         c == 0xFEFF || c == 0xFFA0 || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE01EF);
}

// A joiner belongs between letters of scripts that join, and inside emoji; not beside ASCII.
bool is_stray_joiner(char32_t before, char32_t c, char32_t after) {
  return (c == 0x200C || c == 0x200D) && (before < 0x80 || after < 0x80);
}

using Wanted = std::function<bool(char32_t before, char32_t c, char32_t after)>;

struct Run {
  std::size_t code_point = 0;  // index of its first
  std::size_t length = 0;
  char32_t first = 0;
};

std::vector<Run> runs(const std::vector<char32_t>& text, const Wanted& wanted) {
  std::vector<Run> found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t before = i > 0 ? text[i - 1] : U' ';
    const char32_t after = i + 1 < text.size() ? text[i + 1] : U' ';
    if (!wanted(before, text[i], after)) continue;
    if (!found.empty() && found.back().code_point + found.back().length == i)
      ++found.back().length;
    else
      found.push_back({i, 1, text[i]});
  }
  return found;
}

std::string described(const Run& run, std::string_view kind) {
  if (run.length == 1) return fmt::format("U+{:04X}, {}", static_cast<unsigned>(run.first), kind);
  return fmt::format("{} times {}, the first is U+{:04X}", run.length, kind,
                     static_cast<unsigned>(run.first));
}

void texts_of(const Value& value, std::vector<const Value*>& texts) {
  if (value.is_string()) texts.push_back(&value);
  if (const List* items = value.list())
    for (const Value& item : *items) texts_of(item, texts);
  if (const Object* members = value.object())
    for (const Member& member : *members) texts_of(member.value, texts);
}

void check(const LintSubject& subject, LintFindings& findings, const Wanted& wanted,
           std::string_view kind, const std::string& help) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  const std::size_t lines = subject.source.mark_of(subject.source.text().size()).line;
  for (std::size_t number = 1; number <= lines; ++number) {
    std::string_view line = subject.source.line(number);
    std::uint32_t column = 1;
    if (number == 1 &&
        line.starts_with("\xEF\xBB\xBF")) {  // a byte order mark at the start is no text
      line.remove_prefix(3);
      ++column;
    }
    for (const Run& run : runs(decode_utf8(line), wanted)) {
      const Mark mark{static_cast<std::uint32_t>(number),
                      column + static_cast<std::uint32_t>(run.code_point)};
      seen.emplace(mark.line, mark.column);
      findings.add(mark, described(run, kind), "", help, run.length);
    }
  }
  // Escapes of quoted texts: "\u202e".
  std::vector<const Value*> texts;
  texts_of(subject.value, texts);
  for (const Value* value : texts) {
    const std::string& text = *value->string();
    const std::vector<char32_t> decoded = decode_utf8(text);
    for (const Run& run : runs(decoded, wanted)) {
      std::string before;
      for (std::size_t i = 0; i < run.code_point; ++i) append_utf8(before, decoded[i]);
      const Mark mark = place_in_source(subject.source, value->mark(), text, before.size());
      if (seen.emplace(mark.line, mark.column).second && mark.line > 0)
        findings.add(mark, described(run, kind), "", help);
    }
  }
}

void bidi(const LintSubject& subject, LintFindings& findings) {
  check(
      subject, findings, [](char32_t, char32_t c, char32_t) { return is_bidi(c); },
      "a bidirectional control",
      "it makes text appear in another order than the model reads it: take it out");
}

void invisible(const LintSubject& subject, LintFindings& findings) {
  check(
      subject, findings,
      [](char32_t before, char32_t c, char32_t after) {
        return is_invisible(c) || is_stray_joiner(before, c, after);
      },
      "an invisible character", "nobody sees it, and the model reads it: take it out");
}

}  // namespace

extern const LintRule kBidiControl, kInvisibleCharacter;

const LintRule kBidiControl{"bidi-control", Severity::error, "no bidirectional control characters",
                            &bidi};
const LintRule kInvisibleCharacter{"invisible-character", Severity::warning,
                                   "no invisible characters", &invisible};

}  // namespace llmops
