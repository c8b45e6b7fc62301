// YAML: a list of mappings, or a mapping a document. Read whole: meant for sets written by hand.
#include "datasets/text/yaml.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/formats/format.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;

class YamlRecords final : public RecordReader {
 public:
  explicit YamlRecords(Source source) : source_(std::move(source)) {}

  bool next(Record& record, Diagnostics& problems) override {
    if (!parsed_ && !parse(problems)) return false;
    for (; at_ < records_.size(); ++at_) {
      Value& value = records_[at_];
      if (value.is_object()) break;
      problems.push_back(source_.problem(value.mark(),
                                         fmt::format("a record is a {}", value.kind()),
                                         "expected a mapping of columns to values"));
    }
    if (at_ == records_.size()) return false;
    record.value = records_[at_];
    record.line = records_[at_].mark().line;
    ++at_;
    return true;
  }

  Diagnostic problem(std::string_view path, std::string what, std::string expected,
                     std::string help) const override {
    const Value& record = records_[at_ - 1];
    const Value* found = path.empty() ? nullptr : find_path(record, path);
    const Value& value = found == nullptr ? record : *found;
    const bool scalar = !value.is_list() && !value.is_object();
    return source_.problem(value.mark(), std::move(what), std::move(expected), std::move(help),
                           scalar ? std::max<std::size_t>(1, code_points(to_text(value))) : 1);
  }

 private:
  bool parse(Diagnostics& problems) {
    parsed_ = true;
    Result<std::vector<Value>> documents = parse_yaml_documents(source_);
    if (!documents) {
      append(problems, documents.problems());
      return false;
    }
    std::erase_if(*documents, [](const Value& document) { return document.is_null(); });
    if (documents->size() == 1 && documents->front().is_list()) {
      records_ = std::move(*documents->front().list());
    } else if (documents->size() == 1 && documents->front().is_object()) {
      problems.push_back(source_.problem(documents->front().mark(), "the file is one mapping",
                                         "expected a list of records",
                                         "begin each record with `- `"));
      return false;
    } else {
      records_ = *std::move(documents);
    }
    return true;
  }

  Source source_;
  bool parsed_ = false;
  List records_;
  std::size_t at_ = 0;
};

Result<std::unique_ptr<RecordReader>> open(const std::filesystem::path& path) {
  Result<Source> source = read_source(path, kMostBytes);
  if (!source) return source.problems();
  return std::unique_ptr<RecordReader>(std::make_unique<YamlRecords>(*std::move(source)));
}

constexpr std::string_view kExtensions[] = {".yaml", ".yml"};

}  // namespace

extern const FormatInfo kYaml;
constexpr FormatInfo kYaml{
    .name = "yaml",
    .extensions = kExtensions,
    .summary = "a list of mappings; read whole, up to 16 MiB",
    .open = &open,
};

}  // namespace llmops
