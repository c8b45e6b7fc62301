#include "ci/token_cause.h"

#include <algorithm>
#include <cmath>

#include "ci/compare/row_pairs.h"

namespace llmops {
namespace {

constexpr double kPerMillion = 1e-6;
// Relative error of one estimated size: changes below it are no changes.
constexpr double kEstimateError = 0.03;

struct Spent {
  std::optional<double> input, cached, output, reasoning, cost;
};

class SpentColumns {
 public:
  explicit SpentColumns(const RunHeader& header)
      : input_(MeasureColumn::find(header, "input_tokens")),
        cached_(MeasureColumn::find(header, "cached_tokens")),
        output_(MeasureColumn::find(header, "output_tokens")),
        reasoning_(MeasureColumn::find(header, "reasoning_tokens")),
        cost_(MeasureColumn::find(header, "cost_per_case")) {}

  Spent of(const CaseRow& row) const {
    const auto value = [&](const std::optional<MeasureColumn>& column) {
      return column ? column->value(row) : std::nullopt;
    };
    return {value(input_), value(cached_), value(output_), value(reasoning_), value(cost_)};
  }

 private:
  std::optional<MeasureColumn> input_, cached_, output_, reasoning_, cost_;
};

// Means over the cases of one run. Reasoning and cached tokens that nobody reported count as none.
struct Level {
  std::int64_t n = 0;
  double input = 0, cached = 0, output = 0, reasoning = 0, cost = 0;
  bool reasons = false;

  void add(const Spent& usage) {
    ++n;
    const auto grow = [&](double& mean, const std::optional<double>& value) {
      mean += (value.value_or(0) - mean) / static_cast<double>(n);
    };
    grow(input, usage.input);
    grow(cached, usage.cached);
    grow(output, usage.output);
    grow(reasoning, usage.reasoning);
    grow(cost, usage.cost);
    reasons = reasons || usage.reasoning.has_value();
  }
};

// The cases in which one measure is known.
struct Levels {
  Level before, after;
  bool known() const { return before.n > 0 && after.n > 0; }
};

template <class Has>
void add(Levels& levels, const std::optional<Spent>& before, const std::optional<Spent>& after,
         bool paired, Has has) {
  const bool b = before && has(*before), c = after && has(*after);
  if (b && (c || !paired)) levels.before.add(*before);
  if (c && (b || !paired)) levels.after.add(*after);
}

std::optional<double> number_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  if (found == nullptr || !found->is_number() || !std::isfinite(found->number()))
    return std::nullopt;
  return found->number();
}

struct Size {
  double own = 0, inserted = 0;
  double whole() const { return own + inserted; }
};

std::optional<Size> size_of(const RunHeader& header) {
  const auto own = number_of(header.prompt, "text_tokens");
  const auto inserted = number_of(header.prompt, "inserted_tokens");
  if (!own || !inserted || *own < 0 || *inserted < 0 || *own + *inserted <= 0) return std::nullopt;
  return Size{*own, *inserted};
}

bool same_model(const RunHeader& a, const RunHeader& b) {
  const auto name = [](const RunHeader& header) {
    const Value* found = header.model.find("name");
    return found == nullptr ? std::string() : to_text(*found);
  };
  return name(a) == name(b);
}

// Input tokens are rate x (own + inserted), and the rate is the tokeniser's. Where the model is the
// same, so is its tokeniser: what the estimate leaves over goes to the part that changed most.
std::vector<CausePart> input_parts(const Levels& levels, const Size& before, const Size& after,
                                   bool same_tokeniser) {
  const double rate_before = levels.before.input / before.whole();
  const double rate_after = levels.after.input / after.whole();
  const double rate = (rate_before + rate_after) / 2;
  const auto grown = [&](double from, double to) {
    return std::abs(to - from) <= kEstimateError * from ? 0.0 : (to - from) * rate;
  };
  double own = before.own == after.own ? 0.0 : (after.own - before.own) * rate;
  double inserted = grown(before.inserted, after.inserted);
  double rest = levels.after.input - levels.before.input - own - inserted;
  if (same_tokeniser && (own != 0 || inserted != 0)) {
    (std::abs(own) >= std::abs(inserted) ? own : inserted) += rest;
    rest = 0;
  }
  std::vector<CausePart> parts = {
      {"prompt text", own     },
      {"context",     inserted}
  };
  if (rest != 0)
    parts.push_back({same_tokeniser ? "the same text counted anew" : "tokeniser", rest});
  return parts;
}

void sort_parts(Cause& cause) {
  std::ranges::stable_sort(cause.parts, std::greater<>(),
                           [](const CausePart& part) { return std::abs(part.amount); });
}

struct Price {
  double input = 0, cached = 0, output = 0;  // USD a token
};

std::optional<Price> price_of(const RunHeader& header) {
  const Value* found = header.model.find("price");
  const Object* price = found == nullptr ? nullptr : found->object();
  if (price == nullptr) return std::nullopt;
  const auto input = number_of(*price, "input"), output = number_of(*price, "output");
  if (!input || !output) return std::nullopt;
  return Price{*input * kPerMillion,
               number_of(*price, "cached_input").value_or(*input) * kPerMillion,
               *output * kPerMillion};
}

class Explanation {
 public:
  Explanation(const RunHeader& before, const RunHeader& after) : before_(before), after_(after) {}

  Cause input(const Levels& levels) const {
    Cause cause{"input_tokens", "tokens", levels.before.input, levels.after.input, {}, ""};
    const auto before = size_of(before_), after = size_of(after_);
    if (before && after) {
      cause.parts = input_parts(levels, *before, *after, same_model(before_, after_));
    } else {
      cause.parts = {
          {"prompt text and context", cause.change()}
      };
      cause.unknown = !before ? "the baseline does not say how long its prompt's own text is"
                              : "the run does not say how long its prompt's own text is";
    }
    return cause;
  }

  static Cause output(const Levels& levels) {
    const Level &b = levels.before, &c = levels.after;
    Cause cause{"output_tokens", "tokens", b.output, c.output, {}, ""};
    if (!b.reasons && !c.reasons) {
      cause.parts = {
          {"answers", cause.change()}
      };
      return cause;
    }
    const double reasoning = c.reasoning - b.reasoning;
    cause.parts = {
        {"answers",   cause.change() - reasoning},
        {"reasoning", reasoning                 }
    };
    if (!b.reasons || !c.reasons)
      cause.unknown = b.reasons ? "the run reports no reasoning tokens, which count as none"
                                : "the baseline reports no reasoning tokens, which count as none";
    return cause;
  }

  // Each token at the mean of the two prices, each price at the mean of the two numbers of tokens.
  std::optional<Cause> cost(const Levels& levels) const {
    const auto before = price_of(before_), after = price_of(after_);
    if (!before || !after) return std::nullopt;
    const Level &b = levels.before, &c = levels.after;
    Cause cause{"cost_per_case", "usd", b.cost, c.cost, {}, ""};
    const auto middle = [](double x, double y) { return (x + y) / 2; };
    const Price mean{middle(before->input, after->input), middle(before->cached, after->cached),
                     middle(before->output, after->output)};
    const Cause read = input(levels), written = output(levels);
    cause.unknown = read.unknown;
    for (const CausePart& part : read.parts)
      cause.parts.push_back({part.name, part.amount * mean.input});
    cause.parts.push_back(
        {"input from the provider's cache", (c.cached - b.cached) * (mean.cached - mean.input)});
    for (const CausePart& part : written.parts)
      cause.parts.push_back({part.name, part.amount * mean.output});
    cause.parts.push_back(
        {"prices", (after->input - before->input) * middle(b.input - b.cached, c.input - c.cached) +
                       (after->cached - before->cached) * middle(b.cached, c.cached) +
                       (after->output - before->output) * middle(b.output, c.output)});
    double rest = cause.change();
    for (const CausePart& part : cause.parts) rest -= part.amount;
    // Other models of a fallback chain, calls that were not priced.
    if (std::abs(rest) > 1e-9 * std::max(b.cost, c.cost)) cause.parts.push_back({"other", rest});
    return cause;
  }

 private:
  const RunHeader& before_;
  const RunHeader& after_;
};

}  // namespace

std::vector<Cause> explain_tokens(const RunSource& baseline, const RunSource& candidate,
                                  bool paired) {
  const SpentColumns of_baseline(baseline.header()), of_candidate(candidate.header());
  Levels reading, writing, paying;
  for (RowPairs rows(baseline, candidate); rows.next();) {
    if (paired && !rows.paired()) continue;
    std::optional<Spent> before, after;
    if (rows.baseline() != nullptr) before = of_baseline.of(*rows.baseline());
    if (rows.candidate() != nullptr) after = of_candidate.of(*rows.candidate());
    add(reading, before, after, paired, [](const Spent& u) { return u.input.has_value(); });
    add(writing, before, after, paired, [](const Spent& u) { return u.output.has_value(); });
    add(paying, before, after, paired,
        [](const Spent& u) { return u.cost && u.input && u.output; });
  }
  const Explanation explanation(baseline.header(), candidate.header());
  std::vector<Cause> causes;
  if (reading.known()) causes.push_back(explanation.input(reading));
  if (writing.known()) causes.push_back(Explanation::output(writing));
  if (paying.known())
    if (auto cost = explanation.cost(paying)) causes.push_back(*std::move(cost));
  for (Cause& cause : causes) {
    std::erase_if(cause.parts, [](const CausePart& part) { return part.amount == 0; });
    sort_parts(cause);
  }
  return causes;
}

}  // namespace llmops
