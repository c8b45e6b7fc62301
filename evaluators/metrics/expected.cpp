// Checks that the dataset itself holds, a column each (`__expected`, `__expected1`, ...), as
// promptfoo's CSV has them.
// Cost: that of the checks which the case names.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "datasets/text/json.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/assertion.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"field", "similar"};
constexpr std::size_t kMostKept = 4096;  // metrics that were made, over all threads

// Metrics by their name and options: rows tend to have the same checks.
class MetricShelf {
 public:
  // The metric, or the reason why it cannot be made.
  struct Kept {
    std::shared_ptr<const Metric> metric;
    std::string why;
  };
  Kept get(const std::string& name, const Object& options) {
    const std::string key = name + dump_json(Value(options));
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
    }
    Kept made = make(name, options);
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= kMostKept) kept_.clear();
    return kept_.emplace(key, std::move(made)).first->second;
  }

 private:
  static Kept make(const std::string& name, const Object& options) {
    const MetricInfo* info = find_metric(name);
    if (info == nullptr) return {nullptr, fmt::format("there is no metric `{}`", name)};
    Diagnostics problems;
    const Source source("", "");
    const Value value(options);
    Fields fields(value, source, problems, name);
    Kept kept;
    kept.metric = info->make(fields);
    fields.finish();
    if (has_errors(problems)) return {nullptr, problems.front().what};
    return kept;
  }
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
};

// The checks of a case: texts of the columns FIELD, FIELD1, FIELD2, ... that are not empty.
std::vector<std::string> checks_of(const Case& row, const std::string& field) {
  std::vector<std::string> checks;
  const auto add = [&](const Value& value) {
    if (value.is_null()) return;
    if (std::string text = to_text(value); !strip(text).empty()) checks.push_back(std::move(text));
  };
  for (const Member& member : row.variables) {
    if (!member.key.starts_with(field)) continue;
    const std::string_view rest = std::string_view(member.key).substr(field.size());
    if (!std::ranges::all_of(rest, [](char c) { return c >= '0' && c <= '9'; })) continue;
    if (const List* several = member.value.list())
      for (const Value& each : *several) add(each);
    else
      add(member.value);
  }
  return checks;
}

// promptfoo's `__threshold`: the share of checks that has to pass, all of them where it is absent.
double wanted_share(const Case& row) {
  const Value* threshold = row.variables.find("__threshold");
  if (threshold == nullptr) return 1.0;
  if (threshold->is_number()) return threshold->number();
  const Result<Value> number = parse_json(to_text(*threshold), "__threshold");
  return number && number->is_number() ? number->number() : 1.0;
}

struct Similar {
  std::string metric;  // empty: none was named
  Object options;
};

class Expected final : public Metric {
 public:
  Expected(std::string field, Similar similar)
      : field_(std::move(field)), similar_(std::move(similar)) {
    columns_ = {column(ScoreKind::binary)};
    Column share = column(ScoreKind::bounded);
    share.detail = "share";
    share.headline = "share";
    columns_.push_back(std::move(share));
  }
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override {
    return fmt::format(
        "expected|field:{}|similar:{}|version:1", field_,
        similar_.metric.empty() ? "none" : similar_.metric + dump_json(Value(similar_.options)));
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    const std::vector<std::string> checks = checks_of(row, field_);
    if (checks.empty())
      return unscored(fmt::format("the case has no check in `{}`", field_), columns_.size());
    std::size_t passed = 0;
    std::string first_failed;
    for (const std::string& text : checks) {
      std::string why;
      const std::optional<bool> holds = decide(parse_assertion(text), row, sample, why);
      // A check that nobody did is not one that passed.
      if (!holds) return unscored(fmt::format("`{}`: {}", text, why), columns_.size());
      passed += *holds ? 1 : 0;
      if (!*holds && first_failed.empty()) first_failed = fmt::format("fails `{}`", text);
    }
    const double share = static_cast<double>(passed) / static_cast<double>(checks.size());
    Measurement result = scored(share >= wanted_share(row) ? 1.0 : 0.0, first_failed);
    result.values.emplace_back(share);
    return result;
  }

 private:
  std::optional<bool> decide(const Assertion& assertion, const Case& row, const Sample& sample,
                             std::string& why) const {
    std::optional<AssertionMetric> decides;
    if (assertion.type == "similar" && !similar_.metric.empty()) {
      constexpr double kUsual = 0.75;
      decides = AssertionMetric{.metric = similar_.metric,
                                .options = similar_.options,
                                .references = {assertion.value},
                                .bound = assertion.threshold.value_or(kUsual)};
    } else {
      decides = metric_of(assertion, why);
    }
    if (!decides) return std::nullopt;
    const MetricShelf::Kept kept = shelf_->get(decides->metric, decides->options);
    if (kept.metric == nullptr) {
      why = kept.why;
      return std::nullopt;
    }
    Case asked = row;
    asked.references = decides->references;
    const Measurement measured = kept.metric->score(asked, sample);
    if (decides->column >= measured.values.size() || !measured.values[decides->column]) {
      why = measured.why;
      return std::nullopt;
    }
    const double value = *measured.values[decides->column];
    constexpr double kRounding = 1e-12;
    const bool holds =
        decides->upper ? value <= decides->bound + kRounding : value >= decides->bound - kRounding;
    return holds != assertion.negate;
  }

  std::string field_;
  Similar similar_;
  std::vector<Column> columns_;
  std::unique_ptr<MetricShelf> shelf_ = std::make_unique<MetricShelf>();
};

// `similar: bertscore`, or `similar: {bertscore: {model: ...}}`.
Similar read_similar(Fields& fields) {
  Similar similar;
  const Value* value = fields.value("similar");
  if (value == nullptr) return similar;
  if (const Object* entry = value->object(); entry != nullptr && entry->size() == 1) {
    similar.metric = entry->begin()->key;
    if (const Object* options = entry->begin()->value.object()) similar.options = *options;
  } else {
    similar.metric = to_text(*value);
  }
  std::vector<std::string_view> names;
  for (const MetricInfo* info : metrics()) names.push_back(info->name);
  const MetricInfo* info = find_metric(similar.metric);
  if (info == nullptr) {
    fields.error(fields.mark("similar"), fmt::format("unknown metric `{}`", similar.metric),
                 expected_one_of(names), did_you_mean(similar.metric, names));
    return similar;
  }
  const Value options(similar.options);
  Fields inner(options, fields.source(), fields.problems(), fmt::format("`{}`", similar.metric));
  info->make(inner);
  inner.finish();
  return similar;
}

std::unique_ptr<Metric> make(Fields& fields) {
  std::string field = fields.text("field").value_or("__expected");
  return std::make_unique<Expected>(std::move(field), read_similar(fields));
}

}  // namespace

extern const MetricInfo kExpected;
constexpr MetricInfo kExpected{
    .name = "expected",
    .summary = "the checks in the dataset's `__expected` columns hold",
    .source = "promptfoo's CSV format",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
