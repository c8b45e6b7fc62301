#include "cli/score_metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/stats/pass_at_k.h"
#include "datasets/text/fields.h"
#include "datasets/text/yaml.h"
#include "evaluators/asker.h"
#include "evaluators/metrics/text/sacrebleu_metric.h"

namespace llmops {
namespace {

// An option's text as YAML reads a plain scalar: 0.5 is a number, true a boolean, 13a a text.
Value option_value(const std::string& text) {
  const Result<Value> value = parse_yaml(Source("--option", text));
  if (value && (value->is_bool() || value->is_number())) return *value;
  return text;
}

Value split_lists(const Object& options) {
  Object split;
  for (const Member& member : options) {
    const std::string* text = member.value.string();
    if (text == nullptr || text->find('+') == std::string::npos) {
      split.add(member.key, member.value);
      continue;
    }
    List items;
    for (std::size_t from = 0; from <= text->size();) {
      const std::size_t end = std::min(text->find('+', from), text->size());
      items.push_back(text->substr(from, end - from));
      from = end + 1;
    }
    split.add(member.key, std::move(items));
  }
  return split;
}

std::unique_ptr<Metric> make(const MetricInfo& info, const Value& options, Diagnostics& problems) {
  const Source source("", "");
  Fields fields(options, source, problems, fmt::format("metric `{}`", info.name));
  std::unique_ptr<Metric> metric = info.make(fields);
  fields.finish();
  return metric;
}

std::string joined(std::string_view name, std::string_view rest) {
  return rest.empty() ? std::string(name) : fmt::format("{}.{}", name, rest);
}

}  // namespace

std::string ScoreMetric::detail_name(std::size_t column) const {
  return joined(info->name, metric->columns()[column].detail);
}

std::string ScoreMetric::headline_name(std::size_t column) const {
  return joined(info->name, *metric->columns()[column].headline);
}

std::vector<ScoreMetric> make_score_metrics(const std::vector<std::string>& names,
                                            const std::vector<std::string>& options,
                                            Diagnostics& problems) {
  std::vector<std::string_view> known;
  for (const MetricInfo* info : metrics()) known.push_back(info->name);
  std::vector<Object> given(names.size());
  for (const std::string& option : options) {
    const std::size_t dot = option.find('.');
    const std::size_t equals = option.find('=');
    const auto found = std::ranges::find(names, option.substr(0, dot));
    if (dot == std::string::npos || equals == std::string::npos || equals < dot ||
        found == names.end()) {
      problems.push_back(problem(fmt::format("--option is `{}`", option),
                                 "expected METRIC.KEY=VALUE, METRIC one of --metric"));
      continue;
    }
    given[static_cast<std::size_t>(found - names.begin())].set(
        option.substr(dot + 1, equals - dot - 1), option_value(option.substr(equals + 1)));
  }
  std::vector<ScoreMetric> made;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ScoreMetric each{.info = find_metric(names[i]), .metric = nullptr};
    if (each.info == nullptr) {
      problems.push_back(problem(fmt::format("unknown metric `{}`", names[i]),
                                 expected_one_of(known), did_you_mean(names[i], known)));
      continue;
    }
    Diagnostics found;
    each.metric = make(*each.info, given[i], found);
    if (has_errors(found)) {
      // A list on the command line is joined by `+`.
      Diagnostics again;
      each.metric = make(*each.info, split_lists(given[i]), again);
      found = has_errors(again) ? found : again;
    }
    append(problems, found);
    AsksModels* asks = asks_models(each.metric.get());
    if (asks != nullptr && !asks->wishes().empty())
      problems.push_back(problem(
          fmt::format("metric `{}` asks a model, and `score` has none", names[i]), "",
          "name it under `evaluators:` of a suite; `provider: replay` gives outputs of a file"));
    if (each.metric != nullptr) made.push_back(std::move(each));
  }
  return made;
}

void MetricTotals::add(const Measurement& measured) {
  bool any = false;
  for (std::size_t c = 0; c < measured.values.size(); ++c) {
    if (!measured.values[c]) continue;
    any = true;
    columns_[c].sum += *measured.values[c];
    ++columns_[c].n;
  }
  if (!any) {
    ++unscored_;
    if (why_.empty()) why_ = measured.why;
  }
  counts_.resize(std::max(counts_.size(), measured.counts.size()));
  for (std::size_t i = 0; i < measured.counts.size(); ++i) counts_[i] += measured.counts[i];
  if (!keep_) return;
  rows_.push_back({measured.values, measured.counts});
  rows_.back().values.resize(columns_.size());
}

std::optional<double> MetricTotals::figure(const Metric& metric, std::size_t column) const {
  if (columns_[column].n == 0) return std::nullopt;
  const auto corpus = metric.corpus(counts_);
  return column < corpus.size() && corpus[column] ? corpus[column] : mean(column);
}

void MetricTotals::add_figures(const ScoreMetric& metric, Object& figures, List& warnings) const {
  const std::vector<Column>& columns = metric.metric->columns();
  Object all_parts;
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns_[c].n > 0 && !columns[c].detail.empty()) all_parts.add(columns[c].detail, mean(c));
  const auto* form = dynamic_cast<const SacrebleuMetric*>(metric.metric.get());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].headline) continue;
    const std::string name = metric.headline_name(c);
    Object figure_object;
    const std::optional<double> score = figure(*metric.metric, c);
    if (score) {
      figure_object.add("score", *score);
      figure_object.add("mean", mean(c));
    } else {
      warnings.push_back(fmt::format("{}: not measured, because {}", name,
                                     why_.empty() ? "there is no row" : why_));
    }
    figure_object.add("n", columns_[c].n);
    figure_object.add("signature", metric.metric->signature());
    Object parts;
    const std::string prefix = columns[c].headline->empty() ? "" : *columns[c].headline + ".";
    for (const Member& part : all_parts)
      if (part.key.starts_with(prefix)) parts.add(part.key.substr(prefix.size()), part.value);
    if (score && form != nullptr) parts = form->parts(counts_);
    figure_object.add("parts", std::move(parts));
    if (score && form != nullptr)
      figure_object.add("sacrebleu", form->sacrebleu_line(*score, counts_));
    figures.add(name, std::move(figure_object));
  }
  if (unscored_ > 0 && unscored_ < columns_.front().n + unscored_)
    warnings.push_back(
        fmt::format("{}: {} rows unscored ({})", metric.info->name, unscored_, why_));
}

void PassCounts::add(const std::string& problem, double value) {
  Count& count = problems_[problem];
  ++count.rows;
  count.passed += value == 1.0 ? 1 : 0;
}

std::optional<double> PassCounts::pass_at(std::int64_t k, std::string& why) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> counts;
  for (const auto& [problem, count] : problems_) counts.emplace_back(count.rows, count.passed);
  const auto found = stats::mean_pass_at_k(counts, k);
  if (!found) {
    why = found.refusal().sentence;
    return std::nullopt;
  }
  return found->any;
}

}  // namespace llmops
