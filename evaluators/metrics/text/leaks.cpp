#include "evaluators/metrics/text/leaks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/patterns.h"

namespace llmops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kShown = 5;  // finds in a note

// "pii/card" -> "card"
std::string_view short_id(const SensitiveRule& rule) {
  return rule.id.substr(rule.id.find('/') + 1);
}

std::vector<std::string_view> ids_of(SensitiveKind kind) {
  std::vector<std::string_view> ids;
  for (const SensitiveRule& rule : sensitive_rules())
    if (rule.kind == kind && std::ranges::find(ids, short_id(rule)) == ids.end())
      ids.push_back(short_id(rule));
  return ids;
}

// Letters and digits alone: "+49 170 1234567" and "+491701234567" are one number.
std::string bare(std::string_view text) {
  std::string out;
  for (const char c : text)
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c & 0x80) != 0)
      out += c;
    else if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c + 32);
  return out;
}

struct LeakOptions {
  std::set<std::string_view> kinds;  // empty: all
  std::vector<Pattern> allow;
  bool allow_given = false;
};

class Leaks final : public Metric {
 public:
  Leaks(std::string_view metric, SensitiveKind kind, LeakOptions options)
      : metric_(metric), kind_(kind), options_(std::move(options)) {}

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {
        column(ScoreKind::binary, {                      },
         Better::lower),
        { .detail = "count",
                                   .headline = "count",
                                   .kind = ScoreKind::positive,
                                   .range = {0, kInfinity},
                                   .better = Better::lower}
    };
    return kColumns;
  }
  std::string signature() const override {
    std::vector<std::string> allowed;
    for (const Pattern& pattern : options_.allow) allowed.push_back(pattern->pattern());
    return fmt::format(
        "{}|kinds:{}|allow:{}|given:{}|version:1", metric_,
        options_.kinds.empty() ? "all" : fmt::format("{}", fmt::join(options_.kinds, "+")),
        allowed.empty() ? "none" : fmt::format("{}", fmt::join(allowed, "+")),
        options_.allow_given ? "allowed" : "counts");
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    Measurement result;
    std::size_t count = 0;
    for (const SensitiveFind& find : find_sensitive(sample.text)) {
      if (find.rule->kind != kind_) continue;
      if (!options_.kinds.empty() && !options_.kinds.contains(short_id(*find.rule))) continue;
      if (allowed(row, std::string_view(sample.text).substr(find.offset, find.length))) continue;
      if (++count <= kShown)
        result.note +=
            fmt::format("{}{} ({})", count == 1 ? "" : ", ", find.rule->what, find.shown);
    }
    if (count > kShown) result.note += fmt::format(" and {} more", count - kShown);
    result.values = {count > 0 ? 1.0 : 0.0, static_cast<double>(count)};
    return result;
  }

 private:
  bool allowed(const Case& row, std::string_view found) const {
    for (const Pattern& pattern : options_.allow)
      if (re2::RE2::PartialMatch(re2::StringPiece(found.data(), found.size()), *pattern))
        return true;
    if (!options_.allow_given) return false;
    const std::string wanted = bare(found);
    const auto holds = [&](std::string_view text) {
      return bare(text).find(wanted) != std::string::npos;
    };
    for (const Member& variable : row.variables)
      if (holds(to_text(variable.value))) return true;
    return std::ranges::any_of(row.context, holds) || std::ranges::any_of(row.references, holds);
  }

  std::string metric_;
  SensitiveKind kind_;
  LeakOptions options_;
};

}  // namespace

std::unique_ptr<Metric> make_leak_metric(std::string_view metric, SensitiveKind kind,
                                         Fields& fields) {
  LeakOptions options;
  const std::vector<std::string_view> known = ids_of(kind);
  for (const std::string& id : fields.texts("kinds")) {
    const auto found = std::ranges::find(known, id);
    if (found != known.end())
      options.kinds.insert(*found);
    else
      fields.error(fields.mark("kinds"), fmt::format("unknown kind `{}`", id),
                   expected_one_of(known), did_you_mean(id, known));
  }
  bool broken = false;
  for (const std::string& text : fields.texts("allow")) {
    options.allow.push_back(compile_pattern(fields, "allow", text, true));
    broken = broken || options.allow.back() == nullptr;
  }
  options.allow_given = fields.boolean("allow_given").value_or(false);
  if (broken) return nullptr;
  return std::make_unique<Leaks>(metric, kind, std::move(options));
}

}  // namespace llmops
