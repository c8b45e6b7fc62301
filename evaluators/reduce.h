#pragma once
// One number for a case from the scores of its samples.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

struct Reducer {
  enum class Kind {
    mean,      // of the scored samples
    vote,      // self-consistency: the score of the answer that most samples give
    best,      // the best of the scored samples
    at_least,  // 1 where at least k samples pass
    pass_any,  // pass@k: the chance that of k samples one passes
    pass_all,  // pass^k: the chance that all of k samples pass
  };
  Kind kind = Kind::mean;
  int k = 0;
};

// "mean", "vote", "best", "at_least_3", "pass@5", "pass^5"; nullopt: none of these.
std::optional<Reducer> read_reducer(std::string_view text);
std::string name(const Reducer& reducer);
// What `read_reducer` expects, for messages.
inline constexpr std::string_view kReducerNames =
    "expected `mean`, `vote`, `best`, `at_least_K`, `pass@K` or `pass^K`";

// The measure that a reducer makes of an evaluator's: "exact_match" gives "exact_match.pass@5".
// `reducer` is not `mean`. A problem (in words) where it does not fit: only pass/fail scores can
// pass, and what has no direction has no best.
std::optional<std::string> reducer_problem(const Reducer& reducer, const Measure& measure);
Measure reduced(const Measure& measure, const Reducer& reducer);

// One sample's part. The answer is what a vote counts; a sample without one does not vote.
struct SampleScore {
  std::optional<double> score;
  std::string answer;
};

// `asked`: samples of the case, those without a score too. Absent where too few are scored: for
// pass@k and pass^k fewer than k, for at_least where the missing ones could still decide, else
// none. A pass is a 1 where more is better, a 0 where less is.
// pass@k = 1 - C(n-c, k)/C(n, k) (Chen et al. 2021), pass^k = C(c, k)/C(n, k), of n scored samples
// of which c pass. A vote that no sample takes part in counts the scores instead; a tie goes to the
// answer that was seen first.
std::optional<double> reduce(const Reducer& reducer, Better better, int asked,
                             std::span<const SampleScore> samples);

// The reduced measures of a run, for one case after another. Every sample holds the evaluator's own
// score in the place of each of them.
class CaseReducer {
 public:
  explicit CaseReducer(std::span<const Measure> measures);
  bool empty() const { return places_.empty(); }
  bool wants_answers() const { return wants_answers_; }
  // `answer` gives what the vote of a measure ("numeric_match.vote") counts.
  using Answer = std::function<std::string(const std::string& measure)>;
  void add(std::span<const std::optional<double>> scores, const Answer& answer);
  // Puts the numbers in their places of the case's row, and takes their variances out; the next
  // `add` begins another case.
  void finish(CaseRow& row);

 private:
  struct Place {
    std::size_t index = 0;  // of the measure
    std::string name;
    Reducer reducer;
    Better better = Better::higher;  // of a sample's score
    std::vector<SampleScore> samples;
  };
  std::vector<Place> places_;
  bool wants_answers_ = false;
};

}  // namespace llmops
