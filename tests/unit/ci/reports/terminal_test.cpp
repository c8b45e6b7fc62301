#include <doctest/doctest.h>

#include "ci/reports/layout.h"
#include "tests/unit/ci/reports/example_run.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    widest = std::max(widest, display_width(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return widest;
}

}  // namespace

TEST_CASE("terminal: the screen fits 80 columns and uses 120") {
  ExampleRun run;
  CHECK(widest_line(render_terminal(run.input(), {.width = 80})) <= 80);
  CHECK(widest_line(render_terminal(run.input(), {.width = 120})) <= 120);
  CHECK(widest_line(render_terminal(run.input(), {.width = 120})) > 80);
}

TEST_CASE("terminal: the verdict opens the screen and closes it") {
  const ExampleRun run;
  const std::string screen = render_terminal(run.input(), {});
  CHECK(screen.starts_with(run.verdict.headline + "\n"));
  CHECK(screen.ends_with("\n" + run.verdict.headline + "\n"));
  CHECK(render_terminal(run.input(), {.quiet = true}) == run.verdict.headline + "\n");
}

TEST_CASE("terminal: without colour there is no escape, with it the words stay") {
  const ExampleRun run;
  CHECK(render_terminal(run.input(), {}).find('\x1b') == std::string::npos);
  const std::string coloured = render_terminal(run.input(), {.color = true});
  CHECK(coloured.starts_with("\x1b[31mFAIL\x1b[0m "));
}

TEST_CASE("terminal: an incomplete run says so, and how many calls failed") {
  ExampleRun run;
  run.candidate.head.complete = false;
  run.candidate.head.why_incomplete = "the budget of $1.00 is used up";
  run.candidate.head.counts.failed = 2;
  run.candidate.head.counts.errors = {
      {"timeout_total", 2}
  };
  run.candidate.cases[1].failed = 1;
  run.candidate.cases[1].values.assign(5, std::nullopt);
  const std::string screen = render_terminal(run.ungated(), {});
  CHECK(screen.starts_with("INCOMPLETE: the budget of $1.00 is used up\n"));
  CHECK(screen.find("errors: 2 timeout_total") != std::string::npos);
  CHECK(screen.find("normalized_match unscored, failed") != std::string::npos);
  CHECK(screen.find("baseline set") == std::string::npos);
}

TEST_CASE("layout: text is cut and broken by columns, not bytes") {
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(fit("日本語", 5) == "日本…");
  CHECK(fit("short", 5) == "short");
  CHECK(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("abcdefgh", 3) == std::vector<std::string>{"abc", "def", "gh"});
  CHECK(wrap("", 5) == std::vector<std::string>{""});
  CHECK(head_bytes("aé", 2) == "a");
}

TEST_CASE("layout: a table aligns on the decimal point and leaves out what does not fit") {
  TextTable table({
      {.header = "name"},
      { .header = "value",                                .align = TextTable::Align::decimal},
      { .header = "more", .align = TextTable::Align::right, .optional = true}
  });
  table.add({{"a"}, {"1.25"}, {"x"}});
  table.add({{"b"}, {"100"}, {"yy"}});
  table.add({{"c"}, {""}, {""}});
  CHECK(table.render(80, {}) ==
        "  name   value  more\n"
        "  a       1.25     x\n"
        "  b     100       yy\n"
        "  c\n");
  CHECK(table.render(17, {}) ==
        "  name   value\n"
        "  a       1.25\n"
        "  b     100\n"
        "  c\n");
}

TEST_CASE("terminal: what is as it should be takes no line, unless a rule names it") {
  ExampleRun run;
  const Measure errors{.name = "error_rate", .kind = ScoreKind::binary, .builtin = true};
  run.summary.measures.push_back({.measure = errors, .n = 4, .mean = 0.0});
  MetricComparison compared{
      .metric = "error_rate", .measure = errors, .baseline_mean = 0.0, .candidate_mean = 0.0};
  run.comparison.metrics.push_back(compared);
  run.verdict.rules.clear();
  CHECK(render_terminal(run.input(), {}).find("error_rate") == std::string::npos);
  run.comparison.metrics.back().outcome = Outcome::pass;
  CHECK(render_terminal(run.input(), {}).find("error_rate") != std::string::npos);
  run.comparison.metrics.back().outcome.reset();
  run.comparison.metrics.back().candidate_mean = 0.25;
  CHECK(render_terminal(run.input(), {}).find("error_rate") != std::string::npos);
}

TEST_CASE("terminal: a change without spread is a change; none at all is none") {
  ExampleRun run;
  MetricComparison& tokens = run.comparison.metrics[2];
  tokens.interval_low.reset();
  tokens.interval_high.reset();
  tokens.n = tokens.losses = 8;
  tokens.wins = tokens.ties = 0;
  const auto line = [&] {
    const std::string screen = render_terminal(run.input(), {});
    const std::size_t at = screen.find("\n  output_tokens ", screen.find("Difference to"));
    return screen.substr(at + 1, screen.find('\n', at + 1) - at - 1);
  };
  CHECK(line().find(" worse ") != std::string::npos);
  tokens.losses = 0;
  tokens.ties = 8;
  tokens.difference = 0.0;
  CHECK(line().find(" ~ ") != std::string::npos);
  tokens.ties = 7;  // one of eight moved, and nobody knows how much that means
  tokens.losses = 1;
  CHECK(line().find(" ~ ") == std::string::npos);
  CHECK(line().find(" worse ") == std::string::npos);
}

TEST_CASE("terminal: commands name the store where it lies elsewhere") {
  ExampleRun run;
  ReportInput input = run.input();
  CHECK(render_terminal(input, {}).find("--store") == std::string::npos);
  input.store = "project/.llmops";
  CHECK(render_terminal(input, {}).find(" --store project/.llmops --html report.html") !=
        std::string::npos);
}
