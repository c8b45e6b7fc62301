#include "evaluators/judge/label_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>

namespace llmops {
namespace {

constexpr double kLeast = 0.01;  // DeepEval's: what is rarer is noise of the tail

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string_view token_of(const Value& entry) {
  const Value* token = entry.find("token");
  return token != nullptr && token->is_string() ? std::string_view(*token->string())
                                                : std::string_view();
}

std::optional<double> probability_of(const Value& entry) {
  const Value* logprob = entry.find("logprob");
  if (logprob == nullptr || !logprob->is_number() || std::isnan(logprob->number()))
    return std::nullopt;
  return std::exp(std::min(0.0, logprob->number()));
}

// Token -> probability; equal tokens (with and without a blank before them) add up.
std::map<std::string, double, std::less<>> alternatives(const Value& entry) {
  std::map<std::string, double, std::less<>> found;
  const Value* top = entry.find("top_logprobs");
  const List* list = top == nullptr ? nullptr : top->list();
  if (list == nullptr || list->empty()) {
    if (const auto p = probability_of(entry)) found[std::string(trimmed(token_of(entry)))] = *p;
    return found;
  }
  for (const Value& each : *list)
    if (const auto p = probability_of(each)) found[std::string(trimmed(token_of(each)))] += *p;
  return found;
}

std::optional<double> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> weighted_grade(const Value& logprobs, std::string_view grade, double low,
                                     double high) {
  const List* tokens = logprobs.list();
  if (tokens == nullptr || grade.empty()) return std::nullopt;
  for (std::size_t i = tokens->size(); i-- > 0;) {
    if (trimmed(token_of((*tokens)[i])) != grade) continue;
    double sum = 0, weights = 0;
    for (const auto& [token, p] : alternatives((*tokens)[i])) {
      const std::optional<double> value = whole_number(token);
      if (!value || *value < low || *value > high || p < kLeast) continue;
      sum += *value * p;
      weights += p;
    }
    if (weights <= 0) return std::nullopt;
    return std::clamp(sum / weights, low, high);  // against the last bit
  }
  return std::nullopt;
}

std::optional<double> first_label_share(const Value& logprobs, std::string_view first,
                                        std::string_view second) {
  const List* tokens = logprobs.list();
  if (tokens == nullptr || tokens->empty()) return std::nullopt;
  const auto found = alternatives(tokens->front());
  const auto share = [&](std::string_view label) {
    const auto at = found.find(label);
    return at == found.end() ? 0.0 : at->second;
  };
  const double sum = share(first) + share(second);
  if (sum <= 0) return std::nullopt;
  return share(first) / sum;
}

}  // namespace llmops
