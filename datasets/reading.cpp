#include "datasets/reading.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "datasets/text/files.h"

namespace llmops {

Diagnostic file_problem(const std::filesystem::path& path, std::string what, std::string expected,
                        std::string help) {
  Diagnostic found = problem(std::move(what), std::move(expected), std::move(help));
  found.file = path.string();
  return found;
}

Diagnostic read_problem(const std::filesystem::path& path, const std::runtime_error& error) {
  std::string what = error.what();
  const std::string prefix = path.string() + ": ";
  if (what.starts_with(prefix)) what.erase(0, prefix.size());
  return file_problem(path, std::move(what));
}

Diagnostics check_file(const std::filesystem::path& path) {
  if (path.empty()) return {problem("the dataset has no path")};
  Result<std::unique_ptr<ByteReader>> bytes = ByteReader::open(path);
  if (!bytes) return bytes.problems();
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode))
    return {file_problem(path, "not a file that can be read twice", "expected a regular file",
                         "write the rows to a file first")};
  char head[2] = {};
  const std::size_t got = (*bytes)->read(head, 2);
  if (got == 2 && (std::memcmp(head, "\xFF\xFE", 2) == 0 || std::memcmp(head, "\xFE\xFF", 2) == 0))
    return {file_problem(path, "the file is UTF-16", "expected a text in UTF-8",
                         "`iconv -f UTF-16 -t UTF-8` converts it")};
  return {};
}

void RowProblems::add(Diagnostics found) {
  for (Diagnostic& each : found) {
    Diagnostics& kept = each.severity == Severity::error ? errors_ : others_;
    if (kept.size() < 2 * kMostProblems)
      kept.push_back(std::move(each));
    else if (each.severity == Severity::error)
      ++left_out_;
  }
}

Diagnostics RowProblems::finish(const std::filesystem::path& path) {
  const auto by_place = [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  };
  std::ranges::stable_sort(errors_, by_place);
  std::ranges::stable_sort(others_, by_place);
  if (errors_.size() > kMostProblems) {
    left_out_ += errors_.size() - kMostProblems;
    errors_.resize(kMostProblems);
  }
  if (others_.size() > kMostProblems) others_.resize(kMostProblems);
  if (left_out_ > 0)
    errors_.push_back(file_problem(path, fmt::format("and {} more problems", left_out_)));
  append(errors_, std::move(others_));
  return std::move(errors_);
}

bool ColumnNames::add(const Object& members) {
  std::size_t at = 0;
  for (const Member& member : members) {
    if (at < names_.size() &&
        names_[at] == member.key) {  // the row has the columns of the others, in their order
      ++at;
      continue;
    }
    if (known_.contains(member.key)) continue;
    if (names_.size() == kMostColumns) return false;
    names_.push_back(member.key);
    known_.insert(member.key);
    at = names_.size();
  }
  return true;
}

}  // namespace llmops
