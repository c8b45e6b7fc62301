// Any local program as an evaluator: started once per worker, one JSON document a line in, one out.
//
//   in:  {"id","sample","output","reference","references","variables","context","tool_calls",
//         "steps","finish_reason"}
//   out: {"score"} or {"error"}; optional: reason (shown with the case), answer (what a vote
//   counts)
//
// Costs one line each way; the rest is the program's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <thread>

#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/programs.h"
#include "evaluators/score_shape.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"command", "kind",    "range",  "better",
                                         "timeout", "workers", "version"};
constexpr std::chrono::seconds kTimeout{60};

struct Setup {
  std::vector<std::string> command;
  std::filesystem::path folder;
  ScoreShape shape;
  std::chrono::nanoseconds timeout{kTimeout};
  std::size_t workers = 1;
  std::string signature;
};

std::string question(const Case& row, const Sample& sample) {
  const std::vector<std::string>& context = sample.context.empty() ? row.context : sample.context;
  Object line{
      {"id",         row.id                     },
      {"sample",     sample.number              },
      {"output",     sample.text                },
      {"references", List(row.references.begin(), row.references.end())},
      {"variables",            row.variables                            }
  };
  if (!row.references.empty()) line.add("reference", row.references.front());
  if (!context.empty()) line.add("context", List(context.begin(), context.end()));
  if (!sample.tool_calls.is_null()) line.add("tool_calls", sample.tool_calls);
  if (!sample.steps.is_null()) line.add("steps", sample.steps);
  if (!sample.finish_reason.empty()) line.add("finish_reason", sample.finish_reason);
  return dump_json(line);
}

std::optional<double> number_of(const Value& score) {
  if (score.is_number()) return score.number();
  if (score.boolean() != nullptr) return *score.boolean() ? 1.0 : 0.0;
  return std::nullopt;
}

std::string text_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr || found->is_null() ? "" : to_text(*found);
}

Measurement read_answer(std::string_view line, const ScoreShape& shape) {
  const Result<Value> answer = parse_json(line, "answer");
  if (!answer) return unscored("the program's answer is " + answer.problems().front().what);
  if (!answer->is_object()) return unscored("the program's answer is not a JSON object");
  if (const std::string error = text_of(*answer, "error"); !error.empty())
    return unscored("the program says: " + error);
  const std::string reason = text_of(*answer, "reason");
  const Value* given = answer->find("score");
  if (given == nullptr || given->is_null())
    return unscored(reason.empty() ? "the program gave no `score`" : reason);
  const std::optional<double> score = number_of(*given);
  if (!score || !std::isfinite(*score))
    return unscored(fmt::format("the program's `score` is a {}, no number", given->kind()));
  const bool whole = shape.kind != ScoreKind::binary || *score == 0.0 || *score == 1.0;
  if (!whole || *score < shape.range.low || *score > shape.range.high)
    return unscored(
        fmt::format("the program's score {} is not {}", *score,
                    whole ? fmt::format("in the range [{}, {}]", shape.range.low, shape.range.high)
                          : "0 or 1"));
  return with_answer(scored(*score, reason), text_of(*answer, "answer"));
}

class Exec final : public Metric {
 public:
  explicit Exec(Setup setup)
      : setup_(std::move(setup)),
        columns_{column(setup_.shape.kind, setup_.shape.range, setup_.shape.better)},
        programs_(setup_.command, setup_.folder, setup_.workers, setup_.timeout) {}

  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override { return setup_.signature; }

  Measurement score(const Case& row, const Sample& sample) const override {
    const Scorable one[] = {
        {&row, &sample}
    };
    return std::move(score_batch(one).front());
  }

  std::vector<Measurement> score_batch(std::span<const Scorable> batch) const override {
    std::vector<Measurement> measured(batch.size());
    programs_.ask(
        batch.size(), [&](std::size_t i) { return question(*batch[i].row, *batch[i].sample); },
        [&](std::size_t i, std::string_view line, const std::string& why) {
          measured[i] = why.empty() ? read_answer(line, setup_.shape) : unscored(why);
        });
    return measured;
  }

 private:
  Setup setup_;
  std::vector<Column> columns_;
  mutable Programs programs_;
};

// The files that the command names are part of the score: "|checks/tone.py:<sha256>".
std::string pinned_files(const Setup& setup) {
  std::string pinned;
  for (const std::string& argument : setup.command) {
    std::istringstream words(argument);
    for (std::string word; words >> word;) {
      std::error_code ignored;
      const std::filesystem::path file = setup.folder / word;
      if (word.front() == '/' || !std::filesystem::is_regular_file(file, ignored)) continue;
      if (const Result<Source> content = read_source(file))
        pinned += fmt::format("|{}:{}", word, sha256(content->text()).substr(0, 16));
    }
  }
  return pinned;
}

std::string signature_of(const Setup& setup, const std::string& version) {
  std::string command;
  for (const std::string& each : setup.command) command += (command.empty() ? "" : " ") + each;
  std::string signature =
      fmt::format("exec|command:{}{}|kind:{}|range:{},{}", command, pinned_files(setup),
                  name(setup.shape.kind), setup.shape.range.low, setup.shape.range.high);
  if (!version.empty()) signature += "|program:" + version;
  return signature + "|version:1";
}

std::unique_ptr<Metric> make(Fields& fields) {
  Setup setup;
  setup.folder = std::filesystem::path(fields.source().file()).parent_path();
  setup.command = read_command(fields, setup.folder);
  setup.shape = read_score_shape(fields, "exec");
  if (const auto timeout = fields.duration("timeout")) setup.timeout = *timeout;
  setup.workers =
      static_cast<std::size_t>(fields.integer("workers", {1, 1024})
                                   .value_or(std::max(1U, std::thread::hardware_concurrency())));
  const std::string version = fields.text("version").value_or("");
  if (setup.command.empty()) return nullptr;
  setup.signature = signature_of(setup, version);
  return std::make_unique<Exec>(std::move(setup));
}

}  // namespace

extern const MetricInfo kExecMetric;
constexpr MetricInfo kExecMetric{
    .name = "exec",
    .summary = "any local program: one JSON document a line in, one score a line out",
    .source = "the program's own",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
