#include "evaluators/asker.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/scoring.h"

namespace llmops {

AsksModels* asks_models(Metric* metric) { return dynamic_cast<AsksModels*>(metric); }

bool asking_stopped(const std::vector<Evaluator>& evaluators) {
  return std::ranges::any_of(evaluators, [](const Evaluator& evaluator) {
    const AsksModels* asks = asks_models(evaluator.metric.get());
    return asks != nullptr && asks->stopped();
  });
}

ModelWish read_model_wish(Fields& fields, std::string_view key) {
  ModelWish wish{.model = {}, .mark = fields.mark(key)};
  const Value* given = fields.value(key);
  if (given == nullptr) return wish;
  if (given->is_object()) {
    wish.model = *given;
  } else if (const std::string* word = given->string(); word != nullptr && *word == "under_test") {
    wish.under_test = true;
  } else {
    fields.error(fields.mark(key), fmt::format("`{}` is {}", key, to_text(*given)),
                 "expected a mapping (provider, base_url, name) or `under_test`");
  }
  return wish;
}

std::string model_label(const ModelWish& wish) {
  const auto text = [&](std::string_view key) {
    const Value* found = wish.identity.find(key);
    return found == nullptr ? std::string() : to_text(*found);
  };
  if (wish.identity.empty()) return wish.under_test ? "under_test" : "none";
  std::string label = text("name");
  label += (label.empty() ? "" : "@") + text("provider");
  if (const Value* parameters = wish.identity.find("parameters")) {
    std::string sorted;
    dump_json_sorted(*parameters, sorted);
    label += "#" + sha256(sorted).substr(0, 8);
  }
  return label;
}

}  // namespace llmops
