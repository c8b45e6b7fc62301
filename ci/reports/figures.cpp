#include "ci/reports/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"

namespace llmops {
namespace {

// All of six cases moving one way by chance: p = 2 / 2^6 = 0.03.
constexpr std::int64_t kSameForAll = 6;

// Decimals that give a value this many digits, 2 to 8 of them.
int decimals_of_digits(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return 2;
  return std::clamp(digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value)))), 2, 8);
}

int decimals_of(double value, const Measure& measure, int decimals) {
  if (measure.unit == "tokens" || measure.unit == "ms")
    return std::abs(value) < 10 ? 2 : std::abs(value) < 1000 ? 1 : 0;
  if (measure.unit == "usd") return decimals >= 0 ? decimals : decimals_of_digits(value, 3);
  const int wanted = decimals >= 0 ? decimals : 3;
  const bool share = measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
  return share ? wanted : std::min(wanted, 2);
}

std::string fixed(double value, const Measure& measure, int decimals, bool sign) {
  if (!std::isfinite(value)) return "";
  const int digits = decimals_of(value, measure, decimals);
  std::string text =
      sign ? fmt::format("{:+.{}f}", value, digits) : fmt::format("{:.{}f}", value, digits);
  // "-0.000" is a zero.
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos)
    text = sign ? "+" + text.substr(1) : text.substr(1);
  return text;
}

Change change_of(const MetricComparison& compared) {
  bool rose = false;
  bool fell = false;
  if (compared.interval_low && compared.interval_high) {
    rose = *compared.interval_low > 0;
    fell = *compared.interval_high < 0;
  } else if (compared.difference && compared.n > 0 && compared.ties == compared.n) {
    return Change::none;
  } else if (compared.difference && compared.n >= kSameForAll && compared.ties == 0 &&
             (compared.wins == 0 || compared.losses == 0)) {
    // Every case moved by the same amount: there is no spread to make an interval of.
    rose = *compared.difference > 0;
    fell = *compared.difference < 0;
  } else {
    return Change::unknown;
  }
  if (!rose && !fell) return Change::none;
  if (compared.measure.better == Better::neither) return Change::other;
  return rose == (compared.measure.better == Better::higher) ? Change::better : Change::worse;
}

std::string text_of(const Object& object, std::string_view key) {
  const Value* value = object.find(key);
  return value == nullptr ? std::string() : to_text(*value);
}

}  // namespace

std::string_view shown(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "PASS";
    case Outcome::fail:
      return "FAIL";
    case Outcome::inconclusive:
      return "INCONCLUSIVE";
    case Outcome::incomplete:
      return "INCOMPLETE";
    case Outcome::not_comparable:
      break;
  }
  return "NOT COMPARABLE";
}

Tone tone(Outcome outcome) {
  if (outcome == Outcome::pass) return Tone::good;
  return outcome == Outcome::fail ? Tone::bad : Tone::doubtful;
}

Outcome outcome_of(const ReportInput& input) {
  if (input.verdict != nullptr) return input.verdict->outcome;
  return input.run.complete ? Outcome::pass : Outcome::incomplete;
}

std::string headline(const ReportInput& input) {
  if (input.verdict != nullptr && !input.verdict->headline.empty()) return input.verdict->headline;
  if (input.verdict != nullptr) return std::string(shown(input.verdict->outcome));
  if (!input.run.complete) return "INCOMPLETE: " + input.run.why_incomplete;
  return fmt::format("DONE: {} case{} scored, nothing was gated", input.run.counts.cases,
                     input.run.counts.cases == 1 ? "" : "s");
}

std::string_view shown(Change change) {
  switch (change) {
    case Change::none:
      return "~";
    case Change::better:
      return "better";
    case Change::worse:
      return "worse";
    case Change::other:
      return "changed";
    case Change::unknown:
      break;
  }
  return "";
}

Tone tone(Change change) {
  if (change == Change::better) return Tone::good;
  if (change == Change::worse) return Tone::bad;
  return change == Change::none ? Tone::dim : Tone::plain;
}

std::vector<MeasureLine> measure_lines(const ReportInput& input) {
  std::vector<MeasureLine> lines;
  const auto line_of = [&](const std::string& name) -> MeasureLine& {
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const MeasureLine& line) { return line.name == name; });
    if (found != lines.end()) return *found;
    lines.emplace_back().name = name;
    return lines.back();
  };
  for (const MeasureSummary& summary : input.summary.measures) {
    MeasureLine& line = line_of(summary.measure.name);
    line.measure = &summary.measure;
    line.summary = &summary;
    line.candidate = summary.mean;
  }
  if (input.comparison != nullptr) {
    // A rule that names a test, a slice or a quantile has a line of its own; the measure's mean is
    // then said there alone.
    const auto& all = input.comparison->metrics;
    std::erase_if(lines, [&](const MeasureLine& line) {
      return std::none_of(all.begin(), all.end(),
                          [&](const auto& each) { return each.metric == line.name; }) &&
             std::any_of(all.begin(), all.end(), [&](const MetricComparison& each) {
               return each.measure.name == line.name && each.quantity == "mean" &&
                      each.where.empty();
             });
    });
    for (const MetricComparison& compared : all) {
      MeasureLine& line = line_of(compared.metric);
      if (line.measure == nullptr) line.measure = &compared.measure;
      line.compared = &compared;
      line.baseline = compared.baseline_mean;
      if (compared.candidate_mean) line.candidate = compared.candidate_mean;
      line.change = change_of(compared);
    }
  }
  std::stable_partition(lines.begin(), lines.end(),
                        [](const MeasureLine& line) { return !line.measure->builtin; });
  return lines;
}

std::vector<TestLine> test_lines(const ReportInput& input) {
  std::vector<TestLine> lines;
  if (input.comparison == nullptr) return lines;
  for (const MetricComparison& compared : input.comparison->metrics) {
    if (!compared.outcome) continue;
    TestLine& line = lines.emplace_back();
    line.compared = &compared;
    line.method = compared.method;
    line.why = compared.lower ? compared.why : compared.refusal;
    line.t_test = compared.p_value ? fmt::format("{}, {}", compared.test, p_text(*compared.p_value))
                                   : compared.why_no_test;
    line.detectable = show(compared.mde, compared.measure);
    if (compared.cases_needed) line.needed = grouped(*compared.cases_needed);
  }
  return lines;
}

std::vector<std::string> all_warnings(const ReportInput& input) {
  std::vector<std::string> all;
  const auto add = [&](const std::vector<std::string>& more) {
    for (const std::string& warning : more)
      if (std::find(all.begin(), all.end(), warning) == all.end()) all.push_back(warning);
  };
  add(input.run.warnings);
  for (const MeasureSummary& figures : input.summary.measures)
    if (!figures.why.empty()) add({fmt::format("{}: {}", figures.measure.name, figures.why)});
  if (input.comparison != nullptr) add(input.comparison->warnings);
  if (input.verdict != nullptr) add(input.verdict->warnings);
  add(input.warnings);
  return all;
}

std::string show(std::optional<double> value, const Measure& measure, int decimals) {
  return value ? fixed(*value, measure, decimals, false) : "";
}

std::string show_signed(std::optional<double> value, const Measure& measure, int decimals) {
  return value ? fixed(*value, measure, decimals, true) : "";
}

std::string show_interval(std::optional<double> low, std::optional<double> high,
                          const Measure& measure, int decimals) {
  if (!low || !high) return "";
  return fixed(*low, measure, decimals, false) + " .. " + fixed(*high, measure, decimals, false);
}

std::string show_interval(const MeasureSummary& figures, int decimals) {
  std::string text =
      show_interval(figures.interval_low, figures.interval_high, figures.measure, decimals);
  if (!text.empty() && figures.level != 0.95) text += fmt::format(" ({})", percent(figures.level));
  return text;
}

std::string show_signed_interval(std::optional<double> low, std::optional<double> high,
                                 const Measure& measure, int decimals) {
  if (!low || !high) return "";
  return fixed(*low, measure, decimals, true) + " .. " + fixed(*high, measure, decimals, true);
}

int decimals_for(const MeasureLine& line, int of_scores, double scale) {
  if (line.measure->unit != "usd") return of_scores;
  return decimals_of_digits(line.candidate.value_or(0) * scale, 4);
}

std::string show_percent(std::optional<double> baseline, std::optional<double> difference) {
  if (!baseline || !difference || !(*baseline > 0)) return "";
  return fmt::format("{:+.1f} %", 100.0 * *difference / *baseline);
}

std::string prompt_name(const RunHeader& run) {
  const std::string name = text_of(run.prompt, "name");
  const std::string version = text_of(run.prompt, "version");
  return version.empty() ? name : name + "@" + version;
}

std::string model_name(const RunHeader& run) {
  const std::string provider = text_of(run.model, "provider");
  const std::string name = text_of(run.model, "name");
  return name.empty() || name == provider ? provider : provider + " " + name;
}

std::string who(const RunHeader& run) {
  std::string text;
  for (const std::string& part : {prompt_name(run), model_name(run)})
    if (!part.empty()) text += part + " · ";
  return text;
}

}  // namespace llmops
