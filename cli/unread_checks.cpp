#include "cli/unread_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

bool holds_checks(const std::string& column) {
  constexpr std::string_view kName = "__expected";
  return column.starts_with(kName) &&
         std::ranges::all_of(std::string_view(column).substr(kName.size()),
                             [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Diagnostics unread_checks(const Suite& suite, const DatasetInfo& dataset) {
  const auto column = std::ranges::find_if(dataset.columns, holds_checks);
  const bool read = std::ranges::any_of(suite.evaluators, [](const Evaluator& each) {
    return each.info != nullptr && each.info->name == "expected";
  });
  if (read || column == dataset.columns.end()) return {};
  Diagnostic found =
      problem(fmt::format("{} has checks in its column `{}`, and nothing reads them",
                          visible(dataset.path), visible(*column)),
              "", "write `- expected` under `evaluators:` to have every case checked by them");
  found.severity = Severity::warning;
  found.rule = "unread-checks";
  return {std::move(found)};
}

}  // namespace llmops
