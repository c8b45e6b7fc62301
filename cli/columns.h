#pragma once
// Columns of numbers out of any file that a dataset can be: CSV, TSV, JSON lines, JSON, YAML.

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

// Numbers, texts that are a number, and true/false (1 and 0) count. An empty cell, null or a
// missing key is no value. Every problem of the file is reported (the first 100): a column that no
// row has, text where a number belongs, NaN and infinity.

struct TwoColumns {
  std::vector<double> baseline, candidate;
};
// `paired`: both columns have a value in the same rows, or a problem names the first row that has
// only one. Otherwise each column keeps the values it has.
Result<TwoColumns> read_two_columns(const std::filesystem::path& file, const std::string& format,
                                    const std::string& baseline, const std::string& candidate,
                                    bool paired);

struct Arm {
  std::string name;
  std::vector<double> outcomes;
};
// One row a case: which arm it was in and what came out. Arms in order of appearance; rows without
// arm or outcome are left out.
Result<std::vector<Arm>> read_arms(const std::filesystem::path& file, const std::string& format,
                                   const std::string& arm, const std::string& outcome);

}  // namespace llmops
