#pragma once
// A file of recorded outputs, looked up by what each row is matched by.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/diagnostic.h"
#include "datasets/text/fields.h"
#include "evaluators/sample.h"

namespace llmops {

// Columns are paths: a plain name, a dotted path or a JSON pointer.
struct RecordingSpec {
  std::filesystem::path path;
  std::string format;              // empty: by the extension
  std::vector<std::string> match;  // columns that must equal the values asked for, in this order
  std::string output;              // column of the text
  std::optional<std::string>
      sample;  // column of the sample's number; absent: one output for all samples
  std::optional<std::string> input_tokens, output_tokens, cached_tokens, reasoning_tokens;
  std::optional<std::string> ttft_ms, latency_ms, finish_reason, error, cost_usd, reasoning;
  std::optional<std::string> tool_calls, steps, context;
};

class Recording {
 public:
  // Reads the whole file once and notes every problem (at most 20, then a count): no file, bad
  // rows, a column that no row has, rows that match the same value with different outputs. JSONL,
  // JSON (a list), gzip of both; a plain JSONL file is read where it lies, others are unpacked into
  // a temporary file. Memory does not grow with the file.
  static std::unique_ptr<Recording> open(RecordingSpec spec, Diagnostics& problems);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // The recorded output for the values of `match` and a sample's number; `sample` keeps what the
  // row does not say. False: no such row. Throws std::runtime_error where the file is no longer
  // what it was.
  bool find(std::span<const std::string> values, int number, Sample& sample);

  std::uint64_t rows() const;

 private:
  struct State;
  explicit Recording(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace llmops
