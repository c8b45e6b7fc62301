#include "tests/support/memory_run.h"

namespace llmops::test {
namespace {

class Stream final : public RowStream {
 public:
  explicit Stream(const std::vector<CaseRow>& rows) : rows_(rows) {}
  bool next(CaseRow& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  const std::vector<CaseRow>& rows_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<RowStream> MemoryRun::rows() const { return std::make_unique<Stream>(cases); }

void MemoryOutputs::add(const std::string& id, const std::string& question,
                        const std::string& text) {
  Case row;
  row.id = id;
  row.variables.add("question", question);
  rows[id] = row;
  SampleView view;
  view.sample.case_id = id;
  view.sample.text = text;
  views[id] = {view};
}

std::optional<Case> MemoryOutputs::find_case(const std::string& id) const {
  const auto found = rows.find(id);
  return found == rows.end() ? std::nullopt : std::optional(found->second);
}

std::vector<SampleView> MemoryOutputs::samples(const std::string& id) const {
  const auto found = views.find(id);
  return found == views.end() ? std::vector<SampleView>() : found->second;
}

}  // namespace llmops::test
