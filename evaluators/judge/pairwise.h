#pragma once
// The answer against another answer to the same case.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/judge/difficulties.h"
#include "evaluators/judge/judge.h"
#include "evaluators/judge/own_prompt.h"

namespace llmops {

// What the other answer is: that of the accepted run, a column of the dataset, a second model's.
enum class Against { baseline, column, model };
enum class Orders { both, drawn };  // drawn: one order a case, by the seed and the input
// What two orders that do not name the same winner come to.
enum class Disagreement { tie, average, drop };

// How a protocol asks and how it reads: `general` (a JSON verdict), MT-bench, Arena-Hard,
// AlpacaEval.
enum class Protocol { general, mt_bench, arena_hard, alpaca_eval };

struct PairwiseOptions {
  Protocol protocol = Protocol::general;
  Against against = Against::baseline;
  std::string column;
  Orders orders = Orders::both;
  Disagreement disagreement = Disagreement::tie;
  std::string criteria;
  bool reference = false;
  bool style = false;  // columns for the rate at equal style
  std::optional<Difficulties> difficulties = {};
  std::string conversation, other_conversation;  // columns of each side's earlier turns
  OwnPrompt own = {};
};

// What the judge said of one order: how far the text that stood first is preferred, in [0, 1].
struct Preference {
  std::optional<double> first;
  double weight = 1;  // Arena-Hard counts "much better" three times
  std::string reason, why;
};
Preference read_preference(Protocol protocol, const Sample& answer);

// Values: the preference for the sample in [0, 1] (a tie is 1/2); the preference for what stood
// first; how many characters the sample is longer; of two orders, whether they disagree; of
// Arena-Hard, how much the pair weighs; where wished, differences of style and the difficulty of
// the item. Reports form figures of the whole set from them (ci/set_figures.h).
class Pairwise final : public JudgeMetric {
 public:
  Pairwise(JudgeOptions options, PairwiseOptions pairwise);
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override;
  // Labels: who is better: win/tie/loss, output/tie/other, a/tie/b, or a number of [0, 1].
  std::optional<double> read_label(const std::string& label) const override;
  std::vector<double> categories() const override { return {0.0, 0.5, 1.0}; }
  double questions_per_sample() const override;
  std::string pose(const Scorable& sample, std::vector<Question>& into) const override;
  void pose_more(const Scorable& sample, const Told& told,
                 std::vector<Question>& into) const override;
  Measurement read(const Scorable& sample, const Told& told) const override;
  // Sums of weighted preferences: Arena-Hard's mean runs over entries, not over cases.
  std::vector<std::optional<double>> corpus(std::span<const double> counts) const override;

 private:
  std::string other_text(const Scorable& sample, std::string& why) const;
  std::string compare(const Scorable& sample, const std::string& other,
                      std::vector<Question>& into) const;
  void measure_pair(const Scorable& sample, const std::string& other, Measurement& into) const;
  std::string add_turns(const Scorable& sample, bool sample_first, Exhibit& exhibit) const;
  // Whether the sample stands first in each of the orders that are asked.
  std::vector<bool> orders_of(const Scorable& sample) const;

  PairwiseOptions pairwise_;
  // Of the two orders: the sample first, the sample second.
  std::array<std::shared_ptr<const Prompt>, 2> prompts_;
  std::vector<Column> columns_;
};

}  // namespace llmops
