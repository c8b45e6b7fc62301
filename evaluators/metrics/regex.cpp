// Regex: the output matches a pattern; or what a group of the pattern captures equals a reference.
// Cost: RE2, linear in the output for a given pattern.
#include <fmt/format.h>
#include <re2/re2.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/patterns.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"pattern", "match", "ignore_case", "group", "all"};

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

bool matches(const re2::RE2& pattern, std::string_view text, bool full) {
  return full ? re2::RE2::FullMatch(piece(text), pattern)
              : re2::RE2::PartialMatch(piece(text), pattern);
}

// What a group captures in the first match; nothing where the pattern does not match or the group
// takes no part.
std::optional<std::string_view> captured(const re2::RE2& pattern, std::string_view text, bool full,
                                         int group) {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(group) + 1);
  const auto anchor = full ? re2::RE2::ANCHOR_BOTH : re2::RE2::UNANCHORED;
  if (!pattern.Match(piece(text), 0, text.size(), anchor, groups.data(), group + 1))
    return std::nullopt;
  const re2::StringPiece& found = groups.back();
  if (found.data() == nullptr) return std::nullopt;
  return std::string_view(found.data(), found.size());
}

// The number of the group that `group` names; -1 where there is none, which is noted.
int read_group(Fields& fields, const std::string& given, const re2::RE2& pattern) {
  const auto& names = pattern.NamedCapturingGroups();
  if (const auto found = names.find(given); found != names.end()) return found->second;
  const int groups = pattern.NumberOfCapturingGroups();
  for (int number = 0; number <= groups; ++number)
    if (std::to_string(number) == given) return number;
  fields.error(fields.mark("group"), fmt::format("the pattern has no group `{}`", given),
               fmt::format("expected a number from 0 to {}, or a group's name", groups));
  return -1;
}

std::unique_ptr<Metric> make(Fields& fields) {
  constexpr std::string_view kMatch[] = {"partial", "full"};
  const bool full = fields.one_of("match", kMatch).value_or("partial") == "full";
  const bool ignore_case = fields.boolean("ignore_case").value_or(false);
  const bool all = fields.boolean("all").value_or(false);
  const std::vector<std::string> texts = fields.texts("pattern");
  const std::optional<std::string> group_name = fields.text("group");
  if (texts.empty() && !fields.has("pattern"))
    fields.missing("pattern", "an RE2 pattern, or a list of them");
  std::vector<Pattern> patterns;
  std::string signature = fmt::format("regex|match:{}|case:{}", full ? "full" : "partial",
                                      ignore_case ? "lc" : "mixed");
  for (const std::string& text : texts) {
    Pattern pattern = compile_pattern(fields, "pattern", text, ignore_case);
    if (pattern != nullptr) patterns.push_back(std::move(pattern));
    signature += fmt::format("|pattern:{}", text);
  }
  if (patterns.empty() || patterns.size() != texts.size()) return nullptr;
  if (all) signature += "|all:yes";
  if (!group_name)
    return std::make_unique<SimpleMetric>(
        column(ScoreKind::binary), signature + "|version:1",
        [=](const Case&, const Sample& sample) {
          std::size_t found = 0;
          for (const Pattern& pattern : patterns) found += matches(*pattern, sample.text, full);
          return scored((all ? found == patterns.size() : found > 0) ? 1.0 : 0.0);
        });

  std::vector<int> groups;
  for (const Pattern& pattern : patterns) {
    const int group = read_group(fields, *group_name, *pattern);
    if (group < 0) return nullptr;
    groups.push_back(group);
  }
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary), fmt::format("{}|group:{}|version:1", signature, *group_name),
      [=](const Case& row, const Sample& sample) {
        for (std::size_t i = 0; i < patterns.size(); ++i) {
          const auto found = captured(*patterns[i], sample.text, full, groups[i]);
          if (!found) continue;
          Measurement result = best_reference(row, [&](const std::string& reference) {
            const bool equal = strip(*found) == strip(reference);
            return equal ? 1.0 : 0.0;
          });
          result.note = fmt::format("captured `{}`", *found);
          result.answer = strip(*found);
          return result;
        }
        return row.references.empty() ? unscored(std::string(kNoReference))
                                      : scored(0.0, "no pattern matches");
      });
}

}  // namespace

extern const MetricInfo kRegex;
constexpr MetricInfo kRegex{
    .name = "regex",
    .summary = "the output matches a pattern, or a group of it equals a reference",
    .source = "RE2 syntax",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
