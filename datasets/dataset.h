#pragma once
// A golden set: where it lies, how its columns are called, and its cases as a stream.
// The formats and the meaning of each field stand in datasets/README.md.

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
  std::string shown;   // the path as the suite names it, for records; empty: `path`
  std::string format;  // jsonl | json | csv | tsv | yaml ...; empty: by the extension
  // Our word -> their column (dotted path or JSON pointer). A word may stand several times: its
  // values come from several columns. An empty column: no column has this meaning, whatever its
  // name.
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<std::size_t> limit;  // the first rows; with `shuffle` a random choice of that many
  std::optional<std::uint64_t> shuffle;  // seed of the order
};

// Reads `dataset:` of a suite: a path, or a mapping {path, format, fields, limit, shuffle}.
// Relative paths count from `folder`.
DatasetSpec read_dataset_spec(const Value& value, const Source& suite,
                              const std::filesystem::path& folder, Diagnostics& problems);

// Cases one after another. Not thread-safe.
class CaseStream {
 public:
  virtual ~CaseStream() = default;
  // False at the end. Throws std::runtime_error where the file cannot be read as it could when it
  // was checked.
  virtual bool next(Case& row) = 0;
};

struct DatasetInfo {
  std::string path;  // as the suite names it
  std::string
      sha256;  // over the canonical content of the cases that are used, in the order of the file
  std::size_t cases = 0;             // after `limit`
  std::vector<std::string> columns;  // of all rows, in order of first appearance
};

class Dataset {
 public:
  // Reads the rows (without `shuffle` only the first `limit`) and collects every problem of the
  // file (at most 100, then a count): syntax, duplicate ids, a mapped column that is missing, wrong
  // kinds. `visit` sees each case that is used, in the order of the file, and may add problems of
  // its own (a prompt that cannot be rendered). Rows without id that are equal get the ids `hash`,
  // `hash-2`, ... and a warning.
  //
  // Memory does not grow with the file: ids are compared by 64-bit hashes that beyond 4 MiB are
  // sorted in a temporary file, and a shuffled set lies in a temporary file of the size of its
  // cases. `shuffle` with `limit` reads the file once more and keeps 16 bytes for each chosen row.
  using Visit = std::function<void(const Case& row, Diagnostics& problems)>;
  static Result<Dataset> open(const DatasetSpec& spec, const Visit& visit = {});

  const DatasetInfo& info() const { return info_; }
  const DatasetSpec& spec() const { return spec_; }
  // From the first case on, each time; may outlive this object.
  std::unique_ptr<CaseStream> cases() const;

 private:
  struct Order;
  Dataset(DatasetSpec spec, DatasetInfo info, std::shared_ptr<const Order> order)
      : spec_(std::move(spec)), info_(std::move(info)), order_(std::move(order)) {}
  DatasetSpec spec_;
  DatasetInfo info_;
  std::shared_ptr<const Order> order_;
};

}  // namespace llmops
