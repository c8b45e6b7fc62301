// Several judges about the same sample, and how far they disagree.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluators/judge/judge.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

enum class Reduce { mean, median, majority, weighted };
constexpr std::string_view kReduces[] = {"mean", "median", "majority", "weighted"};

struct Juror {
  std::unique_ptr<JudgeMetric> judge;
  std::size_t first_model = 0;  // among the jury's wishes
  double weight = 1;
};

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

class Jury final : public JudgeMetric {
 public:
  Jury(JudgeOptions options, std::vector<Juror> jurors, Reduce reduce)
      : JudgeMetric(std::move(options)), jurors_(std::move(jurors)), reduce_(reduce) {
    columns_ = {
        column(ScoreKind::bounded),
        {.detail = "disagreement",
                              .headline = "disagreement",
                              .kind = ScoreKind::bounded,
                              .range = {},
                              .better = Better::lower}
    };
  }

  const std::vector<Column>& columns() const override { return columns_; }

  void connect(const AskingContext& context) override {
    JudgeMetric::connect(context);
    for (Juror& juror : jurors_) juror.judge->connect(context);
  }

  double questions_per_sample() const override {
    double sum = 0;
    for (const Juror& juror : jurors_) sum += juror.judge->questions_per_sample();
    return sum;
  }

  std::string signature() const override {
    std::string text = fmt::format("jury|reduce:{}", kReduces[static_cast<std::size_t>(reduce_)]);
    for (const Juror& juror : jurors_) {
      // Who answers is said to the jury; its members' signatures name them too.
      std::vector<ModelWish>& wishes = juror.judge->wishes();
      for (std::size_t i = 0; i < wishes.size(); ++i)
        wishes[i].identity = options().wishes[juror.first_model + i].identity;
      text += fmt::format("|[{}]", juror.judge->signature());
      if (reduce_ == Reduce::weighted) text += fmt::format("*{}", juror.weight);
    }
    return text + "|version:1";
  }

  std::string pose(const Scorable& sample, std::vector<Question>& into) const override {
    std::string why;
    std::size_t posed = 0;
    for (const Juror& juror : jurors_) {
      std::vector<Question> own;
      const std::string problem = juror.judge->pose(sample, own);
      if (!problem.empty()) why = problem;
      if (problem.empty()) ++posed;
      add(juror, own, into);
    }
    return posed == 0 ? why : "";
  }

  void pose_more(const Scorable& sample, const Told& told,
                 std::vector<Question>& into) const override {
    for (const Juror& juror : jurors_) {
      const Part part = part_of(juror, told);
      std::vector<Question> own;
      if (!part.answers.empty()) juror.judge->pose_more(sample, part.told(), own);
      add(juror, own, into);
    }
  }

  Measurement read(const Scorable& sample, const Told& told) const override {
    std::vector<double> scores, weights;
    std::string why, note;
    for (const Juror& juror : jurors_) {
      const Part part = part_of(juror, told);
      const Measurement measured = part.answers.empty() ? unscored("it could not be asked")
                                                        : juror.judge->read(sample, part.told());
      const std::string who = model_label(options().wishes[juror.first_model]);
      if (measured.values.empty() || !measured.values.front()) {
        why = who + ": " + measured.why;
        continue;
      }
      scores.push_back(*measured.values.front());
      weights.push_back(juror.weight);
      note += fmt::format("{}{} {:.3g}", note.empty() ? "" : ", ", who, scores.back());
    }
    // A jury of which one is missing would be another jury in this case.
    if (scores.size() < jurors_.size()) return unscored(why, columns_.size());
    Measurement measured = scored(reduced(scores, weights), note);
    const auto [least, most] = std::ranges::minmax(scores);
    measured.values.push_back(most - least);
    return measured;
  }

 private:
  struct Part {
    std::vector<Question> questions;
    std::vector<Sample> answers;
    Told told() const { return {questions, answers}; }
  };

  static void add(const Juror& juror, const std::vector<Question>& own,
                  std::vector<Question>& into) {
    for (const Question& question : own)
      into.push_back({juror.first_model + question.model, question.request});
  }

  // A juror's own questions and answers, its models counted from 0 again.
  static Part part_of(const Juror& juror, const Told& told) {
    Part part;
    const std::size_t end = juror.first_model + juror.judge->wishes().size();
    for (std::size_t i = 0; i < told.questions.size(); ++i) {
      const Question& question = told.questions[i];
      if (question.model < juror.first_model || question.model >= end) continue;
      part.questions.push_back({question.model - juror.first_model, question.request});
      part.answers.push_back(told.answers[i]);
    }
    return part;
  }

  double reduced(const std::vector<double>& scores, const std::vector<double>& weights) const {
    if (reduce_ == Reduce::median) return median_of(scores);
    if (reduce_ == Reduce::majority) {
      std::map<double, int> votes;
      int most = 0;
      for (const double score : scores) most = std::max(most, ++votes[score]);
      // Several scores with as many votes: the median of those.
      std::vector<double> tied;
      for (const auto& [score, count] : votes)
        if (count == most) tied.push_back(score);
      return median_of(std::move(tied));
    }
    double sum = 0, all = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double weight = reduce_ == Reduce::weighted ? weights[i] : 1;
      sum += weight * scores[i];
      all += weight;
    }
    return sum / all;
  }

  std::vector<Juror> jurors_;
  Reduce reduce_;
  std::vector<Column> columns_;
};

std::unique_ptr<JudgeMetric> make_member(const Value& item, Fields& fields) {
  static const Value kNothing{Object{}};
  const Object* entry = item.object();
  const std::string* word = item.string();
  if (word == nullptr && (entry == nullptr || entry->size() != 1)) {
    fields.error(item.mark(), "a juror that is neither a name nor `name: {options}`",
                 "expected `- rubric: {criteria: ..., model: {...}}`");
    return nullptr;
  }
  const std::string kind = word != nullptr ? *word : entry->begin()->key;
  const MetricInfo* info = kind == "jury" ? nullptr : find_metric(kind);
  const Value& options =
      word != nullptr || entry->begin()->value.is_null() ? kNothing : entry->begin()->value;
  if (info == nullptr) {
    fields.error(item.mark(), fmt::format("a juror `{}`", kind),
                 "expected a judge: rubric, pairwise, reference, checklist, classify");
    return nullptr;
  }
  Fields keys(options, fields.source(), fields.problems(), fmt::format("juror `{}`", kind));
  keys.number("weight", {0, 1e9});  // the jury's own
  std::unique_ptr<Metric> made = info->make(keys);
  keys.finish();
  auto* judge = dynamic_cast<JudgeMetric*>(made.get());
  if (made != nullptr && judge == nullptr)
    fields.error(item.mark(), fmt::format("`{}` is no judge", kind),
                 "expected a judge: rubric, pairwise, reference, checklist, classify");
  if (judge == nullptr) return nullptr;
  static_cast<void>(made.release());
  return std::unique_ptr<JudgeMetric>(judge);
}

// `judge:` once with each of `models:`, or `judges:` one by one.
std::vector<Value> read_members(Fields& fields) {
  std::vector<Value> members;
  if (const Value* judges = fields.list("judges"))
    members.assign(judges->list()->begin(), judges->list()->end());
  const Value* models = fields.list("models");
  const Value* judge = fields.value("judge");
  if ((models == nullptr) != (judge == nullptr))
    fields.error(fields.mark(models == nullptr ? "judge" : "models"),
                 "`models` and `judge` belong together",
                 "expected `judge: {rubric: {...}}` and `models: [{...}, {...}]`, or `judges:`");
  if (models == nullptr || judge == nullptr) return members;
  for (const Value& model : *models->list()) {
    Object options;
    std::string kind = judge->string() != nullptr ? *judge->string() : "";
    if (const Object* entry = judge->object(); entry != nullptr && entry->size() == 1) {
      kind = entry->begin()->key;
      if (const Object* given = entry->begin()->value.object()) options = *given;
    }
    options.set("model", model);
    Object member;
    member.add(kind, Value(std::move(options)).at(judge->mark()));
    members.push_back(Value(std::move(member)).at(model.mark()));
  }
  return members;
}

constexpr std::string_view kOptions[] = {"judges", "models", "judge", "reduce"};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options;
  std::vector<Juror> jurors;
  const std::vector<Value> members = read_members(fields);
  for (const Value& item : members) {
    Juror juror{.judge = make_member(item, fields), .first_model = options.wishes.size()};
    if (juror.judge == nullptr) continue;
    if (const Object* entry = item.object())
      if (const Value* weight = entry->begin()->value.find("weight"); weight != nullptr)
        juror.weight = weight->number();
    for (const ModelWish& wish : juror.judge->wishes()) options.wishes.push_back(wish);
    jurors.push_back(std::move(juror));
  }
  Reduce reduce = Reduce::mean;
  if (const auto given = fields.one_of("reduce", kReduces))
    for (std::size_t i = 0; i < std::size(kReduces); ++i)
      if (*given == kReduces[i]) reduce = static_cast<Reduce>(i);
  if (jurors.size() != members.size()) return nullptr;
  if (jurors.size() < 2) {
    fields.error(fields.mark("judges"), "a jury of fewer than two",
                 "expected `judges:` with two or more, or `judge:` and two or more `models:`");
    return nullptr;
  }
  return std::make_unique<Jury>(std::move(options), std::move(jurors), reduce);
}

}  // namespace

extern const MetricInfo kJury;
constexpr MetricInfo kJury{
    .name = "jury",
    .summary = "several judges: mean, median, majority or weighted, and their disagreement",
    .source = "Verga et al. 2024 (panel of LLM evaluators)",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
