// Any bytes as a rules file: problems or rules, and each rule can be told.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ci/gate/gate_file.h"
#include "ci/gate/tag_filter.h"
#include "tests/fuzz/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const InputFile file(data, size);
  const auto rules = load_rules_file(file.path());
  static_cast<void>(render(rules.problems()));
  if (!rules && !has_errors(rules.problems())) std::abort();
  if (rules)
    for (const Rule& rule : rules->gate.rules)
      if (rule.text.empty() || rule.metric.empty() || !TagFilter::parse(rule.where)) std::abort();
  return 0;
}
