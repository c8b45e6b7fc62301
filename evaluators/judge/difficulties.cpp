#include "evaluators/judge/difficulties.h"

#include <fmt/format.h>

#include <filesystem>

#include "datasets/text/hash.h"
#include "evaluators/judge/judge.h"

namespace llmops {

std::string item_key(const Case& row, const std::string& key) {
  const Value* value = find_path(row.variables, key);
  return value != nullptr ? to_text(*value) : key == "id" ? row.id : "";
}

double number_column(const Case& row, const std::string& column, const std::string& file,
                     Diagnostics& problems) {
  const Value* value = find_path(row.variables, column);
  std::optional<double> number;
  if (value != nullptr && value->is_number()) number = value->number();
  if (value != nullptr && value->is_string()) number = number_of(*value->string());
  if (!number)
    problems.push_back({Severity::error, file, row.line, 1,
                        fmt::format("column `{}` holds no number here", column),
                        "expected a number in every row", ""});
  return number.value_or(0);
}

Result<Difficulties> Difficulties::load(const std::string& file, const std::string& shown,
                                        const std::string& key, const std::string& column) {
  Difficulties found;
  found.key_ = key;
  const Result<Dataset> rows =
      Dataset::open({.path = file, .shown = shown}, [&](const Case& row, Diagnostics& problems) {
        found.known_[item_key(row, key)] = number_column(row, column, shown, problems);
      });
  if (!rows) return rows.problems();
  found.digest_ = sha256(rows->info().sha256 + "\n" + key + "\n" + column).substr(0, 8);
  return found;
}

std::optional<Difficulties> Difficulties::read(Fields& fields) {
  const Value* given = fields.value("difficulties");
  if (given == nullptr) return std::nullopt;
  std::string path, key = "id", column = "difficulty";
  if (const std::string* text = given->string()) {
    path = *text;
  } else {
    Fields keys(*given, fields.source(), fields.problems(), "`difficulties`");
    path = keys.required_text("path");
    key = keys.text("key").value_or(key);
    column = keys.text("column").value_or(column);
    keys.finish();
  }
  if (path.empty()) return std::nullopt;
  const std::filesystem::path folder = std::filesystem::path(fields.source().file()).parent_path();
  Result<Difficulties> loaded = load((folder / path).string(), path, key, column);
  if (loaded) return *std::move(loaded);
  for (const Diagnostic& each : loaded.problems()) {
    if (each.line > 0)  // of a row of that file
      fields.problems().push_back(each);
    else
      fields.error(fields.mark("difficulties"), fmt::format("{}: {}", path, each.what),
                   each.expected, each.help);
  }
  return std::nullopt;
}

std::optional<double> Difficulties::of(const Case& row) const {
  const auto found = known_.find(item_key(row, key_));
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace llmops
