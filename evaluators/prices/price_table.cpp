#include "evaluators/prices/price_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "datasets/text/files.h"
#include "datasets/text/yaml.h"

namespace llmops {
namespace {

// "-2024-08-06", "-20250929", "@20250929", "-0613", "-001", "-latest": a version of the same model.
// A single digit is another model: `claude-opus-4` does not stand for `claude-opus-4-5`.
bool is_version(std::string_view rest) {
  if (rest.size() < 2 || (rest[0] != '-' && rest[0] != '@')) return false;
  rest.remove_prefix(1);
  if (rest == "latest") return true;
  std::string shape(rest);
  for (char& c : shape)
    if (c >= '0' && c <= '9') c = 'd';
  for (const std::string_view known : {"dddd-dd-dd", "dddddddd", "dddd", "ddd"})
    if (shape == known) return true;
  return false;
}

}  // namespace

Result<PriceTable> PriceTable::read(const Source& source) {
  const Result<Value> root = parse_yaml(source);
  if (!root) return root.problems();
  Diagnostics problems;
  PriceTable table;
  Fields fields(*root, source, problems, "the price table");
  table.as_of_ = fields.required_text("as_of");
  table.origin_ = fmt::format("{} of {}", source.file(), table.as_of_);
  if (!fields.has("models")) fields.missing("models");
  if (const Value* models = fields.mapping("models"))
    for (const Member& member : *models->object())
      table.models_.emplace_back(member.key, read_price(member.value, source, problems));
  fields.finish();
  if (has_errors(problems)) return problems;
  return table;
}

Result<PriceTable> PriceTable::load(const std::filesystem::path& file) {
  const Result<Source> source = read_source(file, 16U << 20);
  if (!source) return source.problems();
  return read(*source);
}

PriceTable PriceTable::builtin() {
  Result<PriceTable> table = read(Source("prices.yaml", std::string(builtin_prices())));
  if (!table) throw std::logic_error(render(table.problems()));
  table->origin_ = "the built-in prices of " + table->as_of_;
  return *std::move(table);
}

const Price* PriceTable::find(std::string_view model) const {
  if (const std::size_t slash = model.rfind('/'); slash != std::string_view::npos)
    model.remove_prefix(slash + 1);
  const std::pair<std::string, Price>* best = nullptr;
  for (const auto& entry : models_) {
    if (!model.starts_with(entry.first)) continue;
    const std::string_view rest = model.substr(entry.first.size());
    if (!rest.empty() && !is_version(rest)) continue;
    if (best == nullptr || entry.first.size() > best->first.size()) best = &entry;
  }
  return best == nullptr ? nullptr : &best->second;
}

}  // namespace llmops
