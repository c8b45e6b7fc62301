#include "cli/calibration_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/judge_calibration.h"
#include "ci/stats/binomial_interval.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/store/case_json.h"

namespace llmops {
namespace {

constexpr int kSchemaVersion = 1;
// A judge that always said the same may still differ now and then: the least rate of change that is
// taken for its own.
constexpr double kLeastChange = 0.02;
constexpr double kDriftAlpha = 0.01;

std::string text_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

// The part of a signature that begins with `key:`.
std::string_view part_of(std::string_view signature, std::string_view key) {
  std::size_t at = 0;
  while (at < signature.size()) {
    const std::size_t end = std::min(signature.find('|', at), signature.size());
    const std::string_view part = signature.substr(at, end - at);
    if (part.starts_with(key)) return part.substr(key.size());
    at = end + 1;
  }
  return {};
}

}  // namespace

std::filesystem::path calibration_path(const Suite& suite, const std::string& evaluator) {
  return suite.folder / "calibrations" / (evaluator + ".json");
}

void write_calibration(const std::filesystem::path& file, const Calibration& calibration) {
  List anchors;
  for (const Anchor& anchor : calibration.anchors) {
    const Result<Value> row = parse_json(case_json(anchor.row), "case");
    anchors.push_back(Object{
        {"case",   row ? *row : Value()},
        {"output", anchor.output       },
        {"score",  anchor.score        }
    });
  }
  const Object out{
      {"schema_version", kSchemaVersion       },
      {"evaluator",      calibration.evaluator},
      {"judge",          calibration.signature},
      {"created",        calibration.created  },
      {"figures",        calibration.figures  },
      {"anchors",        std::move(anchors)   }
  };
  write_atomically(file, dump_json_pretty(Value(out)) + "\n");
}

Result<Calibration> read_calibration(const std::filesystem::path& file) {
  const Result<Source> source = read_source(file, 64U << 20);
  if (!source) return source.problems();
  const Result<Value> value = parse_json(*source);
  if (!value) return value.problems();
  Diagnostics problems;
  Fields fields(*value, *source, problems, "the calibration");
  Calibration calibration{.evaluator = fields.required_text("evaluator"),
                          .signature = fields.required_text("judge"),
                          .created = fields.text("created").value_or("")};
  if (fields.integer("schema_version", {1}).value_or(1) > kSchemaVersion)
    fields.error(fields.mark("schema_version"), "a later version of the file",
                 fmt::format("expected at most {}", kSchemaVersion), "update this program");
  if (const Value* figures = fields.mapping("figures")) calibration.figures = *figures->object();
  if (const Value* anchors = fields.list("anchors"))
    for (const Value& each : *anchors->list()) {
      const Value* row = each.find("case");
      const Value* score = each.find("score");
      if (row == nullptr || !row->is_object() || score == nullptr || !score->is_number()) {
        fields.error(each.mark(), "an anchor that is none", "expected {case, output, score}");
        continue;
      }
      calibration.anchors.push_back(
          {read_case(dump_json(*row)), text_of(each, "output"), score->number()});
    }
  if (has_errors(problems)) return problems;
  return calibration;
}

std::vector<std::string> calibration_warnings(const Suite& suite) {
  std::vector<std::string> warnings;
  for (const Evaluator& evaluator : suite.evaluators) {
    if (dynamic_cast<const JudgeMetric*>(evaluator.metric.get()) == nullptr) continue;
    const std::filesystem::path file = calibration_path(suite, evaluator.name);
    if (!std::filesystem::exists(file)) {
      warnings.push_back(
          fmt::format("judge `{}` was never calibrated: how far it agrees with people is not known "
                      "(`llmops judge calibrate`)",
                      evaluator.name));
      continue;
    }
    const Result<Calibration> found = read_calibration(file);
    if (!found) {
      warnings.push_back(fmt::format("judge `{}`: its calibration cannot be read: {}",
                                     evaluator.name, found.problems().front().what));
      continue;
    }
    const std::string now = evaluator.metric->signature();
    if (found->signature == now) continue;
    const std::string_view before = part_of(found->signature, "judge:");
    const std::string_view after = part_of(now, "judge:");
    warnings.push_back(fmt::format(
        "judge `{}` was calibrated on {} as it was then, and {}: calibrate it again",
        evaluator.name, found->created.substr(0, 10),
        before != after ? fmt::format("its model changed from {} to {} since", before, after)
                        : std::string("its prompt or parameters changed since")));
  }
  return warnings;
}

std::vector<std::string> drift_warnings(const Suite& suite, AskingContext context, int draw,
                                        const std::vector<std::pair<AsksModels*, Asker*>>& askers) {
  std::vector<std::string> warnings;
  for (const Evaluator& evaluator : suite.evaluators) {
    auto* judge = dynamic_cast<JudgeMetric*>(evaluator.metric.get());
    const std::filesystem::path file = calibration_path(suite, evaluator.name);
    if (judge == nullptr || !std::filesystem::exists(file)) continue;
    const Result<Calibration> known = read_calibration(file);
    if (!known || known->anchors.empty() || known->signature != judge->signature()) continue;
    AskingContext fresh = context;
    fresh.first_draw = draw;
    for (const auto& [asks, asker] : askers)
      if (asks == judge) fresh.asker = asker;
    judge->connect(fresh);
    std::vector<Sample> samples(known->anchors.size());
    std::vector<Scorable> batch;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      samples[i].text = known->anchors[i].output;
      batch.push_back({&known->anchors[i].row, &samples[i]});
    }
    const std::vector<Measurement> measured = judge->score_batch(batch);
    std::int64_t changed = 0, asked = 0;
    double moved = 0;
    for (std::size_t i = 0; i < measured.size(); ++i) {
      if (measured[i].values.empty() || !measured[i].values.front()) continue;
      ++asked;
      const double before = known->anchors[i].score, after = *measured[i].values.front();
      moved += after - before;
      changed += nearest_category(judge->categories(), before) !=
                 nearest_category(judge->categories(), after);
    }
    if (asked == 0) continue;
    double own = kLeastChange;
    if (const Value* consistency = known->figures.find("self_consistency"))
      if (const Value* rate = consistency->find("rate")) own = std::max(own, 1 - rate->number());
    const auto p = stats::binomial_p_greater(changed, asked, std::min(own, 0.99));
    if (p && *p < kDriftAlpha)
      warnings.push_back(fmt::format(
          "judge `{}` drifts: {} of {} frozen anchor cases are judged otherwise than on {} (on "
          "average by {:+.3f}), where its own inconsistency explains {:.0f}%; calibrate it again",
          evaluator.name, changed, asked, known->created.substr(0, 10),
          moved / static_cast<double>(asked), 100 * own));
  }
  return warnings;
}

}  // namespace llmops
