#pragma once
// What every reader of a file of records needs: its problems, and its columns.

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "datasets/text/diagnostic.h"
#include "datasets/text/value.h"

namespace llmops {

inline constexpr std::size_t kMostProblems = 100;
inline constexpr std::size_t kMostColumns = 10'000;

Diagnostic file_problem(const std::filesystem::path& path, std::string what,
                        std::string expected = "", std::string help = "");

// What went wrong with the bytes, which readers throw as "FILE: what".
Diagnostic read_problem(const std::filesystem::path& path, const std::runtime_error& error);

// Empty where the file can be read twice and holds UTF-8, as far as its first bytes tell.
Diagnostics check_file(const std::filesystem::path& path);

// Problems up to `kMostProblems` of each kind, and how many more there are.
class RowProblems {
 public:
  void add(Diagnostics found);
  void leave_out(std::size_t count) { left_out_ += count; }
  bool any_error() const { return !errors_.empty(); }
  // In the order of the file, errors first.
  Diagnostics finish(const std::filesystem::path& path);

 private:
  Diagnostics errors_, others_;
  std::size_t left_out_ = 0;
};

// Columns in order of first appearance.
class ColumnNames {
 public:
  bool add(const Object& members);  // false beyond `kMostColumns`
  std::vector<std::string>& names() { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

}  // namespace llmops
