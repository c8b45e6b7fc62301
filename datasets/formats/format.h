#pragma once
// How a file of records is read. A format is one file in this folder and one line in formats.def.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

// One record: a mapping of columns to values, and the line on which it starts.
struct Record {
  Value value;
  std::size_t line = 0;
};

// The records of one file, one after another.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // False at the end. A record that cannot be read is noted in `problems` and skipped. Throws
  // std::runtime_error where the bytes cannot be read.
  virtual bool next(Record& record, Diagnostics& problems) = 0;
  // A problem at a value (a column or a path) of the record returned last; "": at the record
  // itself. It may be asked for after the record was moved away.
  virtual Diagnostic problem(std::string_view path, std::string what, std::string expected = "",
                             std::string help = "") const = 0;
};

struct FormatInfo {
  std::string_view name;
  std::span<const std::string_view> extensions;  // ".jsonl"; ".gz" may follow
  std::string_view summary;
  Result<std::unique_ptr<RecordReader>> (*open)(const std::filesystem::path& path);
};

// All formats of formats.def, in its order.
std::span<const FormatInfo* const> formats();

// By name, or where that is empty by the extension. A problem names the choices.
Result<const FormatInfo*> find_format(const std::filesystem::path& path, std::string_view name);

}  // namespace llmops
