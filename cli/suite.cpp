#include "cli/suite.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ci/set_figures.h"
#include "cli/judges.h"
#include "datasets/text/files.h"
#include "datasets/text/yaml.h"
#include "evaluators/reduce.h"
#include "prompts/prompt_file.h"
#include "prompts/registry.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

void add_prompt(Suite& suite, Result<Prompt> found, Mark mark, Diagnostics& problems) {
  if (found) {
    suite.prompts.push_back(std::make_shared<const Prompt>(*std::move(found)));
    return;
  }
  for (Diagnostic each : found.problems()) {
    // A prompt that was not found is a problem of the suite's line.
    if (each.file.empty()) {
      const Diagnostic placed = suite.source.problem(mark, each.what, each.expected, each.help);
      each = placed;
    }
    problems.push_back(std::move(each));
  }
}

void read_prompts(Suite& suite, Fields& fields, const SuiteOverrides& overrides,
                  Diagnostics& problems) {
  const Value* one = fields.value("prompt");
  const Value* many = fields.value("prompts");
  if (overrides.prompt) {
    // On the command line a path counts from where the user stands; a name from the suite's folder.
    const bool path = fs::exists(*overrides.prompt) && !fs::is_directory(*overrides.prompt);
    add_prompt(suite,
               path ? load_prompt(*overrides.prompt) : find_prompt(*overrides.prompt, suite.folder),
               {}, problems);
    return;
  }
  if (one == nullptr) one = many;
  if (one == nullptr)
    return fields.missing("prompt", "name a prompt file, `name@version`, or write it inline");
  const List single{*one};
  for (const Value& item : one->is_list() ? *one->list() : single) {
    if (const std::string* reference = item.string())
      add_prompt(suite, find_prompt(*reference, suite.folder), item.mark(), problems);
    else
      add_prompt(suite, read_prompt(item, suite.source, suite.folder), item.mark(), problems);
  }
}

void read_models(Suite& suite, Fields& fields, const SuiteOverrides& overrides) {
  const Value* one = fields.mapping("model");
  const Value* many = fields.list("models");
  if (one != nullptr) suite.models.push_back(*one);
  if (many != nullptr)
    suite.models.insert(suite.models.end(), many->list()->begin(), many->list()->end());
  if (suite.models.empty()) {
    if (!fields.has("model") && !fields.has("models"))
      fields.missing("model", "name its provider, base_url and name");
    return;
  }
  if (overrides.model) {
    // One of the suite's models by its name, else another name for the first.
    const auto named = [&](const Value& model) {
      const Value* name = model.find("name");
      return name != nullptr && to_text(*name) == *overrides.model;
    };
    const auto found = std::find_if(suite.models.begin(), suite.models.end(), named);
    Value chosen = found != suite.models.end() ? *found : suite.models.front();
    if (found == suite.models.end() && chosen.is_object())
      chosen.object()->set("name", *overrides.model);
    suite.models = {std::move(chosen)};
  }
  if (!overrides.concurrency) return;
  for (Value& model : suite.models) {
    if (!model.is_object()) continue;
    Value limits = model.find("limits") != nullptr ? *model.find("limits") : Value(Object{});
    if (limits.is_object()) limits.object()->set("concurrency", *overrides.concurrency);
    model.object()->set("limits", std::move(limits));
  }
}

// `cache: false`, or `cache: {ttl: 12h}`.
void read_cache(Suite& suite, Fields& fields, Diagnostics& problems) {
  const Value* cache = fields.value("cache");
  if (cache == nullptr) return;
  if (const bool* wanted = cache->boolean()) {
    if (!*wanted) suite.cache_ttl.reset();
    return;
  }
  Fields keys(*cache, suite.source, problems, "`cache`");
  if (const auto ttl = keys.duration("ttl"))
    suite.cache_ttl = std::chrono::duration_cast<std::chrono::seconds>(*ttl);
  keys.finish();
}

// Whether a rule of `gate:` is about times, even where --no-gate leaves it out: the run may become
// the baseline of one that is not.
bool rules_on_times(const Value& gate) {
  const Value* rules = gate.find("rules");
  if (rules == nullptr || !rules->is_list()) return false;
  for (const Value& rule : *rules->list()) {
    const Value* metric = rule.find("metric");
    if (metric == nullptr) continue;
    const std::string name = to_text(*metric);
    for (const std::string_view time : {"latency", "ttft", "tpot", "itl"})
      if (name == time || name.starts_with(std::string(time) + "_")) return true;
  }
  return false;
}

void read_gate_of(Suite& suite, Fields& fields, const SuiteOverrides& overrides,
                  Diagnostics& problems) {
  const Value* gate = fields.value("gate");
  if (gate == nullptr) return;
  suite.rules_on_times = rules_on_times(*gate);
  if (overrides.no_gate) return;
  std::vector<std::string> known;
  const std::vector<Measure> measures = measures_of(suite.evaluators);
  for (const Measure& measure : measures) known.push_back(measure.name);
  for (const SetFigure& figure : set_figures(measures)) known.push_back(figure.measure.name);
  for (const Measure& measure : builtin_measures()) known.push_back(measure.name);
  suite.gate = read_gate(*gate, suite.source, suite.folder, known, problems);
  if (overrides.baseline) suite.gate->baseline = *overrides.baseline;
  if (suite.gate->baseline) return;
  for (const Rule& rule : suite.gate->rules) {
    if (!rule.compares()) continue;
    problems.push_back(suite.source.problem(
        rule.mark, fmt::format("`{}` compares with a baseline, and the gate has none", rule.text),
        "expected `baseline: FILE` under `gate:`, or --baseline FILE",
        "`llmops eval --no-gate` makes a first run, `llmops baseline set last FILE` accepts it"));
    return;
  }
}

// Nothing can be drawn from fewer samples than are drawn.
void check_reducers(const Suite& suite, Fields& fields) {
  for (const Evaluator& evaluator : suite.evaluators)
    for (const Measure& measure : evaluator.measures) {
      const auto reducer = read_reducer(measure.reduce);
      if (reducer && reducer->k > suite.samples)
        fields.error(fields.mark("samples"),
                     fmt::format("`{}` takes at least {} samples a case, the suite asks for {}",
                                 measure.name, reducer->k, suite.samples),
                     "", fmt::format("set `samples: {}`", reducer->k));
    }
}

}  // namespace

fs::path state_folder(const fs::path& folder) {
  if (const char* home = std::getenv("LLMOPS_HOME"); home != nullptr && *home != '\0') return home;
  return folder / ".llmops";
}

Result<Suite> load_suite(const fs::path& file, const SuiteOverrides& overrides) {
  Result<Source> source = read_source(file, 16U << 20);
  if (!source) {
    Diagnostics problems = source.problems();
    if (problems.front().help.empty())
      problems.front().help = "name a suite file, or make one with `llmops init`";
    return problems;
  }
  return read_suite(*std::move(source), overrides);
}

Result<Suite> read_suite(Source source, const SuiteOverrides& overrides) {
  const Result<Value> root = parse_yaml(source);
  if (!root) return root.problems();

  Diagnostics problems;
  const fs::path file = source.file();
  Suite suite{.file = file,
              .folder = file.has_parent_path() ? file.parent_path() : fs::path("."),
              .source = std::move(source)};
  Fields fields(*root, suite.source, problems, "the suite");
  suite.name = fields.text("name").value_or(file.stem().string());
  fields.text("description");
  suite.feature = fields.text("feature").value_or("");
  read_prompts(suite, fields, overrides, problems);
  if (const Value* dataset = fields.value("dataset"); dataset != nullptr)
    suite.dataset = read_dataset_spec(*dataset, suite.source, suite.folder, problems);
  else if (!overrides.dataset)
    fields.missing("dataset");
  if (overrides.dataset) {
    suite.dataset.path = *overrides.dataset;
    suite.dataset.format.clear();
  }
  if (overrides.limit) suite.dataset.limit = overrides.limit;
  read_models(suite, fields, overrides);
  suite.samples = static_cast<int>(fields.integer("samples", {1, 1000}).value_or(1));
  suite.seed = overrides.seed.value_or(
      static_cast<std::uint64_t>(fields.integer("seed", {0, 9e15}).value_or(1)));
  if (const Value* evaluators = fields.value("evaluators"))
    suite.evaluators = read_evaluators(*evaluators, suite.source, problems);
  read_judges(suite, fields, problems);
  check_reducers(suite, fields);
  read_cache(suite, fields, problems);
  if (const auto prices = fields.text("prices")) suite.prices = suite.folder / *prices;
  if (const auto tokenizer = fields.text("tokenizer")) suite.tokenizer = suite.folder / *tokenizer;
  suite.token_budget =
      static_cast<std::size_t>(fields.integer("token_budget", {1, 1e9}).value_or(0));
  read_gate_of(suite, fields, overrides, problems);
  fields.finish();
  if (has_errors(problems)) return problems;
  return {std::move(suite), std::move(problems)};
}

}  // namespace llmops
