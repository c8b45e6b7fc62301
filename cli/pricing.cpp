#include "cli/pricing.h"

#include <cstdlib>

namespace llmops {
namespace {

bool price_by_name(ModelSpec& spec, const std::string& name, const PriceTable& table) {
  const ProviderInfo* provider = find_provider(spec.provider);
  if (provider == nullptr || !provider->cacheable) return false;
  spec.price.reset();
  const Price* found = table.find(name);
  if (found != nullptr) spec.price = *found;
  return found != nullptr;
}

}  // namespace

Result<PriceTable> price_table(const Suite& suite) {
  if (const char* file = std::getenv("LLMOPS_PRICES"); file != nullptr && *file != '\0')
    return PriceTable::load(file);
  if (!suite.prices.empty()) return PriceTable::load(suite.prices);
  return PriceTable::builtin();
}

std::string price_model(Model& model, bool given, const Prompt& prompt, const PriceTable& table) {
  bool used = false;
  const auto name = [&](const ModelSpec& spec) {
    return spec.name.empty() ? prompt.model : spec.name;
  };
  if (!given) used = price_by_name(model.spec, name(model.spec), table);
  for (const std::unique_ptr<Model>& next : model.fallback)
    if (!next->spec.price) price_by_name(next->spec, name(next->spec), table);
  return used ? table.origin() : "";
}

}  // namespace llmops
