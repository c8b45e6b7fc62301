#include "tests/support/metric.h"

#include <stdexcept>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/yaml.h"

namespace llmops::test {
namespace {

std::unique_ptr<Metric> make(std::string_view name, const std::string& options,
                             Diagnostics& problems) {
  const MetricInfo* info = find_metric(name);
  if (info == nullptr) throw std::runtime_error("no metric " + std::string(name));
  const Source source("suite.yaml", options);
  Value value{Object{}};
  if (!options.empty()) {
    const Result<Value> read = parse_yaml(source);
    if (!read) throw std::runtime_error(render(read.problems()));
    value = *read;
  }
  const std::string what = "evaluator `" + std::string(name) + "`";
  Fields fields(value, source, problems, what);
  std::unique_ptr<Metric> metric = info->make(fields);
  fields.finish();
  return metric;
}

}  // namespace

std::unique_ptr<Metric> make_metric(std::string_view name, const std::string& options) {
  Diagnostics problems;
  std::unique_ptr<Metric> metric = make(name, options, problems);
  if (has_errors(problems) || metric == nullptr) throw std::runtime_error(render(problems));
  return metric;
}

std::string metric_problems(std::string_view name, const std::string& options) {
  Diagnostics problems;
  make(name, options, problems);
  return render(problems);
}

Measurement measure(const Metric& metric, const std::string& hypothesis,
                    const std::vector<std::string>& references) {
  Case row;
  row.id = "case";
  row.references = references;
  Sample sample;
  sample.case_id = row.id;
  sample.text = hypothesis;
  return metric.score(row, sample);
}

double score_one(const Metric& metric, const std::string& hypothesis,
                 const std::vector<std::string>& references) {
  const Measurement result = measure(metric, hypothesis, references);
  if (result.values.empty() || !result.values.front())
    throw std::runtime_error("unscored: " + result.why);
  return *result.values.front();
}

Value read_json_file(const std::string& path) {
  Result<Source> source = read_source(path);
  if (!source) throw std::runtime_error(render(source.problems()));
  Result<Value> value = parse_json(*source);
  if (!value) throw std::runtime_error(render(value.problems()));
  return *std::move(value);
}

const Value& at(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  if (found == nullptr) throw std::runtime_error("no member " + std::string(key));
  return *found;
}

const Value& at(const Value& value, std::size_t index) {
  const List* items = value.list();
  if (items == nullptr || index >= items->size())
    throw std::runtime_error("no item " + std::to_string(index));
  return (*items)[index];
}

const std::string& text_at(const Value& value, std::string_view key) {
  const std::string* text = at(value, key).string();
  if (text == nullptr) throw std::runtime_error(std::string(key) + " is no text");
  return *text;
}

std::vector<std::string> texts_at(const Value& value, std::string_view key) {
  std::vector<std::string> texts;
  const List* items = at(value, key).list();
  if (items == nullptr) throw std::runtime_error(std::string(key) + " is no list");
  for (const Value& item : *items) texts.push_back(to_text(item));
  return texts;
}

}  // namespace llmops::test
