#pragma once
// Runs that lie in memory, for tests of everything that reads runs.

#include <map>
#include <string>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops::test {

struct MemoryRun final : RunSource {
  RunHeader head;
  std::vector<CaseRow> cases;  // sorted by id

  const RunHeader& header() const override { return head; }
  std::unique_ptr<RowStream> rows() const override;
};

struct MemoryOutputs final : OutputSource {
  std::map<std::string, Case> rows;
  std::map<std::string, std::vector<SampleView>> views;

  void add(const std::string& id, const std::string& question, const std::string& text);
  std::optional<Case> find_case(const std::string& id) const override;
  std::vector<SampleView> samples(const std::string& id) const override;
};

}  // namespace llmops::test
