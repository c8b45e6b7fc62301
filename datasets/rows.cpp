#include "datasets/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "datasets/case_builder.h"
#include "datasets/formats/format.h"
#include "datasets/reading.h"

namespace llmops {
namespace {

// No column is an id, a slice, a cluster or a weight.
DatasetSpec spec_of(const std::filesystem::path& file, const std::string& reference) {
  DatasetSpec spec{.path = file};
  for (const std::string_view word : field_words())
    if (word != "reference" && word != "context") spec.fields.emplace_back(word, "");
  if (!reference.empty()) spec.fields.emplace_back("reference", reference);
  return spec;
}

}  // namespace

Result<Rows> Rows::open(const std::filesystem::path& file, const std::string& reference,
                        const Use& use) try {
  const Result<const FormatInfo*> format = find_format(file, "");
  if (Diagnostics wrong = check_file(file); !wrong.empty()) return wrong;
  if (!format) return format.problems();
  Result<std::unique_ptr<RecordReader>> reader = (*format)->open(file);
  if (!reader) return reader.problems();

  Rows rows;
  rows.file_ = file;
  rows.reference_ = reference;
  CaseBuilder builder(spec_of(file, reference), std::make_shared<const std::string>(file.string()));
  builder.number_rows();
  RowProblems collector;
  ColumnNames columns;
  std::vector<Case> batch;
  Record record;
  for (bool more = true; more;) {
    Diagnostics problems;
    more = (*reader)->next(record, problems);
    collector.add(std::exchange(problems, {}));
    if (more && !columns.add(*record.value.object())) {
      collector.add(
          {(*reader)->problem("", fmt::format("more than {} different columns", kMostColumns))});
      more = false;
    }
    if (more) {
      ++rows.size_;
      builder.build(record, **reader, batch.emplace_back(), problems);
      collector.add(std::move(problems));
    }
    if (batch.size() < kBatch && more) continue;
    if (use && !batch.empty() && !collector.any_error()) use(batch);
    batch.clear();
  }
  Diagnostics last;
  collector.leave_out(builder.finish(columns.names(), last));
  if (rows.size_ == 0 && !collector.any_error())
    last.push_back(file_problem(file, "no rows", "expected at least one case"));
  collector.add(std::move(last));
  Diagnostics problems = collector.finish(file);
  if (has_errors(problems)) return problems;
  rows.columns_ = std::move(columns.names());
  return {std::move(rows), std::move(problems)};
} catch (const std::system_error&) {
  throw;
} catch (const std::runtime_error& error) {
  return read_problem(file, error);
}

void Rows::for_each(const Use& use) const {
  std::size_t seen = 0;
  const Result<Rows> again = open(file_, reference_, [&](std::span<const Case> batch) {
    seen += batch.size();
    use(batch);
  });
  if (!again || seen != size_)
    throw std::runtime_error(fmt::format("{}: the file changed while it was used", file_.string()));
}

}  // namespace llmops
