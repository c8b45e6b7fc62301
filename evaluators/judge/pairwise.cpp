// Each pair is judged in both orders, because judges favour a place: a win counts where both orders
// name the same answer. How often they do not, and how often the first place wins, stand beside the
// preference.
#include "evaluators/judge/pairwise.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "datasets/text/hash.h"
#include "datasets/text/utf8.h"
#include "evaluators/judge/conversation.h"
#include "evaluators/judge/markdown_style.h"
#include "evaluators/judge/pairwise_protocol.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/run_record.h"

namespace llmops {
namespace {

constexpr std::size_t kOpponent = 1;  // place of the second model among the wishes
constexpr int kAlternatives = 5;      // AlpacaEval's

Column extra(const char* name, ScoreKind kind, Range range, Better better) {
  return {.detail = name, .headline = name, .kind = kind, .range = range, .better = better};
}

// Of `style_difference`, in its order.
constexpr const char* kStyle[] = {"style_length", "style_headers", "style_lists", "style_bold"};

Object call_parameters(Protocol protocol) {
  if (protocol != Protocol::alpaca_eval) return {};
  return {
      {"logprobs",     true         },
      {"top_logprobs", kAlternatives},
      {"max_tokens",   1            }
  };
}

}  // namespace

Pairwise::Pairwise(JudgeOptions options, PairwiseOptions pairwise)
    : JudgeMetric(std::move(options)), pairwise_(std::move(pairwise)) {
  const Object parameters = call_parameters(pairwise_.protocol);
  prompts_ = {judge_prompt("pairwise.first", this->options(), parameters),
              judge_prompt("pairwise.second", this->options(), parameters)};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr Range kOpen = {-kInfinity, kInfinity};
  columns_ = {column(ScoreKind::bounded), extra("first", ScoreKind::bounded, {}, Better::neither),
              extra("longer_by", ScoreKind::unbounded, kOpen, Better::neither)};
  // One order cannot disagree with itself.
  if (pairwise_.orders == Orders::both)
    columns_.push_back(extra("flip", ScoreKind::bounded, {}, Better::lower));
  if (pairwise_.protocol == Protocol::arena_hard)
    columns_.push_back(extra("weight", ScoreKind::positive, {0, kInfinity}, Better::neither));
  if (pairwise_.style)
    for (const char* name : kStyle)
      columns_.push_back(extra(name, ScoreKind::bounded, {-1, 1}, Better::neither));
  if (pairwise_.difficulties)
    columns_.push_back(extra("difficulty", ScoreKind::unbounded, kOpen, Better::neither));
}

double Pairwise::questions_per_sample() const {
  return (pairwise_.orders == Orders::both ? 2.0 : 1.0) * options().draws +
         (pairwise_.against == Against::model ? 1 : 0);
}

std::string Pairwise::signature() const {
  const std::string fixed =
      std::string(pairwise_system(pairwise_.protocol)) +
      pairwise_question(pairwise_.protocol, pairwise_.criteria, pairwise_.reference) +
      std::string(pairwise_reply(pairwise_.protocol)) + pairwise_.own.fixed();
  const std::string against = pairwise_.against == Against::baseline ? "baseline"
                              : pairwise_.against == Against::column ? pairwise_.column
                                                                     : "model";
  const char* disagreement = pairwise_.disagreement == Disagreement::tie       ? "tie"
                             : pairwise_.disagreement == Disagreement::average ? "average"
                                                                               : "drop";
  std::string more;
  if (!pairwise_.conversation.empty())
    more +=
        fmt::format("|conversation:{}/{}", pairwise_.conversation, pairwise_.other_conversation);
  if (pairwise_.difficulties)
    more += fmt::format("|difficulties:{}", pairwise_.difficulties->signature());
  return fmt::format(
      "pairwise|{}|prompt:{}{}|protocol:{}|against:{}|orders:{}|disagreement:{}{}|version:1",
      common_signature(), prompt_digest(fixed), pairwise_.own.given() ? "(own)" : "",
      name(pairwise_.protocol), against, pairwise_.orders == Orders::both ? "both" : "drawn",
      disagreement, more);
}

std::optional<double> Pairwise::read_label(const std::string& label) const {
  std::string word = label;
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const std::string_view win : {"win", "output", "a", "better"})
    if (word == win) return 1.0;
  for (const std::string_view loss : {"loss", "other", "b", "worse"})
    if (word == loss) return 0.0;
  if (word == "tie" || word == "draw" || word == "c") return 0.5;
  return JudgeMetric::read_label(label);
}

std::vector<bool> Pairwise::orders_of(const Scorable& sample) const {
  if (pairwise_.orders == Orders::both) return {true, false};
  // By the input alone: both runs of a comparison see the same order.
  const Result<std::string> input = options().input.of(*sample.row);
  return {(hash64(input ? *input : sample.row->id, seed()) & 1U) == 0};
}

std::string Pairwise::other_text(const Scorable& sample, std::string& why) const {
  if (pairwise_.against == Against::column) {
    const Value* found = find_path(sample.row->variables, pairwise_.column);
    if (found == nullptr || found->is_null())
      why = fmt::format("the case has no column `{}`", pairwise_.column);
    return found == nullptr ? "" : to_text(*found);
  }
  if (context().baseline == nullptr) {
    why = "there is no accepted run whose outputs are stored here";
    return "";
  }
  const std::vector<SampleView> views = context().baseline->samples(sample.row->id);
  const SampleView* best = nullptr;
  for (const SampleView& view : views) {
    if (view.sample.error) continue;
    if (best == nullptr || view.sample.number == sample.sample->number) best = &view;
  }
  if (best == nullptr) why = "the accepted run has no answer to this case";
  return best == nullptr ? "" : best->sample.text;
}

std::string Pairwise::compare(const Scorable& sample, const std::string& other,
                              std::vector<Question>& into) const {
  const Result<std::string> input = options().input.of(*sample.row);
  if (!input) return "the input cannot be shown: " + input.problems().front().what;
  if (pairwise_.reference && sample.row->references.empty()) return std::string(kNoReference);
  const auto labels = pairwise_labels(pairwise_.protocol);
  const std::string question =
      pairwise_question(pairwise_.protocol, pairwise_.criteria, pairwise_.reference);
  const std::string_view reply = pairwise_reply(pairwise_.protocol);
  for (const bool sample_first : orders_of(sample)) {
    Exhibit exhibit;
    if (std::string why = add_turns(sample, sample_first, exhibit); !why.empty()) return why;
    exhibit.add("input", *input);
    if (pairwise_.reference)
      for (const std::string& reference : sample.row->references)
        exhibit.add("reference", reference);
    exhibit.add(std::string(labels[0]), sample_first ? sample.sample->text : other);
    exhibit.add(std::string(labels[1]), sample_first ? other : sample.sample->text);
    std::string user = question + "\n\n" + exhibit.text(seed());
    if (!pairwise_.conversation.empty()) user += "\n" + std::string(kLaterTurn) + "\n";
    user += reply;
    if (pairwise_.own.given()) {
      Result<std::string> own =
          pairwise_.own.user(exhibit, seed(),
                             {
                                 {"question", question          },
                                 {"criteria", pairwise_.criteria}
      },
                             reply);
      if (!own) return "the judge's prompt cannot be filled in: " + own.problems().front().what;
      user = *std::move(own);
    }
    add_question(sample, prompts_[sample_first ? 0 : 1],
                 pairwise_.own.system(pairwise_system(pairwise_.protocol)), std::move(user), into,
                 options().draws);
  }
  return "";
}

// The earlier turns of each side, in the order in which the answers stand.
std::string Pairwise::add_turns(const Scorable& sample, bool sample_first, Exhibit& exhibit) const {
  if (pairwise_.conversation.empty()) return "";
  const auto labels = pairwise_labels(pairwise_.protocol);
  for (const std::size_t place : {0, 1}) {
    const bool own = (place == 0) == sample_first;
    Result<std::string> turns =
        earlier_turns(*sample.row, own ? pairwise_.conversation : pairwise_.other_conversation);
    if (!turns) return turns.problems().front().what;
    exhibit.add(fmt::format("conversation_before_{}", labels[place]), *std::move(turns));
  }
  return "";
}

std::string Pairwise::pose(const Scorable& sample, std::vector<Question>& into) const {
  std::string why;
  if (pairwise_.against != Against::model) {
    const std::string other = other_text(sample, why);
    return why.empty() ? compare(sample, other, into) : why;
  }
  if (context().prompt == nullptr) return "there is no one prompt to ask the second model";
  Result<std::vector<Message>> messages = render_messages(*context().prompt, *sample.row);
  if (!messages) return "the second model cannot be asked: " + messages.problems().front().what;
  auto request = std::make_shared<Request>();
  request->row = std::make_shared<const Case>(*sample.row);
  request->sample = sample.sample->number;
  request->messages = *std::move(messages);
  request->prompt = context().prompt;
  into.push_back({kOpponent, std::move(request)});
  return "";
}

void Pairwise::pose_more(const Scorable& sample, const Told& told,
                         std::vector<Question>& into) const {
  if (pairwise_.against != Against::model || told.answers.empty() || told.answers[0].error) return;
  compare(sample, told.answers[0].text, into);
}

Measurement Pairwise::read(const Scorable& sample, const Told& told) const {
  std::span<const Sample> answers = told.answers;
  std::string other, why;
  if (pairwise_.against == Against::model) {
    const Sample& opponent = answers.front();
    if (opponent.error)
      return unscored("the second model failed: " + opponent.error.message, columns_.size());
    other = opponent.text;
    answers = answers.subspan(1);
    if (answers.empty())
      return unscored("the pair could not be shown to the judge", columns_.size());
  } else {
    other = other_text(sample, why);
  }

  // One order after another, each `draws` times.
  const std::vector<bool> orders = orders_of(sample);
  const auto draws = static_cast<std::size_t>(options().draws);
  std::vector<double> preferred;  // the sample, by order
  double first_sum = 0, weighted = 0, weights = 0;
  int read = 0;
  std::string note;
  for (std::size_t order = 0; order < orders.size(); ++order) {
    double sum = 0;
    int found = 0;
    for (std::size_t draw = 0; draw < draws; ++draw) {
      const Preference preference =
          read_preference(pairwise_.protocol, answers[order * draws + draw]);
      if (!preference.first) {
        why = preference.why;
        continue;
      }
      const double value = orders[order] ? *preference.first : 1 - *preference.first;
      sum += value;
      first_sum += *preference.first;
      weighted += preference.weight * value;
      weights += preference.weight;
      ++found;
      ++read;
      if (note.empty() && !preference.reason.empty()) note = preference.reason;
    }
    if (found > 0) preferred.push_back(sum / found);
  }
  // A pair of which one order cannot be read is no pair.
  if (preferred.size() < orders.size()) return unscored(why, columns_.size());

  Measurement measured;
  measured.values.assign(columns_.size(), std::nullopt);
  const bool both = preferred.size() == 2;
  const auto winner = [](double value) { return value > 0.5 ? 1 : value < 0.5 ? -1 : 0; };
  const bool flips = both && winner(preferred[0]) != winner(preferred[1]);
  double value = preferred[0];
  if (both && pairwise_.protocol == Protocol::arena_hard)
    value = weighted / weights;
  else if (both && (pairwise_.disagreement == Disagreement::average ||
                    pairwise_.protocol == Protocol::alpaca_eval))
    value = (preferred[0] + preferred[1]) / 2;
  else if (both)
    value = flips ? 0.5 : draws > 1 ? (preferred[0] + preferred[1]) / 2 : preferred[0];
  if (flips && pairwise_.disagreement == Disagreement::drop)
    measured.why = "the two orders name different answers";
  else
    measured.values[0] = value;
  measured.values[1] = first_sum / read;
  if (both) measured.values[3] = flips ? 1.0 : 0.0;
  if (pairwise_.protocol == Protocol::arena_hard) measured.values[both ? 4 : 3] = weights;
  measure_pair(sample, other, measured);
  measured.counts = {weighted, weights};
  measured.note =
      fmt::format("{}{}{}",
                  value > 0.5   ? "better"
                  : value < 0.5 ? "worse"
                                : "tie",
                  flips ? " (the orders disagree)" : "", note.empty() ? "" : ": " + note);
  return measured;
}

// What needs no verdict.
void Pairwise::measure_pair(const Scorable& sample, const std::string& other,
                            Measurement& into) const {
  const std::string& own = sample.sample->text;
  into.values[2] = static_cast<double>(code_points(own)) - static_cast<double>(code_points(other));
  std::size_t at = columns_.size();
  if (pairwise_.difficulties) into.values[--at] = pairwise_.difficulties->of(*sample.row);
  if (!pairwise_.style) return;
  const auto style = style_difference(own, other);
  at -= style.size();
  for (const double difference : style) into.values[at++] = difference;
}

std::vector<std::optional<double>> Pairwise::corpus(std::span<const double> counts) const {
  std::vector<std::optional<double>> figures(columns_.size());
  if (pairwise_.protocol == Protocol::arena_hard && counts.size() == 2 && counts[1] > 0)
    figures[0] = counts[0] / counts[1];
  return figures;
}

namespace {

constexpr std::string_view kProtocols[] = {"general", "mt_bench", "arena_hard", "alpaca_eval"};
constexpr std::string_view kOrders[] = {"both", "drawn"};
constexpr std::string_view kDisagreements[] = {"tie", "average", "drop"};
constexpr std::string_view kOptions[] = {"model",        "input",     "draws",  "parameters",
                                         "preset",       "against",   "orders", "disagreement",
                                         "criteria",     "reference", "style",  "difficulties",
                                         "conversation", "prompt"};

// `against: baseline`, `{column: NAME}`, `{model: {...}}`.
void read_against(Fields& fields, JudgeOptions& options, PairwiseOptions& pairwise) {
  const Value* given = fields.value("against");
  if (given == nullptr) return;
  if (const std::string* word = given->string(); word != nullptr && *word == "baseline") return;
  if (given->is_object()) {
    Fields keys(*given, fields.source(), fields.problems(), "`against`");
    if (keys.has("column")) {
      pairwise.against = Against::column;
      pairwise.column = keys.text("column").value_or("");
      pairwise.other_conversation = keys.text("conversation").value_or("");
    } else if (keys.has("model")) {
      pairwise.against = Against::model;
      ModelWish wish = read_model_wish(keys);
      wish.role = "second model";
      options.wishes.push_back(std::move(wish));
    } else {
      keys.missing("column", "the column with the other answers, or `model:`");
    }
    keys.finish();
    return;
  }
  fields.error(fields.mark("against"), fmt::format("`against` is {}", to_text(*given)),
               "expected `baseline`, {column: NAME} or {model: {...}}");
}

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  PairwiseOptions pairwise;
  if (const auto preset = fields.one_of("preset", kProtocols)) {
    for (std::size_t i = 0; i < std::size(kProtocols); ++i)
      if (*preset == kProtocols[i]) pairwise.protocol = static_cast<Protocol>(i);
  }
  if (pairwise.protocol == Protocol::alpaca_eval) pairwise.orders = Orders::drawn;
  read_against(fields, options, pairwise);
  if (const auto orders = fields.one_of("orders", kOrders))
    pairwise.orders = *orders == "both" ? Orders::both : Orders::drawn;
  if (const auto rule = fields.one_of("disagreement", kDisagreements))
    pairwise.disagreement = *rule == "tie"       ? Disagreement::tie
                            : *rule == "average" ? Disagreement::average
                                                 : Disagreement::drop;
  pairwise.criteria = fields.text("criteria").value_or("");
  pairwise.reference = fields.boolean("reference").value_or(false);
  pairwise.style = fields.boolean("style").value_or(pairwise.protocol == Protocol::arena_hard);
  pairwise.difficulties = Difficulties::read(fields);
  pairwise.conversation = fields.text("conversation").value_or("");
  // A first turn of the dataset's own is the same for both.
  if (pairwise.other_conversation.empty()) pairwise.other_conversation = pairwise.conversation;
  const auto labels = pairwise_labels(pairwise.protocol);
  const std::string turns[] = {fmt::format("conversation_before_{}", labels[0]),
                               fmt::format("conversation_before_{}", labels[1])};
  pairwise.own = OwnPrompt::read(fields, {
                                             .must = {labels[0], labels[1]  },
                                             .may = {"input",   "reference", turns[0], turns[1]},
                                             .words = {"question", "criteria"           }
  });
  return std::make_unique<Pairwise>(std::move(options), std::move(pairwise));
}

}  // namespace

extern const MetricInfo kPairwise;
constexpr MetricInfo kPairwise{
    .name = "pairwise",
    .summary = "a judge's preference over another answer to the case, in both orders",
    .source = "Zheng et al. 2023 (MT-bench, FastChat); Arena-Hard; AlpacaEval 2",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
