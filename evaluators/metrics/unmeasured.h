#pragma once
// Stands in for a metric of a suite whose model is not on this machine: every sample is unscored,
// with the reason, and the rest of the suite runs. Rules on it find it not measured.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/encoder/encoder_options.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {

class Unmeasured final : public Metric {
 public:
  Unmeasured(std::vector<Column> columns, std::string signature, std::string why)
      : columns_(std::move(columns)), signature_(std::move(signature)), why_(std::move(why)) {}
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override { return signature_; }
  Measurement score(const Case&, const Sample&) const override {
    return unscored(why_, columns_.size());
  }

 private:
  std::vector<Column> columns_;
  std::string signature_, why_;
};

// The metric `name` without its model, where a suite names (in the option `model`, else `usual`)
// one that is in no cache: a warning is noted, `options` count as read. nullptr: the model is
// there, or the options come from a command line, which asks for nothing else.
inline std::unique_ptr<Metric> without_model(Fields& fields, std::string_view name,
                                             const std::string& usual,
                                             std::span<const std::string_view> options,
                                             std::vector<Column> columns) {
  const Value* given = fields.value("model");
  if (given != nullptr && !given->is_string()) return nullptr;
  const std::string model = given == nullptr ? usual : *given->string();
  const std::optional<Diagnostic> absent = absent_model(fields, model);
  if (!absent) return nullptr;
  for (const std::string_view option : options) static_cast<void>(fields.value(option));
  Diagnostic warning = fields.source().problem(
      fields.mark("model"), "`" + std::string(name) + "` is not measured: " + absent->what,
      absent->expected, absent->help);
  warning.severity = Severity::warning;
  fields.problems().push_back(std::move(warning));
  return std::make_unique<Unmeasured>(std::move(columns), model + "_not-on-this-machine",
                                      absent->what + "; " + absent->help);
}

}  // namespace llmops
