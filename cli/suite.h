#pragma once
// A suite file: what is asked, of whom, how it is scored, what is gated.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ci/gate/gate_file.h"
#include "datasets/dataset.h"
#include "evaluators/scoring.h"
#include "prompts/prompt.h"

namespace llmops {

// What a command line puts in place of the file's own.
struct SuiteOverrides {
  std::optional<std::string> prompt, dataset, model, baseline;
  std::optional<std::size_t> limit;
  std::optional<int> concurrency;
  std::optional<std::uint64_t> seed;
  bool no_gate = false;
};

struct Suite {
  std::filesystem::path file;    // as it was named
  std::filesystem::path folder;  // relative paths count from here
  Source source;
  std::string name;     // `name:`, else the file's name
  std::string feature;  // of the product, a tag in traces; "": none
  std::vector<std::shared_ptr<const Prompt>> prompts;
  DatasetSpec dataset;
  std::vector<Value> models;  // `model:` mappings, overrides applied
  int samples = 1;
  std::uint64_t seed = 1;
  std::vector<Evaluator> evaluators;
  std::optional<GateSpec> gate;  // absent: nothing is gated
  // How long answers are given again without a call; absent: never.
  std::optional<std::chrono::seconds> cache_ttl = std::chrono::hours(24 * 7);
  bool rules_on_times =
      false;  // the gate (left out or not) measures times: cached answers have none
  std::filesystem::path prices;     // a price table instead of the built-in one; empty: none
  std::filesystem::path tokenizer;  // what counts tokens before a run; empty: an estimate
  std::size_t token_budget = 0;     // of a prompt's fixed text, for `lint`; 0: none
};

// Every problem of the suite and its prompts at once.
Result<Suite> load_suite(const std::filesystem::path& file, const SuiteOverrides& overrides);

// The same from a text that was read already; `source.file()` says where relative paths count from.
Result<Suite> read_suite(Source source, const SuiteOverrides& overrides);

// $LLMOPS_HOME, else `.llmops` in `folder`.
std::filesystem::path state_folder(const std::filesystem::path& folder);

}  // namespace llmops
