#include "evaluators/judge/verdict_text.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "datasets/text/json.h"

namespace llmops {
namespace {

constexpr std::size_t kLongest = 1U << 20;  // of a judge's answer that is looked at: its end

// The end of the JSON object that begins at `from`, npos where it does not end: brackets in strings
// do not count.
std::size_t object_end(std::string_view text, std::size_t from) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Raw line breaks and tabs in strings become escapes, commas before a closing bracket go.
std::string mended(std::string_view json) {
  std::string out;
  bool quoted = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (quoted && c == '\\' && at + 1 < json.size()) {
      out += c;
      out += json[++at];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\n') {
      out += "\\n";
    } else if (quoted && c == '\t') {
      out += "\\t";
    } else if (quoted && c == '\r') {
      out += "\\r";
    } else if (!quoted && c == ',') {
      const std::size_t next = json.find_first_not_of(" \t\r\n", at + 1);
      if (next == std::string_view::npos || (json[next] != '}' && json[next] != ']')) out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<Value> parse_object(std::string_view json) {
  Result<Value> value = parse_json(json, "judge");
  if (!value) value = parse_json(mended(json), "judge");
  if (!value || !value->is_object()) return std::nullopt;
  return *std::move(value);
}

const Value* member_of(const Value& object, std::span<const std::string_view> members) {
  for (const std::string_view member : members)
    if (const Value* found = object.find(member)) return found;
  return nullptr;
}

// What follows the judge's thoughts; nothing where they never end. Of that the end.
std::string_view end_of(std::string_view answer) {
  constexpr std::string_view kThinks = "<think>", kThought = "</think>";
  const std::size_t start = answer.find_first_not_of(" \t\r\n");
  if (const std::size_t end = answer.rfind(kThought); end != std::string_view::npos)
    answer.remove_prefix(end + kThought.size());
  else if (start != std::string_view::npos && answer.substr(start).starts_with(kThinks))
    return {};
  return answer.size() > kLongest ? answer.substr(answer.size() - kLongest) : answer;
}

std::string reason_of(const Value& object) {
  static constexpr std::string_view kNames[] = {"reason",      "reasoning", "rationale",
                                                "explanation", "feedback",  "thought"};
  const Value* reason = member_of(object, kNames);
  return reason == nullptr ? "" : to_text(*reason);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\n*_`\"'.()[]";
  const std::size_t from = text.find_first_not_of(kAround);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kAround) - from + 1);
}

std::optional<double> number_in(std::string_view text) {
  text = trimmed(text);
  // "4/5" and "4 out of 5" are a 4.
  const std::size_t end = text.find_first_not_of("0123456789.-+");
  const std::string_view rest = end == std::string_view::npos ? "" : trimmed(text.substr(end));
  if (!rest.empty() && rest[0] != '/' && !rest.starts_with("out of")) return std::nullopt;
  text = text.substr(0, end);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

// The last match of any of the patterns by where its first group begins: that group.
std::optional<std::string_view> last_of(std::string_view text,
                                        std::span<const RE2* const> patterns) {
  std::optional<std::string_view> found;
  const char* best = nullptr;
  for (const RE2* pattern : patterns) {
    re2::StringPiece rest(text.data(), text.size());
    re2::StringPiece group;
    while (RE2::FindAndConsume(&rest, *pattern, &group)) {
      if (best != nullptr && group.data() <= best) continue;
      best = group.data();
      found = std::string_view(group.data(), group.size());
    }
  }
  return found;
}

// Forms that are nothing but a verdict: one that stands behind a JSON object is a later one.
std::span<const RE2* const> marked_grades() {
  static const RE2 kBrackets(R"(\[\[\s*(-?\d+(?:\.\d+)?)\s*(?:/\s*\d+\s*)?\]\])");
  static const RE2 kResult(R"((?i)\[RESULT\]\W{0,4}(-?\d+(?:\.\d+)?))");
  static const RE2* const kAll[] = {&kBrackets, &kResult};
  return kAll;
}

std::span<const RE2* const> worded_grades() {
  static const RE2 kNamed(
      R"((?i)(?:score|rating|grade|note|bewertung|punktzahl|puntuaci[oó]n|calificaci[oó]n|pontua[cç][aã]o|nota|punteggio|voto|puan|ocena|评分|得分|分数|スコア|評価|点数|점수|оценка|оцінка|الدرجة|अंक)["'*_\s]{0,6}(?:is|of|ist|est|es)?["'*_\s]{0,3}[:=：]?["'*_\s]{0,6}(-?\d+(?:\.\d+)?))");
  static const RE2 kShare(R"((?i)(?:^|[^\d.])(\d+(?:\.\d+)?)\s*(?:/|out of)\s*\d+)");
  static const RE2 kAlone(R"((?m)^[\s*_]*(-?\d+(?:\.\d+)?)[\s*_.]*$)");
  static const RE2* const kAll[] = {&kNamed, &kShare, &kAlone};
  return kAll;
}

// Where the last object with one of the members ends; 0 where there is none.
struct LastObject {
  std::optional<Value> object;
  std::size_t end = 0;
};
LastObject find_last_object(std::string_view text, std::span<const std::string_view> members) {
  LastObject last;
  // A bracket that never closes costs one look at the rest of the text; more than these are no
  // JSON.
  int unclosed = 0;
  for (std::size_t at = text.find('{'); at != std::string_view::npos && unclosed < 64;) {
    const std::size_t end = object_end(text, at);
    std::optional<Value> object;
    if (end == std::string_view::npos)
      ++unclosed;
    else
      object = parse_object(text.substr(at, end - at));
    if (object && member_of(*object, members) != nullptr) last = {object, end};
    at = text.find('{', object ? end : at + 1);
    if (!object && end != std::string_view::npos) ++unclosed;
  }
  return last;
}

bool same_word(std::string_view a, std::string_view b, bool exactly) {
  if (a.size() != b.size()) return false;
  return std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return exactly ? x == y : lower(x) == lower(y);
  });
}

class Choices {
 public:
  explicit Choices(std::span<const std::string> choices) : choices_(choices) {
    for (std::size_t i = 0; i < choices.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        exactly_ = exactly_ || same_word(choices[i], choices[j], false);
  }

  std::optional<std::size_t> find(std::string_view text) const {
    for (std::size_t i = 0; i < choices_.size(); ++i)
      if (same_word(text, choices_[i], exactly_)) return i;
    text = trimmed(text);
    for (std::size_t i = 0; i < choices_.size(); ++i)
      if (same_word(text, trimmed(choices_[i]), exactly_)) return i;
    return std::nullopt;
  }

 private:
  std::span<const std::string> choices_;
  bool exactly_ = false;
};

std::optional<bool> yes_or_no_in(const Value& value) {
  if (const bool* truth = value.boolean()) return *truth;
  if (value.is_number() && (value.number() == 0 || value.number() == 1)) return value.number() == 1;
  return value.is_string() ? yes_or_no(*value.string()) : std::nullopt;
}

std::string_view last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n*_`.");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const std::size_t line = text.rfind('\n');
  return line == std::string_view::npos ? text : text.substr(line + 1);
}

}  // namespace

std::optional<Value> last_object_with(std::string_view text,
                                      std::span<const std::string_view> members) {
  return find_last_object(text, members).object;
}

std::optional<bool> yes_or_no(std::string_view word) {
  word = trimmed(word);
  for (const std::string_view yes :
       {"yes", "true", "y",  "1",   "ja",  "oui", "si",   "sí",   "Sí", "sì", "Sì",  "sim", "evet",
        "tak", "да",   "Да", "так", "Так", "是",  "是的", "はい", "예", "네", "نعم", "हाँ"})
    if (same_word(word, yes, false)) return true;
  for (const std::string_view no :
       {"no",  "false", "n",     "0",      "nein",   "non",    "não", "Não",
        "nee", "nie",   "hayır", "Hayır",  "нет",    "Нет",    "ні",  "Ні",
        "否",  "不",    "不是",  "いいえ", "아니요", "아니오", "لا",  "नहीं"})
    if (same_word(word, no, false)) return false;
  return std::nullopt;
}

Grade read_grade(std::string_view answer, double low, double high) {
  answer = end_of(answer);
  Grade grade;
  static constexpr std::string_view kNames[] = {"score", "rating", "grade", "Score", "Rating"};
  std::optional<double> value;
  const LastObject last = find_last_object(answer, kNames);
  if (const auto marked = last_of(answer.substr(last.end), marked_grades())) {
    grade.text = *marked;
    value = number_in(*marked);
  } else if (last.object) {
    const Value& said = *member_of(*last.object, kNames);
    grade.reason = reason_of(*last.object);
    grade.text = to_text(said);
    value = said.is_number() ? std::optional(said.number()) : number_in(grade.text);
    if (!value) {
      grade.why = fmt::format("the judge's grade is `{}`", grade.text.substr(0, 40));
      return grade;
    }
  } else if (const auto found = last_of(answer, worded_grades())) {
    grade.text = *found;
    value = number_in(*found);
  }
  if (!value) {
    grade.why =
        answer.empty() ? "the judge said nothing" : "no grade is found in the judge's answer";
  } else if (!std::isfinite(*value) || *value < low || *value > high) {
    grade.why = fmt::format("the judge's grade {} lies outside {} to {}", grade.text.substr(0, 40),
                            low, high);
  } else {
    grade.value = *value;
  }
  return grade;
}

Grade read_rating(std::string_view answer, double low, double high) {
  Grade grade = read_grade(answer, low, high);
  if (!grade.text.empty()) return grade;
  static const RE2 kSingle(R"(\[\s*(-?\d+(?:\.\d+)?)\s*\])");
  static const RE2* const kAll[] = {&kSingle};
  if (const auto found = last_of(end_of(answer), kAll))
    return read_grade(fmt::format("[[{}]]", *found), low, high);
  return grade;
}

Choice read_choice(std::string_view answer, std::span<const std::string> choices) {
  answer = end_of(answer);
  Choice choice;
  const Choices known(choices);
  static constexpr std::string_view kNames[] = {"choice", "verdict", "answer", "winner",
                                                "label",  "Choice",  "Verdict"};
  static const RE2 kBrackets(R"(\[\[\s*([^\[\]\n]{1,80}?)\s*\]\])");
  static const RE2 kResult(R"((?i)\[RESULT\][\s:*]{0,4}([^\n]{1,80}?)[\s*.]*(?:\n|$))");
  static const RE2 kNamed(
      R"((?i)(?:final verdict|verdict|choice|winner)["'*_\s]{0,4}(?:is)?["'*_\s]{0,2}[:：]?["'*_\s]{0,4}([^\n"'*]{1,80}?)[\s"'*.]*(?:\n|$))");
  static const RE2* const kMarked[] = {&kBrackets, &kResult};
  static const RE2* const kWorded[] = {&kNamed};
  const LastObject last = find_last_object(answer, kNames);
  // A verdict in brackets behind the object is a later one; brackets that hold none are no verdict.
  if (const auto marked = last_of(answer.substr(last.end), kMarked))
    choice.place = known.find(*marked);
  if (choice.place) return choice;
  if (last.object) {
    const std::string said = to_text(*member_of(*last.object, kNames));
    choice.reason = reason_of(*last.object);
    choice.place = known.find(said);
    if (!choice.place) choice.why = fmt::format("the judge chose `{}`", said.substr(0, 40));
    return choice;
  }
  if (const auto found = last_of(answer, kWorded)) choice.place = known.find(*found);
  if (!choice.place) choice.place = known.find(last_line(answer));
  if (!choice.place)
    choice.why =
        answer.empty() ? "the judge said nothing" : "no choice is found in the judge's answer";
  return choice;
}

Answers read_answers(std::string_view answer, std::size_t questions) {
  answer = end_of(answer);
  Answers answers;
  static constexpr std::string_view kNames[] = {"answers", "verdicts", "results"};
  static constexpr std::string_view kEach[] = {"answer", "verdict", "result"};
  if (const auto object = last_object_with(answer, kNames)) {
    const List* list = member_of(*object, kNames)->list();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const Value& item = (*list)[i];
      const Value* said = item.is_object() ? member_of(item, kEach) : &item;
      const std::optional<bool> yes = said == nullptr ? std::nullopt : yes_or_no_in(*said);
      if (!yes) {
        answers.yes.clear();
        answers.why = fmt::format("the judge's answer {} is neither yes nor no", i + 1);
        return answers;
      }
      answers.yes.push_back(*yes);
    }
  } else {
    static const RE2 kLine(
        R"((?im)^[\s*#-]*(?:Q|question )?(\d{1,3})[.):\s*_-]+(?:.*[\s:*—-])?(yes|no)\b[\s*.]*$)");
    re2::StringPiece rest(answer.data(), answer.size());
    int number = 0;
    std::string word;
    while (RE2::FindAndConsume(&rest, kLine, &number, &word)) {
      if (number == 1) answers.yes.clear();  // the list begins again
      if (static_cast<std::size_t>(number) != answers.yes.size() + 1) continue;
      answers.yes.push_back(same_word(word, "yes", false));
    }
  }
  if (answers.yes.size() == questions) return answers;
  answers.why =
      fmt::format("the judge gave {} answers to {} questions", answers.yes.size(), questions);
  answers.yes.clear();
  return answers;
}

}  // namespace llmops
