#include "evaluators/metrics/text/choice_likelihood.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

std::size_t largest(std::span<const double> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

std::optional<std::size_t> largest_share(std::span<const double> values,
                                         const std::vector<std::string>& texts,
                                         std::size_t (*size)(std::string_view)) {
  if (texts.size() != values.size()) return std::nullopt;
  std::vector<double> shares;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t length = size(texts[i]);
    if (length == 0) return std::nullopt;
    shares.push_back(values[i] / static_cast<double>(length));
  }
  return largest(shares);
}

std::optional<double> likelihood(const Value& value) {
  if (value.is_number()) {
    const double number = value.number();
    return std::isfinite(number) && number <= 0 ? std::optional(number) : std::nullopt;
  }
  if (value.string() == nullptr) return std::nullopt;
  const Result<Value> number = parse_json(*value.string(), "log-likelihood");
  return number && number->is_number() ? likelihood(*number) : std::nullopt;
}

}  // namespace

LikeliestChoices likeliest_choices(std::span<const double> likelihoods,
                                   const std::vector<std::string>& texts) {
  return {.by_sum = largest(likelihoods),
          .by_characters = largest_share(
              likelihoods, texts, +[](std::string_view text) { return code_points(text); }),
          .by_bytes = largest_share(
              likelihoods, texts, +[](std::string_view text) { return text.size(); })};
}

std::optional<std::vector<double>> read_likelihoods(const Value& value) {
  if (const std::string* text = value.string()) {
    const Result<Value> list = parse_json(*text, "log-likelihoods");
    return list && list->is_list() ? read_likelihoods(*list) : std::nullopt;
  }
  const List* items = value.list();
  if (items == nullptr || items->empty()) return std::nullopt;
  std::vector<double> found;
  for (const Value& item : *items) {
    const std::optional<double> each = likelihood(item);
    if (!each) return std::nullopt;
    found.push_back(*each);
  }
  return found;
}

std::optional<std::vector<double>> letter_likelihoods(const Value& logprobs,
                                                      std::string_view letters) {
  const Value* content = logprobs.find("content");
  if (content == nullptr) content = &logprobs;
  if (!content->is_list()) return std::nullopt;
  for (const Value& token : *content->list()) {
    const Value* alternatives = token.find("top_logprobs");
    if (alternatives == nullptr || !alternatives->is_list()) continue;
    std::vector<double> found(letters.size(), -std::numeric_limits<double>::infinity());
    std::size_t named = 0;
    for (const Value& each : *alternatives->list()) {
      const Value* text = each.find("token");
      const Value* log = each.find("logprob");
      if (text == nullptr || log == nullptr || !log->is_number()) continue;
      const std::string shown = to_text(*text);
      const std::string_view bare = strip(shown);
      const std::size_t place = bare.size() == 1 ? letters.find(bare) : std::string_view::npos;
      if (place == std::string_view::npos) continue;
      // "A" and " A" are two tokens of one letter.
      named += std::isinf(found[place]) ? 1 : 0;
      found[place] = std::isinf(found[place])
                         ? log->number()
                         : std::log(std::exp(found[place]) + std::exp(log->number()));
    }
    constexpr std::size_t kFew = 2;  // one letter alone may be a word: "A", "I"
    if (named >= kFew) return found;
  }
  return std::nullopt;
}

}  // namespace llmops
