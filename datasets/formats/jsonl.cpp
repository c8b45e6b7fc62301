// JSON Lines: one JSON object a line.
#include "datasets/formats/format.h"
#include "datasets/formats/json_place.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

class JsonlReader final : public RecordReader {
 public:
  explicit JsonlReader(LineReader lines) : lines_(std::move(lines)) {}

  bool next(Record& record, Diagnostics& problems) override {
    while (lines_.next(line_)) {
      if (line_.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      if (lines_.line_number() == 1 && line_.starts_with("\xEF\xBB\xBF")) line_.remove_prefix(3);
      Result<Value> value = parse_json(line_, lines_.file(), lines_.line_number());
      if (!value) {
        append(problems, value.problems());
        continue;
      }
      if (!check_json_record(*value, line_, 0, lines_.file(), lines_.line_number(), problems))
        continue;
      record.value = *std::move(value);
      record.line = lines_.line_number();
      return true;
    }
    return false;
  }

  Diagnostic problem(std::string_view path, std::string what, std::string expected,
                     std::string help) const override {
    return json_problem(line_, 0, lines_.file(), lines_.line_number(), path, std::move(what),
                        std::move(expected), std::move(help));
  }

 private:
  LineReader lines_;
  std::string_view line_;
};

Result<std::unique_ptr<RecordReader>> open(const std::filesystem::path& path) {
  Result<LineReader> lines = LineReader::open(path);
  if (!lines) return lines.problems();
  return std::unique_ptr<RecordReader>(std::make_unique<JsonlReader>(*std::move(lines)));
}

constexpr std::string_view kExtensions[] = {".jsonl", ".ndjson"};

}  // namespace

extern const FormatInfo kJsonl;
constexpr FormatInfo kJsonl{
    .name = "jsonl",
    .extensions = kExtensions,
    .summary = "one JSON object a line",
    .open = &open,
};

}  // namespace llmops
