#include "evaluators/metrics/text/assertion.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "datasets/text/json.h"
#include "datasets/text/source.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

// What decides each type, and the bound where the text names none.
struct Kind {
  std::string_view type, metric;
  enum class Value { none, reference, any, all, pattern, label } value = Value::none;
  bool ignore_case = false;
  std::optional<double> usual;  // of a threshold; absent: the score has to be 1
  double scale = 1.0;           // of our score to theirs
  bool upper = false;
  std::size_t column = 0;
};

constexpr Kind plain(std::string_view type, std::string_view metric) {
  return {.type = type, .metric = metric};
}
constexpr Kind with(std::string_view type, std::string_view metric, Kind::Value value,
                    bool ignore_case = false) {
  return {.type = type, .metric = metric, .value = value, .ignore_case = ignore_case};
}
constexpr Kind graded(std::string_view type, std::string_view metric, double usual,
                      std::size_t column = 0, double scale = 1.0) {
  return {.type = type,
          .metric = metric,
          .value = Kind::Value::reference,
          .usual = usual,
          .scale = scale,
          .column = column};
}
constexpr Kind at_most(Kind kind) {
  kind.upper = true;
  return kind;
}
constexpr Kind of_column(Kind kind, std::size_t column) {
  kind.column = column;
  return kind;
}

constexpr Kind kKinds[] = {
    with("equals", "exact_match", Kind::Value::reference),
    with("iequals", "exact_match", Kind::Value::reference, true),
    with("contains", "contains", Kind::Value::reference),
    with("icontains", "contains", Kind::Value::reference, true),
    with("contains-any", "contains", Kind::Value::any),
    with("icontains-any", "contains", Kind::Value::any, true),
    with("contains-all", "contains", Kind::Value::all),
    with("icontains-all", "contains", Kind::Value::all, true),
    with("starts-with", "starts_with", Kind::Value::reference),
    with("istarts-with", "starts_with", Kind::Value::reference, true),
    with("ends-with", "ends_with", Kind::Value::reference),
    with("iends-with", "ends_with", Kind::Value::reference, true),
    with("regex", "regex", Kind::Value::pattern),
    with("is-language", "language", Kind::Value::label),
    with("numeric", "numeric_match", Kind::Value::reference),
    plain("is-json", "json_valid"),
    plain("is-xml", "xml_valid"),
    plain("is-sql", "sql_valid"),
    plain("is-refusal", "refusal"),
    at_most(of_column(plain("word-count", "length"), 1)),
    at_most(graded("levenshtein", "levenshtein", 5.0, 1)),
    graded("rouge-n", "rouge", 0.75, 2),
    graded("rouge-l", "rouge", 0.75, 2),
    graded("bleu", "bleu", 0.5, 0, 100.0),
    graded("gleu", "gleu", 0.5),
    graded("meteor", "meteor", 0.5),
    graded("f1", "token_f1", 0.5),
};

// Checks that ask a model or run a program.
constexpr std::string_view kElsewhere[] = {
    "llm-rubric",
    "grade",
    "factuality",
    "model-graded-factuality",
    "model-graded-closedqa",
    "closedqa",
    "g-eval",
    "answer-relevance",
    "context-recall",
    "context-relevance",
    "context-faithfulness",
    "select-best",
    "pi",
    "moderation",
    "classifier",
    "javascript",
    "python",
    "ruby",
    "eval",
    "fn",
    "webhook",
    "file",
    "perplexity",
    "perplexity-score",
    "latency",
    "cost",
    "contains-json",
    "contains-sql",
    "contains-xml",
    "is-html",
    "contains-html",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
    "is-valid-function-call",
    "guardrails",
    "finish-reason",
    "trace-span-count",
    "trace-span-duration",
    "trace-error-spans",
    "tool-call-f1",
};

const Kind* kind_of(std::string_view type) {
  const auto found =
      std::ranges::find_if(kKinds, [&](const Kind& kind) { return kind.type == type; });
  return found == std::end(kKinds) ? nullptr : found;
}

bool known(std::string_view type) {
  return type == "similar" || kind_of(type) != nullptr ||
         std::ranges::find(kElsewhere, type) != std::end(kElsewhere);
}

std::optional<double> number_of(std::string_view text) {
  text = strip(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
      !(value >= -1e15 && value <= 1e15))
    return std::nullopt;
  return value;
}

List to_list(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

}  // namespace

std::vector<std::string> comma_separated(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const std::string_view item = strip(text.substr(0, comma)); !item.empty())
      items.emplace_back(item);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return items;
}

Assertion parse_assertion(std::string_view text) {
  Assertion assertion;
  text = strip(text);
  assertion.value = text;
  const std::size_t colon = text.find(':');
  std::string_view head = strip(text.substr(0, colon));
  std::string_view value = colon == std::string_view::npos ? "" : strip(text.substr(colon + 1));
  bool negate = false;
  if (head.starts_with("not-")) {
    negate = true;
    head.remove_prefix(4);
  }
  std::optional<double> threshold;
  if (const std::size_t open = head.find('('); open != std::string_view::npos) {
    if (!head.ends_with(')')) return assertion;
    threshold = number_of(head.substr(open + 1, head.size() - open - 2));
    if (!threshold) return assertion;
    head = head.substr(0, open);
  }
  if (!known(head)) return assertion;  // "Note: this" is an answer
  // A bare word is a check only where a check of that name needs no value.
  const Kind* kind = kind_of(head);
  if (colon == std::string_view::npos && !threshold &&
      (kind == nullptr || kind->value != Kind::Value::none))
    return assertion;
  assertion = {.type = std::string(head),
               .negate = negate,
               .threshold = threshold,
               .value = std::string(value)};
  return assertion;
}

std::optional<AssertionMetric> metric_of(const Assertion& assertion, std::string& why) {
  const Kind* kind = kind_of(assertion.type);
  if (kind == nullptr) {
    why = assertion.type == "similar"
              ? "`similar` is decided by the metric that the option `similar` names, and it is not "
                "given"
              : fmt::format("`{}` is no check that `expected` can do", assertion.type);
    return std::nullopt;
  }
  AssertionMetric decides{.metric = std::string(kind->metric), .options = {}, .references = {}};
  decides.column = kind->column;
  decides.upper = kind->upper;
  if (kind->usual) decides.bound = assertion.threshold.value_or(*kind->usual) * kind->scale;
  if (kind->ignore_case) decides.options.add("ignore_case", true);
  const bool wants_value = kind->value != Kind::Value::none;
  if (wants_value && assertion.value.empty() && assertion.type != "equals") {
    why = fmt::format("`{}` names nothing to look for", assertion.type);
    return std::nullopt;
  }
  switch (kind->value) {
    case Kind::Value::none:
      break;
    case Kind::Value::reference:
      decides.references = {assertion.value};
      break;
    case Kind::Value::any:
      decides.options.add("any", to_list(comma_separated(assertion.value)));
      break;
    case Kind::Value::all:
      decides.options.add("all", to_list(comma_separated(assertion.value)));
      break;
    case Kind::Value::pattern:
      decides.options.add("pattern", assertion.value);
      break;
    case Kind::Value::label:
      decides.options.add("expected", assertion.value);
      break;
  }
  if (assertion.type == "rouge-n") decides.options.add("variants", List{"rouge1"});
  if (assertion.type == "rouge-l") decides.options.add("variants", List{"rougeL"});
  if (assertion.type == "numeric" && assertion.threshold)
    decides.options.add("tolerance", *assertion.threshold);
  if (assertion.type == "is-refusal") decides.options.add("wanted", true);
  if (assertion.type == "is-json" && !assertion.value.empty()) {
    Result<Value> schema = parse_json(assertion.value, "is-json");
    if (!schema) {
      why = "the schema of `is-json` is no JSON";
      return std::nullopt;
    }
    decides.metric = "json_schema";
    decides.options.add("schema", *std::move(schema));
  }
  if (assertion.type == "word-count") {
    const auto most = number_of(assertion.value);
    if (!most) {
      why = "`word-count` names no number";
      return std::nullopt;
    }
    decides.bound = *most;
  }
  return decides;
}

}  // namespace llmops
