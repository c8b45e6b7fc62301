// `llmops runs drift A B`: how far one run's distributions lie from another's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "ci/drift.h"
#include "ci/gate/wording.h"
#include "cli/embedder_options.h"
#include "cli/run_findings.h"
#include "datasets/formats/format.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

using Embeddings = std::vector<std::vector<double>>;

struct Options {
  std::string baseline, current;
  std::string baseline_embeddings, current_embeddings, column = "embedding";
  EmbedderOptions embedder;
  DriftLevels levels;
  bool fail_on_alarm = false;
  std::uint64_t seed = 1;
};

// The list of numbers under `column` of every record; all of one length.
Embeddings read_embeddings(const std::string& file, const std::string& column,
                           Diagnostics& problems) {
  Embeddings rows;
  const Result<const FormatInfo*> info = find_format(file, "");
  if (!info) append(problems, info.problems());
  if (!info) return rows;
  const Result<std::unique_ptr<RecordReader>> reader = (*info)->open(file);
  if (!reader) append(problems, reader.problems());
  if (!reader) return rows;
  for (Record record; problems.size() < 100 && (*reader)->next(record, problems);) {
    const Value* found = find_path(record.value, column);
    const List* list = found == nullptr ? nullptr : found->list();
    std::vector<double> row;
    if (list != nullptr)
      for (const Value& value : *list)
        if (value.is_number() && std::isfinite(value.number())) row.push_back(value.number());
    if (list == nullptr || row.empty() || row.size() != list->size() ||
        (!rows.empty() && row.size() != rows.front().size()))
      problems.push_back((*reader)->problem(
          found == nullptr ? "" : column, fmt::format("no embedding under `{}`", column),
          rows.empty() ? "expected a list of numbers"
                       : fmt::format("expected a list of {} numbers", rows.front().size())));
    else
      rows.push_back(std::move(row));
  }
  return rows;
}

// The embeddings of a stored run's outputs.
Embeddings embed_outputs(const Store& store, const std::string& run, const Embedder& embedder,
                         Diagnostics& problems) {
  Embeddings rows;
  const Result<StoredRunInfo> found = store.find_run(run);
  if (!found) {
    problems.push_back(problem(fmt::format(
        "the outputs of run {} are not in the store: a baseline file holds none", run)));
    return rows;
  }
  std::vector<std::string> texts;
  store.visit_samples(found->header, [&](const std::string&, const Case&, const SampleView& view) {
    if (!view.sample.error && !view.sample.text.empty()) texts.push_back(view.sample.text);
  });
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::string why;
  for (const Embedding& each : embedder.embed(views)) {
    if (each.values == nullptr)
      why = each.why;
    else
      rows.emplace_back(each.values->begin(), each.values->end());
  }
  if (rows.size() < texts.size())
    problems.push_back(
        problem(fmt::format("{} of {} outputs of run {} have no embedding: {}",
                            texts.size() - rows.size(), texts.size(), run, visible(why))));
  return rows;
}

Object finding_value(const DriftFinding& finding) {
  Object out{
      {"measure",    finding.measure    },
      {"level",      name(finding.level)},
      {"baseline_n", finding.baseline_n },
      {"current_n",  finding.current_n  }
  };
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) out.add(key, *value);
  };
  add("baseline_mean", finding.baseline_mean);
  add("current_mean", finding.current_mean);
  add("baseline_p95", finding.baseline_p95);
  add("current_p95", finding.current_p95);
  add("psi", finding.stability);
  add("psi_p_value", finding.stability_p);
  add("ks", finding.ks);
  add("ks_p_value", finding.ks_p);
  add("jensen_shannon_bits", finding.divergence_bits);
  add("centroid_distance", finding.centroid_distance);
  add("centroid_p_value", finding.centroid_p);
  if (!finding.why.empty()) out.add("why", finding.why);
  return out;
}

std::string finding_text(const DriftFinding& finding) {
  const auto cell = [](const std::optional<double>& value) {
    return value ? figure(*value) : std::string("-");
  };
  std::string text =
      fmt::format("{:<7} {:<20} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}\n", name(finding.level),
                  finding.measure, cell(finding.baseline_mean), cell(finding.current_mean),
                  cell(finding.baseline_p95), cell(finding.current_p95), cell(finding.stability),
                  cell(finding.ks ? finding.ks : finding.centroid_distance));
  if (!finding.why.empty()) text += "        " + finding.why + "\n";
  return text;
}

ExitCode show_drift(const Options& options, const StoreOptions& where, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(where);
  if (!store) return console.reject(store.problems(), "runs drift");
  Diagnostics problems;
  const auto baseline = open_run_or_baseline(**store, options.baseline);
  const auto current = open_run_or_baseline(**store, options.current);
  if (!baseline) append(problems, baseline.problems());
  if (!current) append(problems, current.problems());
  const bool embedded = !options.baseline_embeddings.empty() || !options.current_embeddings.empty();
  Embeddings before, after;
  if (embedded && (options.baseline_embeddings.empty() || options.current_embeddings.empty()))
    problems.push_back(problem("embeddings of one run only",
                               "expected --baseline-embeddings FILE and --embeddings FILE"));
  else if (embedded) {
    before = read_embeddings(options.baseline_embeddings, options.column, problems);
    after = read_embeddings(options.current_embeddings, options.column, problems);
    if (!before.empty() && !after.empty() && before.front().size() != after.front().size())
      problems.push_back(problem(fmt::format("embeddings of {} and of {} numbers",
                                             before.front().size(), after.front().size()),
                                 "expected the same model for both"));
  }
  if (embedded && options.embedder.given())
    problems.push_back(problem("--model beside files of embeddings", "expected one of them"));
  if (has_errors(problems)) return console.reject(problems, "runs drift");
  if (options.embedder.given()) {
    const Result<std::unique_ptr<Embedder>> embedder = make_embedder(options.embedder);
    if (!embedder) return console.reject(embedder.problems(), "runs drift");
    before = embed_outputs(**store, (*baseline)->header().id, **embedder, problems);
    after = embed_outputs(**store, (*current)->header().id, **embedder, problems);
    if (has_errors(problems)) return console.reject(problems, "runs drift");
  }

  std::vector<DriftFinding> findings = find_drift(**baseline, **current, options.levels);
  if (embedded || options.embedder.given())
    findings.push_back(find_embedding_drift(before, after, options.levels, options.seed));
  DriftLevel worst = DriftLevel::none;
  for (const DriftFinding& finding : findings) worst = std::max(worst, finding.level);
  const std::string& from = (*baseline)->header().id;
  const std::string& to = (*current)->header().id;
  if (console.json()) {
    List items;
    for (const DriftFinding& finding : findings) items.push_back(finding_value(finding));
    console.print_json(Object{
        {"schema_version", 1               },
        {"command",        "runs drift"    },
        {"baseline",       from            },
        {"current",        to              },
        {"level",          name(worst)     },
        {"findings",       std::move(items)}
    });
  } else {
    std::string text = fmt::format(
        "drift from {} to {}: {}\n{:<7} {:<20} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}\n", from, to,
        name(worst), "level", "measure", "mean", "now", "p95", "now", "PSI", "KS");
    std::ranges::stable_sort(findings, std::greater<>(), &DriftFinding::level);
    for (const DriftFinding& finding : findings) text += finding_text(finding);
    console.print(visible_lines(text));
  }
  return options.fail_on_alarm && worst == DriftLevel::alarm ? ExitCode::failed : ExitCode::passed;
}

}  // namespace

RunCommand declare_runs_drift(CLI::App& app, const StoreOptions& store) {
  auto options = std::make_shared<Options>();
  DriftLevels& levels = options->levels;
  app.add_option("A", options->baseline, "the earlier run: id, prefix, or a baseline file")
      ->required();
  app.add_option("B", options->current, "the later run: the same, or `last`")->required();
  app.add_option("--ttft-increase", levels.ttft_p95_increase, "alarm: share that ttft p95 rose by")
      ->capture_default_str();
  app.add_option("--token-increase", levels.tokens_increase,
                 "alarm: share that mean tokens rose by")
      ->capture_default_str();
  app.add_option("--score-drop", levels.score_drop, "alarm: share of the range that a score lost")
      ->capture_default_str();
  app.add_option("--psi", levels.stability_alarm, "alarm: population stability index")
      ->capture_default_str();
  app.add_option("--psi-notice", levels.stability_notice, "notice: the same")
      ->capture_default_str();
  app.add_option("--baseline-embeddings", options->baseline_embeddings,
                 "JSON lines with an embedding a text, of A")
      ->type_name("FILE");
  app.add_option("--embeddings", options->current_embeddings, "the same of B")->type_name("FILE");
  app.add_option("--embedding-column", options->column, "where the list of numbers stands")
      ->type_name("COLUMN")
      ->capture_default_str();
  declare_embedder_options(app, options->embedder);
  app.add_option("--centroid-distance", levels.centroid_distance,
                 "alarm: 1 - cosine of the mean embeddings")
      ->capture_default_str();
  app.add_flag("--fail-on-alarm", options->fail_on_alarm, "exit code 1 where a level is alarm");
  return [options, &store](Console& console) { return show_drift(*options, store, console); };
}

}  // namespace llmops
