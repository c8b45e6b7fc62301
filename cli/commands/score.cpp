// Any metric over the columns of any file: no model, no suite, no store.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "cli/command.h"
#include "datasets/dataset.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "evaluators/metric.h"

namespace llmops {
namespace {

constexpr std::size_t kBatch = 1024;

struct Options {
  std::string file;
  std::string hypothesis, reference;
  std::vector<std::string> metrics;
  std::vector<std::string> options;
  std::string per_row;
};

struct Column {
  double sum = 0;
  std::int64_t n = 0;
};

// A metric and what it has added up so far.
struct Scored {
  const MetricInfo* info = nullptr;
  std::unique_ptr<Metric> metric;
  std::vector<Column> columns;
  std::vector<double> counts;
  std::int64_t unscored = 0;
  std::string why;  // of the first unscored row
};

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

std::vector<Scored> make_metrics(const Options& options, Diagnostics& problems) {
  std::vector<std::string_view> known;
  for (const MetricInfo* info : metrics()) known.push_back(info->name);
  std::vector<Object> given(options.metrics.size());
  for (const std::string& option : options.options) {
    const std::size_t dot = option.find('.');
    const std::size_t equals = option.find('=');
    const auto found = std::ranges::find(options.metrics, option.substr(0, dot));
    if (dot == std::string::npos || equals == std::string::npos || equals < dot ||
        found == options.metrics.end()) {
      problems.push_back(problem(fmt::format("--option is `{}`", option),
                                 "expected METRIC.KEY=VALUE, METRIC one of --metric"));
      continue;
    }
    given[static_cast<std::size_t>(found - options.metrics.begin())].set(
        option.substr(dot + 1, equals - dot - 1), option_value(option.substr(equals + 1)));
  }
  std::vector<Scored> made;
  for (std::size_t i = 0; i < options.metrics.size(); ++i) {
    const std::string& name = options.metrics[i];
    Scored scored{.info = find_metric(name)};
    if (scored.info == nullptr) {
      problems.push_back(problem(fmt::format("unknown metric `{}`", name), expected_one_of(known),
                                 did_you_mean(name, known)));
      continue;
    }
    Diagnostics found;
    scored.metric = make(*scored.info, given[i], found);
    if (has_errors(found)) {
      // A list on the command line is joined by `+`.
      Diagnostics again;
      scored.metric = make(*scored.info, split_lists(given[i]), again);
      found = has_errors(again) ? found : again;
    }
    append(problems, found);
    if (scored.metric == nullptr) continue;
    scored.columns.resize(scored.metric->columns().size());
    made.push_back(std::move(scored));
  }
  return made;
}

std::string detail_name(const Scored& scored, std::size_t column) {
  const std::string& detail = scored.metric->columns()[column].detail;
  return detail.empty() ? std::string(scored.info->name)
                        : fmt::format("{}.{}", scored.info->name, detail);
}

void write_row(std::FILE* out, std::size_t row, const std::vector<Scored>& metrics,
               const std::vector<Measurement>& measured, std::string& line) {
  Object scores;
  for (std::size_t m = 0; m < metrics.size(); ++m)
    for (std::size_t c = 0; c < measured[m].values.size(); ++c)
      if (measured[m].values[c]) scores.add(detail_name(metrics[m], c), *measured[m].values[c]);
  line.clear();
  dump_json(Value(Object{
                {"row",    static_cast<std::int64_t>(row)},
                {"scores", std::move(scores)             }
  }),
            line);
  line += '\n';
  write_all(out, line);
}

void add(Scored& scored, const Measurement& measured) {
  bool any = false;
  for (std::size_t c = 0; c < measured.values.size(); ++c) {
    if (!measured.values[c]) continue;
    any = true;
    scored.columns[c].sum += *measured.values[c];
    ++scored.columns[c].n;
  }
  if (!any) {
    ++scored.unscored;
    if (scored.why.empty()) scored.why = measured.why;
  }
  scored.counts.resize(std::max(scored.counts.size(), measured.counts.size()));
  for (std::size_t i = 0; i < measured.counts.size(); ++i) scored.counts[i] += measured.counts[i];
}

// One metric over a batch: its measurement of each row goes behind those of the metrics before it.
void score_batch(const Scored& scored, const std::vector<Case>& rows,
                 const std::vector<Sample>& samples,
                 std::vector<std::vector<Measurement>>& measured) {
  std::vector<Scorable> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (scored.info->needs_references && rows[i].references.empty()) {
      measured[i].push_back(
          {.values = {}, .why = "the row has no reference", .counts = {}, .note = ""});
      continue;
    }
    asked.push_back({&rows[i], &samples[i]});
    places.push_back(i);
  }
  std::vector<Measurement> found = scored.metric->score_batch(asked);
  for (std::size_t i = 0; i < places.size(); ++i)
    measured[places[i]].push_back(std::move(found[i]));
}

// Rows in batches: scored on all cores, added up in order.
void score_all(const Dataset& dataset, const Options& options, std::vector<Scored>& metrics,
               std::FILE* per_row) {
  const std::unique_ptr<CaseStream> cases = dataset.cases();
  std::vector<Case> rows;
  std::vector<std::vector<Measurement>> measured;
  std::string line;
  for (std::size_t first = 0;; first += rows.size()) {
    rows.clear();
    for (Case row; rows.size() < kBatch && cases->next(row);) rows.push_back(std::move(row));
    if (rows.empty()) break;
    std::vector<Sample> samples(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      samples[i].case_id = rows[i].id;
      const Value* text = find_path(rows[i].variables, options.hypothesis);
      samples[i].text = text == nullptr ? "" : to_text(*text);
    }
    measured.assign(rows.size(), {});
    for (const Scored& scored : metrics) score_batch(scored, rows, samples, measured);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t m = 0; m < metrics.size(); ++m) add(metrics[m], measured[i][m]);
      if (per_row != nullptr) write_row(per_row, first + i, metrics, measured[i], line);
    }
  }
}

// {score, mean, n, signature, parts} of each name a metric has in rules; `parts` are the means of
// its details.
void add_figures(const Scored& scored, Object& figures, List& warnings) {
  const std::vector<llmops::Column>& columns = scored.metric->columns();
  const auto corpus = scored.metric->corpus(scored.counts);
  const auto mean = [&](std::size_t c) {
    return scored.columns[c].sum / static_cast<double>(scored.columns[c].n);
  };
  Object all_parts;
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (scored.columns[c].n > 0 && !columns[c].detail.empty())
      all_parts.add(columns[c].detail, mean(c));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].headline) continue;
    const std::string& headline = *columns[c].headline;
    const std::string name = headline.empty() ? std::string(scored.info->name)
                                              : fmt::format("{}.{}", scored.info->name, headline);
    Object figure;
    if (scored.columns[c].n > 0) {
      figure.add("score", c < corpus.size() && corpus[c] ? *corpus[c] : mean(c));
      figure.add("mean", mean(c));
    } else {
      warnings.push_back(fmt::format("{}: not measured, because {}", name,
                                     scored.why.empty() ? "there is no row" : scored.why));
    }
    figure.add("n", scored.columns[c].n);
    figure.add("signature", scored.metric->signature());
    Object parts;
    const std::string prefix = headline.empty() ? "" : headline + ".";
    for (const Member& part : all_parts)
      if (part.key.starts_with(prefix)) parts.add(part.key.substr(prefix.size()), part.value);
    figure.add("parts", std::move(parts));
    figures.add(name, std::move(figure));
  }
  if (scored.unscored > 0 && scored.unscored < scored.columns.front().n + scored.unscored)
    warnings.push_back(
        fmt::format("{}: {} rows unscored ({})", scored.info->name, scored.unscored, scored.why));
}

ExitCode run(const Options& options, Console& console) {
  Diagnostics problems;
  std::vector<Scored> metrics = make_metrics(options, problems);
  DatasetSpec spec{.path = options.file};
  if (!options.reference.empty()) spec.fields.emplace_back("reference", options.reference);
  bool found_hypothesis = false;
  const Result<Dataset> dataset = Dataset::open(spec, [&](const Case& row, Diagnostics&) {
    found_hypothesis = found_hypothesis || find_path(row.variables, options.hypothesis) != nullptr;
  });
  append(problems, dataset.problems());
  if (dataset && !found_hypothesis && dataset->info().cases > 0) {
    const std::vector<std::string_view> columns(dataset->info().columns.begin(),
                                                dataset->info().columns.end());
    problems.push_back(
        problem(fmt::format("{} has no column `{}`", options.file, options.hypothesis),
                expected_one_of(columns), did_you_mean(options.hypothesis, columns)));
  }
  if (has_errors(problems)) return console.reject(problems, "score");

  for (Scored& scored : metrics)
    if (const std::unique_ptr<CaseStream> cases = dataset->cases(); scored.metric->wants_survey())
      for (Case row; cases->next(row);) scored.metric->survey(row);

  if (options.per_row.empty())
    score_all(*dataset, options, metrics, nullptr);
  else
    write_atomically(options.per_row,
                     [&](std::FILE* out) { score_all(*dataset, options, metrics, out); });

  Object figures;
  List warnings;
  for (const Scored& scored : metrics) add_figures(scored, figures, warnings);
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1                  },
        {"command",        "score"            },
        {"metrics",        std::move(figures) },
        {"warnings",       std::move(warnings)}
    });
    return ExitCode::passed;
  }
  std::string text = fmt::format("{:<28} {:>12} {:>12} {:>8}  {}\n", "metric", "score", "mean",
                                 "rows", "signature");
  for (const Member& figure : figures) {
    const auto number = [&](const char* key) {
      const Value* value = figure.value.find(key);
      return value == nullptr ? std::string("-") : fmt::format("{:.4f}", value->number());
    };
    text +=
        fmt::format("{:<28} {:>12} {:>12} {:>8}  {}\n", figure.key, number("score"), number("mean"),
                    to_text(*figure.value.find("n")), to_text(*figure.value.find("signature")));
  }
  console.print(text);
  for (const Value& warning : warnings) console.note("warning: " + to_text(warning));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "JSONL, JSON, CSV or TSV")->required();
  app.add_option("--hypothesis", options->hypothesis,
                 "column of the outputs (a name, dotted path or JSON pointer)")
      ->required()
      ->type_name("COLUMN");
  app.add_option("--reference", options->reference,
                 "column of the references; a list means several")
      ->type_name("COLUMN");
  app.add_option("--metric", options->metrics, "one or several, comma separated")
      ->required()
      ->delimiter(',')
      ->type_name("NAME");
  app.add_option("--option", options->options, "METRIC.KEY=VALUE; a list is joined by +")
      ->type_name("OPTION")
      ->take_all();
  app.add_option("--per-row", options->per_row, "write one JSON line a row")->type_name("FILE");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kScoreCommand;
constexpr CommandInfo kScoreCommand{
    .name = "score",
    .summary = "Any metric over the columns of any file: no model, no suite",
    .examples =
        "  llmops score outputs.jsonl --hypothesis output --reference answer --metric bleu,rouge\n"
        "  llmops score pairs.csv --hypothesis hyp --reference ref --metric bleu --option "
        "bleu.tokenize=intl --json\n",
    .declare = &declare,
};

}  // namespace llmops
