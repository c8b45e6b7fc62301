#include "evaluators/metrics/text/patterns.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace llmops {

Pattern compile_pattern(Fields& fields, std::string_view key, const std::string& text,
                        bool ignore_case) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  auto pattern = std::make_shared<re2::RE2>(text, options);
  if (pattern->ok()) return pattern;
  fields.error(fields.mark(key),
               fmt::format("`{}` is no regular expression: {}", key, pattern->error()),
               "expected RE2 syntax", "RE2 has no back references and no look-around");
  return nullptr;
}

Pattern read_pattern(Fields& fields, std::string_view key, bool ignore_case) {
  const std::optional<std::string> text = fields.text(key);
  return text ? compile_pattern(fields, key, *text, ignore_case) : nullptr;
}

std::optional<std::string> last_match(const re2::RE2& pattern, std::string_view text) {
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece groups[2];
  const int wanted = pattern.NumberOfCapturingGroups() > 0 ? 2 : 1;
  std::optional<std::string> last;
  for (std::size_t at = 0; at <= text.size();) {
    if (!pattern.Match(whole, at, text.size(), re2::RE2::UNANCHORED, groups, wanted)) break;
    const re2::StringPiece& found = groups[wanted - 1];
    if (found.data() != nullptr) last = std::string(found.data(), found.size());
    const auto end = static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size();
    at = groups[0].empty() ? end + 1 : end;
  }
  return last;
}

}  // namespace llmops
