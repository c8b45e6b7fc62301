#include "evaluators/metrics/text/option_file.h"

#include <filesystem>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/yaml.h"

namespace llmops {
namespace {

std::optional<Source> read(Fields& fields, std::string_view key, const std::string& path) {
  Result<Source> source =
      read_source(std::filesystem::path(fields.source().file()).parent_path() / path);
  if (source) return *std::move(source);
  for (const Diagnostic& each : source.problems())
    fields.error(fields.mark(key), each.what, each.expected, each.help);
  return std::nullopt;
}

}  // namespace

std::optional<Value> read_option_value(Fields& fields, std::string_view key) {
  const Value* given = fields.value(key);
  if (given == nullptr) return std::nullopt;
  if (given->string() == nullptr) return *given;
  const std::string& path = *given->string();
  const std::optional<Source> source = read(fields, key, path);
  if (!source) return std::nullopt;
  Result<Value> value =
      path.ends_with(".yaml") || path.ends_with(".yml") ? parse_yaml(*source) : parse_json(*source);
  if (value) return *std::move(value);
  append(fields.problems(), value.problems());
  return std::nullopt;
}

std::optional<std::string> read_option_text(Fields& fields, std::string_view key) {
  const std::optional<std::string> path = fields.text(key);
  if (!path) return std::nullopt;
  const std::optional<Source> source = read(fields, key, *path);
  return source ? std::optional(source->text()) : std::nullopt;
}

}  // namespace llmops
