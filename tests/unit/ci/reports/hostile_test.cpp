// What models, datasets and file names can hold must not reach a reader as anything but text.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ci/reports/escape.h"
#include "ci/reports/github.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "prompts/prompt.h"
#include "tests/support/page.h"
#include "tests/unit/ci/reports/example_run.h"

using namespace llmops;
using namespace llmops::test;

namespace {

const std::string kHostile =
    "<script>alert(1)</script><img src=x onerror=alert(2)> ]]> \x1b[31mred\x1b[0m \x01\x08 "
    "\xE2\x80\xAEgnp.exe \xC3\x28\xFF \xEF\xBF\xBF ``` ~~~ | @team https://evil.example '\"&\r\n"
    "=cmd|' /C calc'!A0";

// Hostile text wherever text comes from outside.
ExampleRun hostile_run() {
  ExampleRun run;
  const std::string id = "a " + kHostile;
  run.candidate.cases[0].id = run.baseline.cases[0].id = id;
  run.candidate.cases[0].group = run.candidate.cases[0].tags[0].value = kHostile;
  run.outputs.add(id, kHostile, kHostile);
  run.baseline_outputs.add(id, kHostile, kHostile + "!");
  run.comparison.metrics[0].worst.insert(run.comparison.metrics[0].worst.begin(), {id, -1.0});
  run.comparison.changed = {kHostile};
  run.candidate.head.id += kHostile;
  run.candidate.head.suite = kHostile;
  run.candidate.head.prompt.set("name", kHostile);
  run.candidate.head.model.set("name", kHostile);
  run.candidate.head.counts.errors = {
      {kHostile, 3}
  };
  for (Measure& measure : run.candidate.head.measures)
    if (!measure.builtin) measure.name += kHostile;
  run.verdict.headline = "FAIL " + kHostile;
  run.verdict.rules[0].why = kHostile;
  run.verdict.rules[0].rule.text = kHostile;
  run.verdict.warnings = {kHostile};
  return run;
}

// No C0 control but line break and tab, no DEL, no C1, no bidirectional control, valid UTF-8.
bool clean(const std::string& text) {
  if (!valid_utf8(text)) return false;
  const std::vector<char32_t> points = decode_utf8(text);
  return std::none_of(points.begin(), points.end(), [](char32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || (c >= 0x7F && c < 0xA0) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  });
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("reports: hostile content stays text in every format") {
  const ExampleRun run = hostile_run();
  const ReportInput input = run.input();
  for (const int width : {80, 120}) {
    const std::string screen = render_terminal(input, {.width = width});
    CHECK(clean(screen));
    CHECK(has(screen, "\\x1b[31mred"));
    CHECK(has(screen, "\\u202egnp.exe"));
  }
  CHECK(clean(dump_json(to_json(input))) ==
        false);  // JSON keeps what was said, escaped by its own rules
  CHECK(parse_json(dump_json(to_json(input)), "report.json"));

  const std::string html = written("html", input);
  CHECK(clean(html));
  CHECK_FALSE(has(html, "<script>alert"));
  CHECK_FALSE(has(html, "<img"));
  // Texts of cases are packed data; unpacked, they are what a reader sees.
  const std::string unpacked = unpacked_page(html);
  CHECK(clean(unpacked));
  CHECK(has(unpacked, "\\\\u202egnp.exe"));
  CHECK(has(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  CHECK_FALSE(has(html, " style="));

  Prompt prompt;
  prompt.name = prompt.intended_use = prompt.limits = prompt.changelog = kHostile;
  ReportInput described = run.input();
  described.prompt_file = &prompt;
  const std::string card = written("model-card", described);
  CHECK(clean(card));
  CHECK_FALSE(has(card, "<script"));
  CHECK_FALSE(has(card, "<img"));
  CHECK(has(card, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  CHECK(has(card, "default-src 'none'"));

  const std::string junit = written("junit", input);
  CHECK(clean(junit));
  CHECK_FALSE(has(junit, "]]>"));
  CHECK_FALSE(has(junit, "\xEF\xBF\xBF"));

  const std::string markdown = written("markdown", input);
  CHECK(clean(markdown));
  CHECK(markdown.size() <= 65536);

  const std::string csv = written("csv", input);
  CHECK(clean(csv));
  CHECK_FALSE(has(csv, ",="));

  const std::string cases = written("junit-cases", input);
  CHECK(clean(cases));
  CHECK_FALSE(has(cases, "]]>"));
  CHECK_FALSE(has(cases, "<script"));

  const std::string metrics = written("prometheus", input);
  CHECK(clean(metrics));
  CHECK(has(metrics, "\\\"&"));  // a quote inside a label
  for (std::size_t at = 0; at < metrics.size();) {
    const std::size_t end = metrics.find('\n', at);
    const std::string line = metrics.substr(at, end - at);
    CHECK((line.starts_with("# ") || line.starts_with("llmops_")));
    at = end + 1;
  }

  const std::string quality = written("code-quality", input);
  CHECK(parse_json(quality, "codequality.json"));
  CHECK(clean(quality));

  // Every line is one command that says what it says: no text begins another.
  const std::string github = github_annotations(input);
  CHECK(clean(github));
  for (std::size_t at = 0; at < github.size();) {
    const std::size_t end = github.find('\n', at);
    CHECK(github.compare(at, 2, "::") == 0);
    at = end + 1;
  }
}

TEST_CASE("reports: a 10 MB output is cut, and the report says so") {
  ExampleRun run;
  const std::string id = "billing-002";
  run.outputs.add(id, "q", std::string(10'000'000, 'x') + "</pre>");
  const std::string html = written("html", run.input());
  CHECK(html.size() < 200'000);
  CHECK(has(unpacked_page(html), "\"n\":10000006"));
  CHECK(written("markdown", run.input()).size() <= 65536);
  CHECK(render_terminal(run.input(), {}).size() < 10'000);
  CHECK(written("junit", run.input()).size() < 20'000);
  CHECK(written("junit-cases", run.input()).size() < 20'000);
  for (const char* figures : {"prometheus", "code-quality", "model-card"}) {
    CAPTURE(figures);
    CHECK(written(figures, run.input()).size() < 50'000);
  }
  CHECK(written("csv", run.input()).size() > 10'000'000);  // data: whole
}

TEST_CASE("reports: markdown fits GitHub's limit whatever there is to say") {
  ExampleRun run;
  const RuleOutcome rule = run.verdict.rules[0];
  for (int i = 0; i < 3000; ++i) run.verdict.rules.push_back(rule);
  for (int i = 0; i < 3000; ++i)
    run.verdict.warnings.push_back("warning " + std::to_string(i) + kHostile);
  const MeasureSummary summary = run.summary.measures[0];
  for (int i = 0; i < 3000; ++i) {
    run.summary.measures.push_back(summary);
    run.summary.measures.back().measure.name += std::to_string(i);
  }
  for (const char* id : {"billing-002", "refund-003"})
    run.outputs.add(id, "q", std::string(100'000, '`'));
  const std::string markdown = written("markdown", run.input());
  CHECK(markdown.size() <= 65536);
  CHECK(has(markdown, "more rules are in the full report"));
  CHECK(has(markdown, "more warnings are in the full report"));
  CHECK(has(markdown, "</details>"));
}

TEST_CASE("reports: no number that is not one") {
  ExampleRun run;
  run.comparison.metrics[0].statistic = -HUGE_VAL;
  run.comparison.metrics[0].p_value = std::nan("");
  run.summary.measures[0].mean.reset();
  const Value document = to_json(run.input());
  const std::string text = dump_json(document);
  CHECK_FALSE(has(text, "null"));
  CHECK_FALSE(has(text, "NaN"));
  CHECK(document.find("comparison")->find("normalized_match")->find("statistic") == nullptr);
  CHECK(has(text, "comparison.normalized_match.statistic is not a finite number"));
  CHECK(has(text, "metrics.normalized_match.mean is absent: no case has a value"));
}

TEST_CASE("escape: spreadsheets run no formula") {
  struct Row {
    const char* why;
    const char* text;
    const char* field;
  };
  const Row rows[] = {
      {"a formula",    "=1+1",       "'=1+1"             },
      {"after blanks", "  =1+1",     "'  =1+1"           },
      {"other starts", "@SUM(1)",    "'@SUM(1)"          },
      {"a quote",      "say \"no\"", "\"say \"\"no\"\"\""},
      {"a comma",      "a,b",        "\"a,b\""           },
      {"a line break", "a\nb",       "\"a\nb\""          },
      {"nothing",      "",           ""                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(csv_text(row.text) == row.field);
  }
}

TEST_CASE("escape: markdown code cannot be closed by its content") {
  CHECK(markdown_code("a`b") == "``a`b``");
  CHECK(markdown_code("`") == "`` ` ``");
  CHECK(markdown_code("a|b") == "`a\\|b`");
  CHECK(markdown_block("```\nx") == "````text\n```\nx\n````\n");
}
