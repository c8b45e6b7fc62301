#include "evaluators/runner/side_models.h"

#include <algorithm>

#include "datasets/text/json.h"
#include "evaluators/scoring.h"

namespace llmops {
namespace {

// Nobody watches a judge's tokens arrive: one document an answer costs less to read.
Value without_stream(Value mapping) {
  if (mapping.is_object() && mapping.find("stream") == nullptr)
    mapping.object()->add("stream", false);
  return mapping;
}

}  // namespace

void SideModels::add(const Evaluator& evaluator, const Source& source,
                     const std::filesystem::path& folder, Diagnostics& problems) {
  AsksModels* asks = asks_models(evaluator.metric.get());
  if (asks == nullptr || asks->wishes().empty()) return;
  Asking asking{.evaluator = evaluator.name, .asks = asks};
  for (const ModelWish& wish : asks->wishes()) {
    const Value mapping = without_stream(wish.model);
    std::string text;
    dump_json_sorted(mapping, text);
    const auto known = std::ranges::find(mappings_, text);
    asking.models.push_back(static_cast<std::size_t>(known - mappings_.begin()));
    if (known != mappings_.end()) continue;
    models_.push_back(make_model(mapping, source, folder, loop_, problems));
    price_given_.push_back(models_.back() != nullptr && models_.back()->spec.price.has_value());
    mappings_.push_back(std::move(text));
  }
  asking_.push_back(std::move(asking));
}

}  // namespace llmops
