// Functional correctness: the model's program passes its tests, run in a sandbox.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "evaluators/metrics/code_exec/program.h"
#include "evaluators/metrics/code_exec/sandbox.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"allow",        "language",          "test_field",
                                         "prefix_field", "entry_point_field", "timeout",
                                         "memory_mb",    "processes",         "output_kb"};

struct Setup {
  const CodeLanguage* language = nullptr;
  std::string version;  // of the interpreter
  std::string test_field, prefix_field, entry_point_field;
  SandboxLimits limits;
};

// The column's text; a list's texts are lines (MBPP's `test_list`).
std::string text_of(const Case& row, const std::string& field) {
  const Value* value = field.empty() ? nullptr : find_path(row.variables, field);
  if (value == nullptr || value->is_null()) return "";
  if (!value->is_list()) return to_text(*value);
  std::string lines;
  for (const Value& each : *value->list()) lines += to_text(each) + "\n";
  return lines;
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
           (c >= '0' && c <= '9');
  };
  return std::ranges::all_of(text, letter);
}

// Not to be guessed by a program that wants to look finished.
std::string random_token() {
  std::random_device device;
  std::string token = "llmops-";
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

std::string last_line(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  text = strip_right(text);
  const std::size_t line = text.rfind('\n');
  if (line != std::string_view::npos) text.remove_prefix(line + 1);
  return std::string(text.substr(0, kLongest));
}

std::string why_failed(const SandboxRun& run, const SandboxLimits& limits) {
  switch (run.end) {
    case SandboxRun::End::out_of_time:
      return fmt::format("out of time ({:g} s)", static_cast<double>(limits.time.count()) / 1000);
    case SandboxRun::End::too_much_memory:
      return fmt::format("more than {} MB of memory", limits.memory_bytes >> 20);
    case SandboxRun::End::too_much_output:
      return fmt::format("more than {} KB of output", limits.output_bytes >> 10);
    case SandboxRun::End::killed:
      return fmt::format("ended by signal {}", run.exit_code - 128);
    default:
      break;
  }
  if (run.exit_code == 0) return "ended before its tests did";
  const std::string line = last_line(run.err);
  return fmt::format("exit code {}{}{}", run.exit_code, line.empty() ? "" : ": ", line);
}

Measurement measure(const Setup& setup, const Case& row, const Sample& sample) {
  const CodeTest test{.prefix = text_of(row, setup.prefix_field),
                      .test = text_of(row, setup.test_field),
                      .entry_point = text_of(row, setup.entry_point_field)};
  if (strip(test.test).empty())
    return unscored(fmt::format("the case has no tests in `{}`", setup.test_field));
  if (!is_name(test.entry_point))
    return unscored(
        fmt::format("`{}` of the case is no name of a function", setup.entry_point_field));
  const std::string token = random_token();
  const SandboxRun run =
      run_sandboxed(setup.language->command, setup.language->file,
                    program_of(*setup.language, sample.text, test, token), setup.limits);
  if (run.end == SandboxRun::End::not_started)
    return unscored("the sandbox could not be started: " + run.why);
  if (run.end == SandboxRun::End::exited && run.exit_code == 0 && last_line(run.out) == token)
    return scored(1.0);
  return scored(0.0, why_failed(run, setup.limits));
}

std::string signature_of(const Setup& setup) {
  return fmt::format(
      "code_exec|language:{}|interpreter:{}|timeout:{}ms|memory:{}M|processes:{}|output:{}K|"
      "version:1",
      setup.language->name, setup.version, setup.limits.time.count(),
      setup.limits.memory_bytes >> 20, setup.limits.processes, setup.limits.output_bytes >> 10);
}

// The interpreter's version, from inside; notes the problem where there is no sandbox or no
// interpreter.
std::optional<std::string> probe(const CodeLanguage& language, Fields& fields) {
  if (const std::optional<std::string>& problem = sandbox_problem()) {
    fields.error(fields.mark("allow"),
                 fmt::format("no sandbox can be had here, and `code_exec` runs nothing without: {}",
                             *problem),
                 "expected bubblewrap and unprivileged user namespaces",
                 "install the package `bubblewrap`; a container has to allow user namespaces");
    return std::nullopt;
  }
  const SandboxRun run = run_sandboxed(language.version_command, language.file, "", {});
  if (run.end == SandboxRun::End::exited && run.exit_code == 0) {
    std::string first = run.out.substr(0, run.out.find('\n'));
    std::ranges::replace(first, '|', ' ');
    return first;
  }
  fields.error(fields.mark("language"),
               fmt::format("there is no {} in the sandbox", language.command.front()),
               fmt::format("expected it in /usr/bin, which is all that a program sees"));
  return std::nullopt;
}

std::unique_ptr<Metric> make(Fields& fields) {
  Setup setup;
  std::vector<std::string_view> names;
  for (const CodeLanguage& language : code_languages()) names.push_back(language.name);
  const std::string wanted = fields.one_of("language", names).value_or("python");
  setup.language = &*std::ranges::find_if(
      code_languages(), [&](const CodeLanguage& each) { return each.name == wanted; });
  setup.test_field = fields.text("test_field").value_or("test");
  setup.prefix_field = fields.text("prefix_field").value_or("prompt");
  setup.entry_point_field = fields.text("entry_point_field").value_or("entry_point");
  if (const auto timeout = fields.duration("timeout"))
    setup.limits.time = std::chrono::ceil<std::chrono::milliseconds>(*timeout);
  if (const auto memory = fields.integer("memory_mb", {16, 1 << 20}))
    setup.limits.memory_bytes = static_cast<std::uint64_t>(*memory) << 20;
  if (const auto processes = fields.integer("processes", {1, 4096}))
    setup.limits.processes = static_cast<int>(*processes);
  if (const auto output = fields.integer("output_kb", {1, 1 << 20}))
    setup.limits.output_bytes = static_cast<std::uint64_t>(*output) << 10;
  if (!fields.boolean("allow").value_or(false)) {
    fields.error(fields.mark("allow"), "`code_exec` runs programs that a model wrote",
                 "expected `allow: true`",
                 "they run in a sandbox without network, with limits (evaluators/README.md)");
    return nullptr;
  }
  const std::optional<std::string> version = probe(*setup.language, fields);
  if (!version) return nullptr;
  setup.version = *version;
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary), signature_of(setup),
      [setup](const Case& row, const Sample& sample) { return measure(setup, row, sample); });
}

}  // namespace

extern const MetricInfo kCodeExec;
constexpr MetricInfo kCodeExec{
    .name = "code_exec",
    .summary = "the program passes its unit tests, run in a sandbox (opt-in: allow)",
    .source = "Chen et al. 2021 (HumanEval)",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
