#include "prompts/tokens/splitter.h"

#include <fmt/format.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>

namespace llmops {

struct Splitter::State {
  std::unique_ptr<icu::RegexPattern> pattern;
  Behavior behavior = Behavior::isolated;
  bool invert = false;
};

namespace {

// ICU's \s knows less white space than Unicode's property, which the other dialects mean.
std::string in_icu_syntax(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      const char c = pattern[++i];
      if (c == 's' || c == 'S')
        out += c == 's' ? "\\p{White_Space}" : "\\P{White_Space}";
      else
        out += {'\\', c};
    } else {
      out += pattern[i];
    }
  }
  return out;
}

icu::UnicodeString unicode(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

}  // namespace

Splitter::Splitter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Splitter::Splitter(Splitter&&) noexcept = default;
Splitter& Splitter::operator=(Splitter&&) noexcept = default;
Splitter::~Splitter() = default;

Result<Splitter> Splitter::make(std::string_view pattern, Behavior behavior, bool invert) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError place{};
  auto state = std::make_unique<State>();
  state->pattern.reset(
      icu::RegexPattern::compile(unicode(in_icu_syntax(pattern)), 0, place, status));
  if (U_FAILURE(status)) return problem(fmt::format("the pattern `{}` cannot be read", pattern));
  state->behavior = behavior;
  state->invert = invert;
  return Splitter(std::move(state));
}

std::string Splitter::replaced(const std::string& text, const std::string& content) const {
  const icu::UnicodeString whole = unicode(text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(state_->pattern->matcher(whole, status));
  icu::UnicodeString escaped;
  const icu::UnicodeString plain = unicode(content);
  for (std::int32_t i = 0; i < plain.length(); ++i) {
    if (plain[i] == u'$' || plain[i] == u'\\') escaped += u'\\';
    escaped += plain[i];
  }
  std::string out;
  const icu::UnicodeString result = matcher->replaceAll(escaped, status);
  if (U_FAILURE(status)) return text;
  result.toUTF8String(out);
  return out;
}

std::vector<std::string> Splitter::split(const std::string& text) const {
  const icu::UnicodeString whole = unicode(text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(state_->pattern->matcher(whole, status));
  struct Piece {
    std::int32_t begin, end;
    bool match;
  };
  std::vector<Piece> pieces;
  std::int32_t at = 0;
  while (U_SUCCESS(status) && matcher->find(status) != 0) {
    const std::int32_t begin = matcher->start(status);
    const std::int32_t end = matcher->end(status);
    if (begin == end) continue;
    if (begin > at) pieces.push_back({at, begin, state_->invert});
    pieces.push_back({begin, end, !state_->invert});
    at = end;
  }
  if (at < whole.length()) pieces.push_back({at, whole.length(), state_->invert});

  // What is done with the matches (the delimiters).
  std::vector<Piece> kept;
  for (const Piece& piece : pieces) {
    const bool joins =
        !kept.empty() &&
        ((state_->behavior == Behavior::merged_with_previous && piece.match &&
          !kept.back().match) ||
         (state_->behavior == Behavior::merged_with_next && !piece.match && kept.back().match) ||
         (state_->behavior == Behavior::contiguous && piece.match == kept.back().match));
    if (state_->behavior == Behavior::removed && piece.match) continue;
    if (joins) {
      kept.back().end = piece.end;
      kept.back().match = state_->behavior == Behavior::contiguous
                              ? piece.match
                              : state_->behavior == Behavior::merged_with_previous;
    } else {
      kept.push_back(piece);
    }
  }
  std::vector<std::string> out;
  for (const Piece& piece : kept) {
    std::string part;
    whole.tempSubStringBetween(piece.begin, piece.end).toUTF8String(part);
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace llmops
