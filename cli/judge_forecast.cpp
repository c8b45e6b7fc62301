// A judge's questions are posed about the first cases and counted, not sent. What depends on
// answers (the verdicts on statements that a judge finds) is posed about stand-ins.
#include "cli/judge_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "evaluators/judge/judge.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {
namespace {

constexpr std::size_t kCasesPosed = 20;
constexpr double kReplyTokens = 120;  // a reason of three sentences and a verdict as JSON
constexpr double kMessageTokens = 4;  // what a chat template adds to a message
constexpr std::string_view kSecondModel = "second model";  // answers, where others judge
constexpr int kStatements = 5;  // that a judge finds in an answer, where nothing tells

// An answer as the model under test may give one, and as a judge may: a list of statements.
struct StandIns {
  std::string answer;
  Sample of_judge;
};

StandIns stand_ins(double answer_tokens) {
  StandIns made;
  const auto words = static_cast<std::size_t>(std::clamp(answer_tokens, 1.0, 20'000.0));
  for (std::size_t i = 0; i < words; ++i) made.answer += i == 0 ? "word" : " word";
  std::string list;
  const std::size_t each = std::max<std::size_t>(1, words / kStatements);
  for (int i = 0; i < kStatements; ++i) {
    list += i == 0 ? "\"" : ", \"";
    for (std::size_t k = 0; k < each; ++k) list += k == 0 ? "word" : " word";
    list += '"';
  }
  made.of_judge.text = "{";
  for (const char* name : {"statements", "claims", "truths", "opinions", "sentences", "questions"})
    made.of_judge.text += fmt::format("\"{}\": [{}], ", name, list);
  made.of_judge.text += "\"reason\": \"\"}";
  return made;
}

// The outputs of an accepted run that nobody has seen.
class StandInOutputs final : public OutputSource {
 public:
  explicit StandInOutputs(std::string text) { sample_.text = std::move(text); }
  std::optional<Case> find_case(const std::string&) const override { return std::nullopt; }
  std::vector<SampleView> samples(const std::string&) const override {
    return {
        {sample_, {}, {}}
    };
  }

 private:
  Sample sample_;
};

double tokens_of(const Request& request) {
  double tokens = 0;
  for (const Message& message : request.messages)
    tokens += kMessageTokens + static_cast<double>(token_estimate().count(plain_text(message)));
  return tokens;
}

double reply_tokens(const Request& request, double answer_tokens, bool judge) {
  if (request.prompt != nullptr)
    for (const std::string_view key : {"max_completion_tokens", "max_tokens"})
      if (const Value* most = request.prompt->parameters.find(key);
          most != nullptr && most->is_number())
        return judge ? std::min(most->number(), kReplyTokens) : most->number();
  return judge ? kReplyTokens : answer_tokens;
}

// What one evaluator asked one of its models about the first cases.
struct Posed {
  double calls = 0, input = 0, output = 0;
};

std::vector<Posed> pose_some(const Suite& suite, const Dataset& dataset, JudgeMetric& judge,
                             double answer_tokens) {
  const StandIns stand_in = stand_ins(answer_tokens);
  const StandInOutputs accepted(stand_in.answer);
  judge.connect({.prompt = suite.prompts.empty() ? nullptr : suite.prompts.front(),
                 .baseline = &accepted,
                 .seed = suite.seed});
  std::vector<Posed> posed(judge.wishes().size());
  const auto count = [&](const Question& question) {
    Posed& of = posed.at(question.model);
    const bool by_judge = judge.wishes()[question.model].role != kSecondModel;
    ++of.calls;
    of.input += tokens_of(*question.request);
    of.output += reply_tokens(*question.request, answer_tokens, by_judge);
  };
  Case row;
  Sample sample;
  sample.text = stand_in.answer;
  const auto cases = dataset.cases();
  for (std::size_t i = 0; i < kCasesPosed && cases->next(row); ++i) {
    const Scorable one{&row, &sample};
    std::vector<Question> first, second;
    if (!judge.pose(one, first).empty()) continue;
    std::vector<Sample> answers;
    for (const Question& question : first) {
      answers.push_back(stand_in.of_judge);
      if (judge.wishes()[question.model].role == kSecondModel)
        answers.back().text = stand_in.answer;
    }
    judge.pose_more(one, {first, answers}, second);
    for (const Question& question : first) count(question);
    for (const Question& question : second) count(question);
  }
  judge.connect({});
  return posed;
}

void add_tokens(JudgeForecast& forecast, const Posed& posed, const Earlier& earlier) {
  const auto calls = static_cast<double>(forecast.calls);
  const std::string model = forecast.model.substr(0, forecast.model.rfind('@'));
  for (const SideUse& use : earlier.judges) {
    const std::int64_t paid = use.answered - use.cached;
    if (use.evaluator != forecast.evaluator || use.model != model || paid <= 0) continue;
    forecast.input_tokens =
        calls * static_cast<double>(use.input_tokens) / static_cast<double>(paid);
    forecast.output_tokens =
        calls * static_cast<double>(use.output_tokens) / static_cast<double>(paid);
    forecast.tokens_from = "run " + earlier.judges_run;
    return;
  }
  if (posed.calls <= 0) {
    forecast.tokens_from = "nothing could be posed about the first cases";
    return;
  }
  forecast.input_tokens = calls * posed.input / posed.calls;
  forecast.output_tokens = calls * posed.output / posed.calls;
  forecast.tokens_from = "estimated from the first cases";
}

void add_cost(JudgeForecast& forecast, const ModelWish& wish, const PriceTable& prices) {
  if (!forecast.input_tokens) return;
  if (const auto price = price_of(wish.model, "", prices, forecast.prices_from))
    forecast.cost_usd =
        (*forecast.input_tokens * price->input + *forecast.output_tokens * price->output) / 1e6;
}

std::int64_t rounded(double value) { return static_cast<std::int64_t>(value + 0.5); }

}  // namespace

std::int64_t most_judge_calls(const Suite& suite, std::int64_t samples) {
  double calls = 0;
  for (const Evaluator& evaluator : suite.evaluators) {
    AsksModels* asks = asks_models(evaluator.metric.get());
    if (asks != nullptr && !asks->wishes().empty())
      calls += asks->questions_per_sample() * static_cast<double>(samples) + asks->questions_once();
  }
  return rounded(calls);
}

std::vector<JudgeForecast> forecast_judges(const Suite& suite, const Dataset& dataset,
                                           std::int64_t samples, double answer_tokens,
                                           const Earlier& earlier, const PriceTable& prices) {
  std::vector<JudgeForecast> forecast;
  for (const Evaluator& evaluator : suite.evaluators) {
    AsksModels* asks = asks_models(evaluator.metric.get());
    if (asks == nullptr || asks->wishes().empty()) continue;
    const std::vector<ModelWish>& wishes = asks->wishes();
    std::vector<Posed> posed(wishes.size());
    if (auto* judge = dynamic_cast<JudgeMetric*>(evaluator.metric.get()))
      posed = pose_some(suite, dataset, *judge, answer_tokens);
    const double most = asks->questions_per_sample() * static_cast<double>(samples);
    double all = 0;
    for (const Posed& each : posed) all += each.calls;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      const double share =
          all > 0 ? posed[i].calls / all : 1.0 / static_cast<double>(wishes.size());
      JudgeForecast& one = forecast.emplace_back();
      one.evaluator = evaluator.name;
      one.role = wishes[i].role;
      one.model = model_label(wishes[i]);
      one.calls = rounded(most * share + (i == 0 ? asks->questions_once() : 0));
      add_tokens(one, posed[i], earlier);
      add_cost(one, wishes[i], prices);
    }
  }
  return forecast;
}

Value judge_forecast_value(const std::vector<JudgeForecast>& forecast) {
  List all;
  for (const JudgeForecast& each : forecast) {
    Object one{
        {"evaluator",   each.evaluator  },
        {"role",        each.role       },
        {"model",       each.model      },
        {"calls",       each.calls      },
        {"tokens_from", each.tokens_from}
    };
    if (each.input_tokens) one.add("input_tokens", *each.input_tokens);
    if (each.output_tokens) one.add("output_tokens", *each.output_tokens);
    if (each.cost_usd) one.add("cost_usd", *each.cost_usd);
    if (!each.prices_from.empty()) one.add("prices_from", each.prices_from);
    all.push_back(std::move(one));
  }
  return all;
}

std::string judge_forecast_text(const std::vector<JudgeForecast>& forecast) {
  const auto about = [](const std::optional<double>& value) {
    return value ? grouped(rounded(*value)) : std::string("unknown");
  };
  std::string text;
  for (const JudgeForecast& each : forecast)
    text += fmt::format(
        "  {} {} · {}: at most {}: input tokens {}, output tokens {}, cost {} ({}{}{})\n",
        each.role, each.evaluator, each.model, counted(each.calls, "call"),
        about(each.input_tokens), about(each.output_tokens),
        each.cost_usd ? fmt::format("${:.4f}", *each.cost_usd) : "unknown", each.tokens_from,
        each.prices_from.empty() ? "" : "; ", each.prices_from);
  return text;
}

double answer_tokens_of(const std::vector<CellForecast>& cells) {
  double tokens = 0, samples = 0;
  for (const CellForecast& cell : cells) {
    tokens += cell.output_tokens.value_or(0);
    samples += static_cast<double>(cell.samples);
  }
  return samples > 0 ? tokens / samples : 0;
}

std::optional<double> total_cost(const std::vector<CellForecast>& cells,
                                 const std::vector<JudgeForecast>& judges) {
  double sum = 0;
  for (const CellForecast& cell : cells) {
    if (!cell.cost_usd) return std::nullopt;
    sum += *cell.cost_usd;
  }
  for (const JudgeForecast& judge : judges) {
    if (!judge.cost_usd) return std::nullopt;
    sum += *judge.cost_usd;
  }
  return sum;
}

}  // namespace llmops
