#include <fmt/format.h>

#include <algorithm>

#include "datasets/case_builder.h"
#include "datasets/dataset.h"
#include "datasets/formats/format.h"

namespace llmops {
namespace {

void read_fields(const Value& value, const Source& suite, Diagnostics& problems,
                 DatasetSpec& spec) {
  Fields fields(value, suite, problems, "`fields`");
  std::vector<std::string_view> words(field_words().begin(), field_words().end());
  words.emplace_back("references");  // another name of `reference`
  for (const std::string_view word : words) {
    const bool named = fields.has(word);
    const Value* columns = fields.value(word);
    if (columns == nullptr) {
      if (named) spec.fields.emplace_back(word, "");  // null: no column has this meaning
      continue;
    }
    for (std::string& column : fields.texts(word)) {
      if (column.empty())
        fields.error(fields.mark(word), fmt::format("`{}` names no column", word),
                     "expected the name of a column", "null where no column has this meaning");
      spec.fields.emplace_back(word, std::move(column));
    }
  }
  fields.finish();
}

}  // namespace

DatasetSpec read_dataset_spec(const Value& value, const Source& suite,
                              const std::filesystem::path& folder, Diagnostics& problems) {
  DatasetSpec spec;
  const auto place = [&](const std::string& path) {
    spec.shown = path;
    spec.path = path.empty() ? "" : folder / path;
  };
  if (const std::string* path = value.string()) {
    if (path->empty())
      problems.push_back(
          suite.problem(value.mark(), "the dataset has no path", "expected the path of a file"));
    place(*path);
    return spec;
  }
  Fields fields(value, suite, problems, "the dataset");
  if (!value.is_object()) return spec;
  place(fields.required_text("path"));
  std::vector<std::string_view> names;
  for (const FormatInfo* format : formats()) names.push_back(format->name);
  spec.format = fields.one_of("format", names).value_or("");
  if (const Value* mapping = fields.mapping("fields")) read_fields(*mapping, suite, problems, spec);
  if (const auto limit = fields.integer("limit", {.low = 1}))
    spec.limit = static_cast<std::size_t>(*limit);
  if (const auto seed = fields.integer("shuffle", {.low = 0}))
    spec.shuffle = static_cast<std::uint64_t>(*seed);
  fields.finish();
  return spec;
}

}  // namespace llmops
