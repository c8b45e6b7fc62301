#include "cli/score_screen.h"

#include <fmt/format.h>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

std::string number_text(const Object& from, const char* key, const char* format = "{:.4f}") {
  const Value* value = from.find(key);
  return value == nullptr ? "-" : fmt::format(fmt::runtime(format), value->number());
}

}  // namespace

std::string figures_table(const Object& figures) {
  std::string text = fmt::format("{:<28} {:>12} {:>12} {:>8}  {}\n", "metric", "score", "mean",
                                 "rows", "signature");
  for (const Member& figure : figures) {
    const Object& found = *figure.value.object();
    text += fmt::format("{:<28} {:>12} {:>12} {:>8}  {}\n", figure.key, number_text(found, "score"),
                        number_text(found, "mean"), to_text(*found.find("n")),
                        to_text(*found.find("signature")));
  }
  for (const Member& figure : figures)
    if (const Value* line = figure.value.find("sacrebleu")) text += to_text(*line) + "\n";
  for (const Member& figure : figures)
    if (const Value* aggregate = figure.value.find("aggregate"))
      for (const char* part : {"precision", "recall", "fmeasure"}) {
        text += fmt::format("{} {}", figure.key, part);
        for (const Member& bound : *aggregate->object())
          text += fmt::format(" {} {:.4f}", bound.key, bound.value.find(part)->number());
        text += "\n";
      }
  for (const Member& figure : figures)
    if (const Value* passes = figure.value.find("pass_at"))
      for (const Member& pass : *passes->object())
        text += fmt::format("{} pass@{} = {:.4f}\n", figure.key, pass.key, pass.value.number());
  return text;
}

std::string tests_table(const Object& tests, double confidence) {
  const bool paired = to_text(*tests.find("test")) == "paired";
  const std::string interval_head =
      paired ? fmt::format("{:g}% interval", 100 * confidence) : "mean ± half interval";
  std::string text =
      fmt::format("\nAgainst {1}: {0} ({2} resamples, seed {3})\n", to_text(*tests.find("test")),
                  visible(to_text(*tests.find("baseline"))), to_text(*tests.find("resamples")),
                  to_text(*tests.find("seed")));
  text += fmt::format("{:<20} {:<20} {:>10} {:>11} {:>21} {:>10}\n", "metric", "system", "score",
                      "difference", interval_head, "p");
  for (const Value& each : *tests.find("results")->list()) {
    const Object& result = *each.object();
    const Value* system = result.find("system");
    std::string interval = "-";
    if (const Value* bounds = result.find("interval"))
      interval = fmt::format("[{:.4f}, {:.4f}]", (*bounds->list())[0].number(),
                             (*bounds->list())[1].number());
    else if (result.find("ci") != nullptr)
      interval = number_text(result, "mean") + " ± " + number_text(result, "ci");
    text +=
        fmt::format("{:<20} {:<20} {:>10} {:>11} {:>21} {:>10}", to_text(*result.find("metric")),
                    system == nullptr ? "" : visible(to_text(*system)),
                    number_text(result, "score"), number_text(result, "difference", "{:+.4f}"),
                    interval, number_text(result, "p_value", "{:.3g}"));
    const Value* why = result.find("why");
    text += why == nullptr ? "\n" : fmt::format("  not testable: {}\n", to_text(*why));
  }
  return text;
}

}  // namespace llmops
