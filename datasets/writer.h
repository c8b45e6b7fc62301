#pragma once
// Writes cases as a file again.

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "datasets/dataset.h"

namespace llmops {

struct WriteOptions {
  std::string format;  // jsonl | json | csv | tsv; empty: by the extension of the path
  std::vector<std::string> columns;  // in this order; empty: those of the dataset
  bool with_id =
      false;  // adds the column `id` with the made ids, where the set has none of that name
  // CSV and TSV: a text that a spreadsheet would run (it begins with = + - @, tab or return, and is
  // no number) gets a leading apostrophe. Changes the text: for files that people open, not for
  // those that are read back.
  bool escape_formulas = false;
};

// Writes the cases whose number (0-based, in the order of the stream) `keep` accepts, all of them
// without it, and returns how many. The columns are those of the file: what the loader derives is
// left out. A list or mapping in a CSV cell is JSON, null is an empty cell, a tab or line break
// inside a cell is quoted. The file appears whole or not at all. A problem: an unknown format, or
// one that cannot be written.
Result<std::size_t> write_dataset(
    const Dataset& dataset, const std::filesystem::path& path, const WriteOptions& options,
    const std::function<bool(std::uint64_t number, const Case& row)>& keep = {});

// A cell as RFC 4180 wants it: quoted where it holds the separator, a quote, a line break, or
// blanks around it.
std::string csv_cell(std::string_view text, char separator = ',', bool escape_formulas = false);

}  // namespace llmops
