#include "cli/outputs.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "ci/repeats.h"
#include "cli/ci_host.h"
#include "cli/report_context.h"
#include "cli/run_origin.h"
#include "cli/suite.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/store/database.h"

namespace llmops {

void declare_output_options(CLI::App& app, OutputFiles& files) {
  for (const ReportInfo* info : reports()) {
    const std::string name(info->name);
    app.add_option_function<std::string>(
           "--" + name,
           [&files, name](const std::string& file) { files.reports.emplace_back(name, file); },
           fmt::format("write {}", info->summary))
        ->type_name("FILE")
        ->group("Reports");
  }
  app.add_option("--samples-out", files.samples, "write one JSON line a sample")
      ->type_name("FILE")
      ->group("Reports");
}

Decided decide_run(const Store& store, const RunHeader& header, const GateSpec* gate,
                   std::shared_ptr<const RunSource> baseline) {
  Decided decided;
  decided.run = store.open_run(header);
  decided.outputs = store.open_outputs(header);
  decided.baseline = std::move(baseline);
  decided.summary = summarize(*decided.run, decided.warnings);
  if (decided.baseline != nullptr) {
    // Only times look at earlier accepted runs, and only where the hardware is known.
    std::vector<std::shared_ptr<const RunSource>> accepted;
    if (gate != nullptr && gate->baseline && !header.hardware.empty())
      accepted = accepted_runs(*gate->baseline);
    decided.comparison =
        compare(*decided.baseline, *decided.run, gate != nullptr ? *gate : GateSpec{}, accepted);
    if (const Result<StoredRunInfo> stored = store.find_run(decided.baseline->header().id))
      if (stored->header.id == decided.baseline->header().id)
        decided.baseline_outputs = store.open_outputs(stored->header);
  }
  if (gate != nullptr)
    decided.verdict = decide(*gate, *decided.run, decided.summary,
                             decided.comparison ? &*decided.comparison : nullptr);
  if (decided.comparison)
    decided.findings = find_all(*decided.baseline, *decided.run, *decided.comparison, gate,
                                decided.verdict ? &*decided.verdict : nullptr);
  if (decided.verdict) name_causes(decided.findings, *decided.verdict);
  for (Finding& finding : repeat_findings(*decided.run))
    decided.findings.push_back(std::move(finding));
  return decided;
}

Value verdict_value(const Verdict& verdict) {
  List rules;
  for (const RuleOutcome& rule : verdict.rules)
    rules.push_back(Object{
        {"rule",    rule.rule.text    },
        {"outcome", name(rule.outcome)},
        {"why",     rule.why          }
    });
  return Object{
      {"outcome",  name(verdict.outcome)},
      {"headline", verdict.headline     },
      {"rules",    std::move(rules)     }
  };
}

namespace {

Object sample_line(const std::string& case_id, const SampleView& view) {
  const Sample& sample = view.sample;
  Object line{
      {"case_id", case_id      },
      {"sample",  sample.number},
      {"text",    sample.text  }
  };
  Object scores;
  for (const auto& [measure, value] : view.scores)
    if (value) scores.add(measure, *value);
  line.add("scores", std::move(scores));
  const auto add = [&](const char* key, const auto& value) {
    if (value) line.add(key, *value);
  };
  add("input_tokens", sample.usage.input);
  add("output_tokens", sample.usage.output);
  add("cached_tokens", sample.usage.cached);
  add("reasoning_tokens", sample.usage.reasoning);
  add("cost_usd", sample.cost_usd);
  add("ttft_ms", sample.timing.ttft_ms);
  add("tpot_ms", sample.timing.tpot_ms);
  add("latency_ms", sample.timing.latency_ms);
  if (!sample.finish_reason.empty()) line.add("finish_reason", sample.finish_reason);
  if (!sample.model.empty()) line.add("model", sample.model);
  if (!sample.tool_calls.is_null()) line.add("tool_calls", sample.tool_calls);
  if (!sample.steps.is_null()) line.add("steps", sample.steps);
  if (!sample.context.empty()) {
    List passages;
    for (const std::string& passage : sample.context) passages.emplace_back(passage);
    line.add("context", std::move(passages));
  }
  if (sample.error) {
    line.add("error", name(sample.error.kind));
    line.add("error_message", sample.error.message);
  }
  line.add("attempts", sample.attempts);
  line.add("cached", sample.cached);
  if (!view.notes.empty()) {
    Object notes;
    for (const auto& [measure, note] : view.notes) notes.set(measure, note);
    line.add("notes", std::move(notes));
  }
  return line;
}

// The prompt that a run asked with, while its file still asks the same.
std::optional<Prompt> find_asked(const Store& store, const RunHeader& header) {
  const Result<StoredRunInfo> info = store.find_run(header.id);
  if (!info) return std::nullopt;
  Result<Prompt> prompt = prompt_of(*info);
  if (!prompt) return std::nullopt;
  return *std::move(prompt);
}

}  // namespace

void write_samples(const Store& store, const RunHeader& header, std::FILE* out) {
  std::string line;
  store.visit_samples(header,
                      [&](const std::string& case_id, const Case& row, const SampleView& view) {
                        Object object = sample_line(case_id, view);
                        if (!row.group.empty()) object.add("group", row.group);
                        line.clear();
                        dump_json(Value(std::move(object)), line);
                        line += '\n';
                        write_all(out, line);
                      });
}

void write_reports(const ReportInput& input, const OutputFiles& files) {
  for (const auto& [name, file] : files.reports) {
    const ReportInfo* report = find_report(name);
    write_atomically(file, [&](std::FILE* out) { report->write(input, out); });
  }
}

OutputFiles with_suffix(const OutputFiles& files, const std::string& suffix) {
  std::string safe;
  for (const char c : suffix)
    safe += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ? c : '-';
  const auto renamed = [&](const std::string& file) {
    std::filesystem::path path(file);
    const std::string extension = path.extension().string();
    return path.replace_extension().string() + "-" + safe + extension;
  };
  OutputFiles changed = files;
  for (auto& [name, file] : changed.reports) file = renamed(file);
  if (!changed.samples.empty()) changed.samples = renamed(changed.samples);
  return changed;
}

ReportInput input_of(const Decided& decided, std::string_view command) {
  return {.command = std::string(command),
          .run = decided.run->header(),
          .summary = decided.summary,
          .rows = *decided.run,
          .comparison = decided.comparison ? &*decided.comparison : nullptr,
          .verdict = decided.verdict ? &*decided.verdict : nullptr,
          .outputs = decided.outputs.get(),
          .baseline_outputs = decided.baseline_outputs.get(),
          .warnings = decided.warnings,
          .baseline_rows = decided.baseline.get(),
          .findings = decided.findings};
}

ExitCode publish(const Store& store, const Decided& decided, const GateSpec* gate,
                 std::string_view command, const OutputFiles& files, Console& console,
                 List* documents) {
  const RunHeader& header = decided.run->header();
  std::error_code none_there;
  const bool found_by_itself =
      std::filesystem::equivalent(store.folder(), state_folder("."), none_there);
  const std::optional<Prompt> asked =
      files.reports.empty() ? std::nullopt : find_asked(store, header);
  ReportInput input = input_of(decided, command);
  if (!found_by_itself) input.store = shown_store(store.folder());
  const bool page =
      std::ranges::any_of(files.reports, [](const auto& report) { return report.first == "html"; });
  const ReportContext context =
      page
          ? report_context(store, header, decided.comparison ? decided.comparison->baseline_id : "")
          : ReportContext();
  context.add_to(input);
  input.prompt_file = asked ? &*asked : nullptr;
  write_reports(input, files);
  if (!files.samples.empty())
    write_atomically(files.samples, [&](std::FILE* out) { write_samples(store, header, out); });
  tell_ci_host(input, console);

  if (documents != nullptr)
    documents->push_back(to_json(input));
  else if (console.json())
    console.print_json(to_json(input));
  else
    console.print(render_terminal(
        input, {.width = console.width(), .color = console.color(), .quiet = console.quiet()}));
  if (!decided.verdict) return header.complete ? ExitCode::passed : ExitCode::incomplete;
  return static_cast<ExitCode>(exit_status(*decided.verdict, gate->on_inconclusive));
}

}  // namespace llmops
