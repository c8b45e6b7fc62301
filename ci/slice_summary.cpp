#include "ci/slice_summary.h"

#include <algorithm>
#include <map>
#include <utility>

namespace llmops {
namespace {

constexpr std::size_t kMostTags = 10000;  // that are counted, the first ones

bool has(const CaseRow& row, const Tag& tag) {
  return std::ranges::any_of(
      row.tags, [&](const Tag& each) { return each.key == tag.key && each.value == tag.value; });
}

// A run's rows with one tag.
class TaggedRun final : public RunSource {
 public:
  TaggedRun(const RunSource& run, Tag tag) : run_(run), tag_(std::move(tag)) {}
  const RunHeader& header() const override { return run_.header(); }
  std::unique_ptr<RowStream> rows() const override {
    return std::make_unique<Rows>(run_.rows(), tag_);
  }

 private:
  class Rows final : public RowStream {
   public:
    Rows(std::unique_ptr<RowStream> rows, const Tag& tag) : rows_(std::move(rows)), tag_(tag) {}
    bool next(CaseRow& row) override {
      while (rows_->next(row))
        if (has(row, tag_)) return true;
      return false;
    }

   private:
    std::unique_ptr<RowStream> rows_;
    const Tag& tag_;
  };

  const RunSource& run_;
  Tag tag_;
};

}  // namespace

std::vector<SliceSummary> summarize_slices(const RunSource& run, std::size_t most) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  std::int64_t cases = 0;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row); ++cases)
    for (const Tag& tag : row.tags) {
      const std::pair key(tag.key, tag.value);
      if (counts.size() < kMostTags || counts.contains(key)) ++counts[key];
    }
  std::vector<SliceSummary> slices;
  for (const auto& [key, count] : counts)
    if (count < cases)
      slices.push_back({
          Tag{key.first,          key.second},
          count, {                  }
      });
  std::ranges::stable_sort(slices, std::greater<>(), &SliceSummary::cases);
  if (slices.size() > most) slices.resize(most);
  std::vector<std::string> ignored;
  for (SliceSummary& slice : slices) slice.summary = summarize(TaggedRun(run, slice.tag), ignored);
  return slices;
}

}  // namespace llmops
