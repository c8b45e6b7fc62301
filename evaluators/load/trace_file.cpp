#include "evaluators/load/trace_file.h"

#include <charconv>
#include <initializer_list>
#include <optional>

#include "datasets/dataset.h"

namespace llmops {
namespace {

std::optional<double> number(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->number();
  const std::string* text = value->string();
  if (text == nullptr) return std::nullopt;
  double read = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), read);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return read;
}

std::optional<double> first_of(const Case& row, std::initializer_list<const char*> columns) {
  for (const char* column : columns)
    if (const auto found = number(row.variables.find(column))) return found;
  return std::nullopt;
}

std::int64_t tokens(const std::optional<double>& value) {
  return value && *value >= 1 && *value <= 1e7 ? static_cast<std::int64_t>(*value) : 0;
}

}  // namespace

Result<Trace> read_trace(const std::filesystem::path& file, const TraceOptions& options) {
  Trace trace;
  bool any_length = false;
  const auto add = [&](const Case& row, Diagnostics& found) {
    const auto time = first_of(row, {"timestamp", "t", "arrived_at"});
    if (!time || (!trace.times_s.empty() && *time < trace.times_s.back())) {
      Diagnostic each =
          problem(time ? "the time lies before that of the record above" : "the record has no time",
                  "expected a column `timestamp` with ascending numbers");
      each.file = file.string();
      each.line = row.line;
      found.push_back(std::move(each));
      return;
    }
    trace.times_s.push_back(*time);
    const WishedLengths wished{
        tokens(first_of(row, {"input_length", "input_tokens", "ContextTokens"})),
        tokens(first_of(row, {"output_length", "output_tokens", "GeneratedTokens"}))};
    any_length = any_length || wished.input > 0 || wished.output > 0;
    trace.lengths.push_back(wished);
  };
  const Result<Dataset> dataset = Dataset::open({.path = file}, add);
  if (!dataset) return dataset.problems();
  if (trace.times_s.empty())
    return problem(file.string() + " holds no record", "expected at least one arrival");
  const double first = trace.times_s.front();
  for (double& time : trace.times_s) time = (time - first) * options.unit_s / options.speed;
  if (!any_length) trace.lengths.clear();
  return trace;
}

}  // namespace llmops
