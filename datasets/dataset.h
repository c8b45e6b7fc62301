#pragma once
// A golden set: where it lies, how its columns are called, and its cases as a stream.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datasets/case.h"
#include "datasets/text/fields.h"
#include "datasets/text/result.h"

namespace llmops {

struct DatasetSpec {
  std::filesystem::path path;
  std::string format;  // jsonl | json | csv | tsv | yaml ...; empty: by the extension
  std::vector<std::pair<std::string, std::string>> fields;  // our word -> their column (dotted path or JSON pointer)
  std::optional<std::size_t> limit;
  std::optional<std::uint64_t> shuffle;  // seed
};

// Reads `dataset:` of a suite: a path, or a mapping {path, format, fields, limit, shuffle}. Relative
// paths count from `folder`.
DatasetSpec read_dataset_spec(const Value& value, const Source& suite, const std::filesystem::path& folder,
                              Diagnostics& problems);

// Cases one after another. Not thread-safe.
class CaseStream {
 public:
  virtual ~CaseStream() = default;
  // False at the end. Throws std::runtime_error where the file cannot be read as it could when it was checked.
  virtual bool next(Case& row) = 0;
};

struct DatasetInfo {
  std::string path;      // as the suite names it
  std::string sha256;    // over the canonical content of the cases that are used, in the order of the file
  std::size_t cases = 0; // after `limit`
  std::vector<std::string> columns;  // of all rows, in order of first appearance
};

class Dataset {
 public:
  // Reads every row once and collects every problem of the file (at most 100, then a count): syntax,
  // duplicate ids, a mapped column that is missing, wrong kinds. `visit` sees each case and may add
  // problems of its own (a prompt that cannot be rendered). Memory does not grow with the file.
  using Visit = std::function<void(const Case& row, Diagnostics& problems)>;
  static Result<Dataset> open(const DatasetSpec& spec, const Visit& visit = {});

  const DatasetInfo& info() const { return info_; }
  const DatasetSpec& spec() const { return spec_; }
  std::unique_ptr<CaseStream> cases() const;

 private:
  Dataset(DatasetSpec spec, DatasetInfo info) : spec_(std::move(spec)), info_(std::move(info)) {}
  DatasetSpec spec_;
  DatasetInfo info_;
};

}  // namespace llmops
