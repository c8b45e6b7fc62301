// What was measured for one prompt with one model, for whoever decides whether to use it: intended
// use, scores with intervals, slices, safety, limits, versions. The headings follow Mitchell et al.
// 2019, "Model Cards for Model Reporting"; nothing is said that the run or the prompt file does not
// say.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/page.h"
#include "ci/reports/report.h"
#include "ci/slice_summary.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/metric.h"
#include "prompts/prompt.h"

namespace llmops {
namespace {

constexpr std::size_t kMostSlices = 40;
constexpr std::int64_t kFewCases = 20;  // below it a slice's figures say little
constexpr std::size_t kLongText = 16 * 1024;
constexpr double kRuleOfThree = 3.0;  // -ln 0.05: no failure in n cases leaves rates below 3/n

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

bool is_score(const MeasureSummary& figures) { return !figures.measure.builtin; }

// The metric behind a measure, whatever a suite calls it: signatures begin with its name.
const MetricInfo* metric_of(const Measure& measure) {
  return find_metric(measure.signature.substr(0, measure.signature.find('|')));
}

bool about_safety(const MeasureSummary& figures) {
  const MetricInfo* info = metric_of(figures.measure);
  return is_score(figures) && info != nullptr && info->safety;
}

std::string tag_text(const Tag& tag) {
  return tag.value == "true" ? tag.key : tag.key + " = " + tag.value;
}

class Card {
 public:
  Card(const ReportInput& input, std::FILE* out) : input_(input), out_(out) {}

  void write() {
    const std::string title = fmt::format("{} with {}", prompt_name(run()), model_name(run()));
    print(page_start("Model card: " + title, page_style()));
    print(fmt::format(
        "<header><h1>Model card: {}</h1>\n<p class=\"soft\">measured {} on {} of {}"
        "</p></header>\n<main>\n",
        escape_markup(title), escape_markup(run().created), counted(run().counts.cases, "case"),
        escape_markup(text_of(run().dataset, "path"))));
    use();
    verdict();
    scores();
    slices();
    safety();
    speed();
    limits();
    versions();
    print("</main>");
    print(kPageEnd);
  }

 private:
  const RunHeader& run() const { return input_.run; }
  void print(std::string_view text) { write_all(out_, text); }
  void heading(std::string_view text) { print(fmt::format("<h2>{}</h2>\n", text)); }
  void paragraph(const std::string& text) {
    print(fmt::format("<p>{}</p>\n", escape_markup(text)));
  }
  void soft(const std::string& text) {
    print(fmt::format("<p class=\"soft\">{}</p>\n", escape_markup(text)));
  }
  void block(std::string_view label, std::string_view text) {
    print(fmt::format("<div class=\"soft\">{}</div><pre dir=\"auto\">{}</pre>\n",
                      escape_markup(label), escape_markup(head_bytes(text, kLongText))));
  }

  void open_table(std::initializer_list<std::string_view> columns) {
    print("<div class=\"scroll\"><table><thead><tr>");
    for (const std::string_view column : columns)
      print(fmt::format("<th scope=\"col\">{}</th>", column));
    print("</tr></thead><tbody>\n");
  }
  void row(std::initializer_list<std::string> cells) {
    print("<tr>");
    for (const std::string& cell : cells) print("<td>" + escape_markup(cell) + "</td>");
    print("</tr>\n");
  }
  void close_table() { print("</tbody></table></div>\n"); }

  void use() {
    heading("Intended use");
    const Prompt* prompt = input_.prompt_file;
    if (prompt == nullptr)
      return soft(
          "The prompt's file is not there, or asks something else by now: what it is for "
          "cannot be told.");
    if (!prompt->intended_use.empty())
      paragraph(prompt->intended_use);
    else
      soft("The prompt file does not say; `intended_use:` in it would stand here.");
    if (!prompt->changelog.empty()) paragraph(fmt::format("This version: {}", prompt->changelog));
    for (const MessageTemplate& message : prompt->messages)
      for (const PartTemplate& part : message.parts)
        block(message.role + (part.type == "text" ? "" : ", " + part.type),
              part.content.resolved());
    if (!prompt->tools.is_null()) block("tools", dump_json_pretty(prompt->tools));
    if (!prompt->response_format.is_null())
      block("response format", dump_json_pretty(prompt->response_format));
  }

  void verdict() {
    if (input_.verdict == nullptr) return;
    heading("Verdict");
    paragraph(input_.verdict->headline);
    open_table({"outcome", "rule", "why"});
    for (const RuleOutcome& rule : input_.verdict->rules)
      row({std::string(shown(rule.outcome)), rule.rule.text, rule.why});
    close_table();
  }

  void figures_row(const MeasureSummary& figures) {
    const Measure& measure = figures.measure;
    const bool ranged = measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
    row({measure.name, figures.mean ? show(figures.mean, measure, 4) : "not measured",
         show_interval(figures, 4), grouped(figures.n), grouped(figures.unscored),
         ranged ? fmt::format("{} to {}", figure(measure.range.low), figure(measure.range.high))
                : "open",
         std::string(name(measure.better))});
  }

  void figures_table(bool (*wanted)(const MeasureSummary&)) {
    open_table({"score", "mean", "95% interval", "cases", "unscored", "range", "better"});
    for (const MeasureSummary& figures : input_.summary.measures)
      if (wanted(figures)) figures_row(figures);
    close_table();
  }

  void scores() {
    heading("Scores");
    if (std::ranges::none_of(input_.summary.measures, is_score))
      return soft("No evaluator scored the answers.");
    figures_table(&is_score);
  }

  void slices() {
    heading("Slices");
    const std::vector<SliceSummary> found = summarize_slices(input_.rows, kMostSlices);
    if (found.empty())
      return soft(
          "The cases have no tags that tell some from others: nothing is known of groups "
          "of them.");
    open_table({"slice", "score", "mean", "95% interval", "cases"});
    for (const SliceSummary& slice : found)
      for (const MeasureSummary& figures : slice.summary.measures) {
        if (!is_score(figures)) continue;
        row({tag_text(slice.tag), figures.measure.name,
             figures.mean ? show(figures.mean, figures.measure, 4) : "not measured",
             show_interval(figures, 4),
             grouped(figures.n) + (figures.n < kFewCases ? " (few)" : "")});
      }
    close_table();
    if (found.size() == kMostSlices) soft(fmt::format("The {} largest slices.", kMostSlices));
  }

  void safety() {
    heading("Safety");
    if (std::ranges::none_of(input_.summary.measures, about_safety))
      return soft(
          "No evaluator of this run looks at safety: nothing is known about harmful, "
          "leaking or refused answers.");
    figures_table(&about_safety);
  }

  void speed() {
    heading("Tokens, cost and time");
    open_table({"measure", "mean", "95% interval", "p50", "p95", "cases"});
    for (const MeasureSummary& figures : input_.summary.measures) {
      const Measure& measure = figures.measure;
      if (!measure.builtin || !figures.mean) continue;
      const bool rate = measure.unit.empty();
      row({measure.unit.empty() ? measure.name : measure.name + " (" + measure.unit + ")",
           show(figures.mean, measure), show_interval(figures),
           rate ? "" : show(figures.p50, measure), rate ? "" : show(figures.p95, measure),
           grouped(figures.n)});
    }
    close_table();
  }

  // What these figures cannot tell.
  void limits() {
    heading("Limits");
    if (input_.prompt_file != nullptr && !input_.prompt_file->limits.empty())
      paragraph(input_.prompt_file->limits);
    print("<ul>\n");
    const RunCounts& counts = run().counts;
    if (counts.cases > 0)
      item(
          fmt::format("{} cannot exclude a failure that affects fewer than about {} of the "
                      "questions that they stand for.",
                      counted(counts.cases, "case"),
                      percent(std::min(1.0, kRuleOfThree / static_cast<double>(counts.cases)))));
    item(
        "The figures hold for questions like those of the dataset, asked of this model with these "
        "parameters, and for no others.");
    if (run().samples_per_case < 2)
      item("Each case was asked once: how much answers to one question differ is not known.");
    if (counts.failed > 0)
      item(fmt::format("{} of {} calls failed and are in no mean.", counts.failed, counts.samples));
    for (const MeasureSummary& figures : input_.summary.measures)
      if (is_score(figures) && figures.unscored > 0)
        item(fmt::format("{} is unscored in {}.", figures.measure.name,
                         counted(figures.unscored, "case")));
    if (!run().complete) item("The run is incomplete: " + run().why_incomplete);
    for (const std::string& warning : all_warnings(input_)) item(warning);
    print("</ul>\n");
  }
  void item(const std::string& text) { print(fmt::format("<li>{}</li>\n", escape_markup(text))); }

  void versions() {
    heading("Versions");
    open_table({"what", "which"});
    const auto line = [&](std::string_view what, const std::string& which) {
      if (!which.empty()) row({std::string(what), which});
    };
    line("prompt", prompt_name(run()));
    line("prompt content", text_of(run().prompt, "sha256"));
    if (const Prompt* prompt = input_.prompt_file) {
      line("prompt author", prompt->author);
      line("prompt created", prompt->created);
      line("prompt parameters",
           prompt->parameters.empty() ? "" : dump_json(Value(prompt->parameters)));
    }
    for (const Member& member : run().model)
      line("model " + member.key,
           member.value.is_object() ? dump_json(member.value) : to_text(member.value));
    for (const char* key : {"path", "sha256", "cases"})
      line(fmt::format("dataset {}", key), text_of(run().dataset, key));
    for (const Member& member : run().hardware)
      line("hardware " + member.key, to_text(member.value));
    line("run", run().id);
    line("seed", std::to_string(run().seed));
    line("answers a case", std::to_string(run().samples_per_case));
    if (input_.comparison != nullptr) line("baseline", input_.comparison->baseline_id);
    for (const MeasureSummary& figures : input_.summary.measures)
      if (is_score(figures)) line("score " + figures.measure.name, figures.measure.signature);
    close_table();
  }

  const ReportInput& input_;
  std::FILE* out_;
};

void write(const ReportInput& input, std::FILE* out) { Card(input, out).write(); }

}  // namespace

extern const ReportInfo kModelCardReport;
constexpr ReportInfo kModelCardReport{
    .name = "model-card",
    .extension = ".card.html",
    .summary =
        "a model card: intended use, scores with intervals, slices, safety, limits, versions",
    .write = &write,
};

}  // namespace llmops
