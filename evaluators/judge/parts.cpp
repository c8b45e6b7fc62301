#include "evaluators/judge/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "datasets/text/json.h"
#include "evaluators/judge/judge.h"
#include "evaluators/judge/verdict_text.h"
#include "evaluators/metrics/text/fenced.h"

namespace llmops {
namespace {

constexpr std::size_t kMostBytes = 256U << 10;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// The list under a key of the last object that has it, else an answer that is a
// list.
std::optional<List> list_of(const Sample& answer, std::span<const std::string_view> keys,
                            std::string& why) {
  why = judge_failure(answer);
  if (!why.empty()) return std::nullopt;
  if (const auto object = last_object_with(answer.text, keys)) {
    for (const std::string_view key : keys) {
      const Value* found = object->find(key);
      if (found == nullptr) continue;
      if (found->is_list()) return *found->list();
      why = fmt::format("the judge's `{}` is no list", key);
      return std::nullopt;
    }
  }
  const std::string_view whole = trimmed(without_fence(answer.text));
  if (whole.starts_with('['))
    if (Result<Value> value = parse_json(whole, "judge"); value && value->is_list())
      return *value->list();
  why = answer.text.empty() ? "the judge said nothing"
                            : fmt::format("no `{}` is found in the judge's answer", keys.front());
  return std::nullopt;
}

std::string text_in(const Value& item) {
  if (const Object* members = item.object()) {
    for (const Member& member : *members)
      if (const std::string* text = member.value.string()) return *text;
    return "";
  }
  return item.is_null() || item.is_list() ? "" : to_text(item);
}

std::string lower_word(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\n*_`\"'.()[]!";
  const std::size_t from = text.find_first_not_of(kAround);
  if (from == std::string_view::npos) return "";
  std::string word(text.substr(from, text.find_last_not_of(kAround) - from + 1));
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return word;
}

std::optional<Verdict3> verdict_of(const Value& said) {
  if (const bool* truth = said.boolean()) return *truth ? Verdict3::yes : Verdict3::no;
  if (said.is_number()) {
    if (said.number() == 1) return Verdict3::yes;
    if (said.number() == 0) return Verdict3::no;
    return std::nullopt;
  }
  if (!said.is_string()) return std::nullopt;
  const std::string word = lower_word(*said.string());
  constexpr std::string_view kYes[] = {"supported", "relevant", "attributed", "entailed"};
  constexpr std::string_view kNo[] = {"not supported", "unsupported", "irrelevant", "contradicted",
                                      "not attributed"};
  constexpr std::string_view kUnsure[] = {"idk",          "unsure",    "unknown",     "unclear",
                                          "i don't know", "neither",   "cannot tell", "not sure",
                                          "neutral",      "borderline"};
  if (const auto plain = yes_or_no(word)) return *plain ? Verdict3::yes : Verdict3::no;
  if (std::ranges::find(kYes, word) != std::end(kYes)) return Verdict3::yes;
  if (std::ranges::find(kNo, word) != std::end(kNo)) return Verdict3::no;
  if (std::ranges::find(kUnsure, word) != std::end(kUnsure)) return Verdict3::unsure;
  return std::nullopt;
}

const Value* verdict_in(const Value& item) {
  if (!item.is_object()) return &item;
  for (const std::string_view key :
       {"verdict", "answer", "attributed", "supported", "relevant", "result", "label"})
    if (const Value* found = item.find(key)) return found;
  return nullptr;
}

// The place of each item by its `number`, where these are 1 to n, each once;
// else their order.
std::vector<std::size_t> places_of(const List& items) {
  std::vector<std::size_t> places(items.size()), seen(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) places[i] = i;
  std::vector<std::size_t> by_number(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value* number = items[i].find("number");
    if (number == nullptr || !number->is_integer()) return places;
    const std::int64_t n = *number->integer();
    if (n < 1 || static_cast<std::uint64_t>(n) > items.size()) return places;
    by_number[i] = static_cast<std::size_t>(n) - 1;
    if (++seen[by_number[i]] > 1) return places;
  }
  return by_number;
}

}  // namespace

Parts read_parts(const Sample& answer, std::span<const std::string_view> keys) {
  Parts parts;
  const std::optional<List> list = list_of(answer, keys, parts.why);
  if (!list) return parts;
  parts.why.clear();
  std::size_t bytes = 0;
  for (const Value& item : *list) {
    const std::string text(trimmed(text_in(item)));
    if (text.empty()) continue;
    bytes += text.size();
    parts.texts.push_back(text);
    if (parts.texts.size() > kMostParts || bytes > kMostBytes) {
      parts.texts.clear();
      parts.why = fmt::format("the judge found more than {} {}", kMostParts, keys.front());
      return parts;
    }
  }
  return parts;
}

std::size_t Verdicts::count(Verdict3 which) const {
  return static_cast<std::size_t>(std::ranges::count(verdicts, which));
}

Verdicts read_part_verdicts(const Sample& answer, std::size_t parts) {
  static constexpr std::string_view kKeys[] = {"verdicts", "answers", "classifications", "results",
                                               "statements"};
  Verdicts found;
  const std::optional<List> list = list_of(answer, kKeys, found.why);
  if (!list) return found;
  found.why.clear();
  const std::size_t wanted = parts == 0 ? list->size() : parts;
  if (list->size() != wanted || list->size() > kMostParts) {
    found.why = fmt::format("the judge gave {} verdicts on {} parts", list->size(), wanted);
    return found;
  }
  const std::vector<std::size_t> places = places_of(*list);
  found.verdicts.resize(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Value* said = verdict_in((*list)[i]);
    const auto verdict = said == nullptr ? std::nullopt : verdict_of(*said);
    if (!verdict) {
      found.verdicts.clear();
      found.why = fmt::format("the judge's verdict {} is neither yes nor no", i + 1);
      return found;
    }
    found.verdicts[places[i]] = *verdict;
  }
  return found;
}

}  // namespace llmops
