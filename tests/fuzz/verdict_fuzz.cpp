// Parsers of what judges say: any text, and what they find lies where it may lie.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/json.h"
#include "evaluators/judge/label_weights.h"
#include "evaluators/judge/markdown_style.h"
#include "evaluators/judge/verdict_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const llmops::Grade grade = llmops::read_grade(text, 1, 5);
  if (grade.value && (*grade.value < 1 || *grade.value > 5)) std::abort();
  if (grade.value.has_value() == !grade.why.empty()) std::abort();
  const llmops::Grade rating = llmops::read_rating(text, 1, 10);
  if (rating.value && (*rating.value < 1 || *rating.value > 10)) std::abort();
  if (rating.value.has_value() == !rating.why.empty()) std::abort();
  for (const double difference : llmops::style_difference(text, "# plain\n- **text**"))
    if (!(difference >= -1 && difference <= 1)) std::abort();
  static const std::vector<std::string> kChoices = {"first", "second", "tie"};
  const llmops::Choice choice = llmops::read_choice(text, kChoices);
  if (choice.place && *choice.place >= kChoices.size()) std::abort();
  const llmops::Answers answers = llmops::read_answers(text, 3);
  if (!answers.yes.empty() && answers.yes.size() != 3) std::abort();
  if (const auto logprobs = llmops::parse_json(text, "fuzz")) {
    if (const auto mean = llmops::weighted_grade(*logprobs, "4", 1, 5))
      if (!(*mean >= 1 && *mean <= 5)) std::abort();
    if (const auto share = llmops::first_label_share(*logprobs, "m", "M"))
      if (!(*share >= 0 && *share <= 1)) std::abort();
  }
  return 0;
}
