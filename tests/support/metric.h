#pragma once
// Metrics in tests: made from options, asked for one text.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/metric.h"

namespace llmops::test {

// The metric with these options (YAML, "" for none). Throws std::runtime_error with the problems
// where there are some.
std::unique_ptr<Metric> make_metric(std::string_view name, const std::string& options = "");

// What making it with these options complains about, rendered; "" where it does not.
std::string metric_problems(std::string_view name, const std::string& options);

Measurement measure(const Metric& metric, const std::string& hypothesis,
                    const std::vector<std::string>& references = {});

// The first value. Throws where the sample is unscored.
double score_one(const Metric& metric, const std::string& hypothesis,
                 const std::vector<std::string>& references = {});

// A file of reference vectors; throws where it does not parse.
Value read_json_file(const std::string& path);

// Members of JSON rows, by name or position; throws where they are missing.
const Value& at(const Value& value, std::string_view key);
const Value& at(const Value& value, std::size_t index);
const std::string& text_at(const Value& value, std::string_view key);
std::vector<std::string> texts_at(const Value& value, std::string_view key);

}  // namespace llmops::test
