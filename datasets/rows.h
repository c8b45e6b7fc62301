#pragma once
// The rows of a file for a command that compares columns: without ids, hashes, slices and an order
// of their own, which `Dataset` is for.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "datasets/case.h"
#include "datasets/text/result.h"

namespace llmops {

class Rows {
 public:
  using Use = std::function<void(std::span<const Case>)>;  // the rows live during the call

  // Reads every row and collects every problem of the file, as `Dataset::open` does; `reference`
  // names the column of the references (empty: `reference`, `references`). The columns `id`,
  // `tags`, `group`, `weight` and `metadata` mean nothing: a row's id is its number, counted
  // from 1. `use` is given the rows, up to `kBatch` at a time, as long as there is no error.
  static constexpr std::size_t kBatch = 1024;
  static Result<Rows> open(const std::filesystem::path& file, const std::string& reference,
                           const Use& use = {});

  std::size_t size() const { return size_; }
  const std::vector<std::string>& columns() const { return columns_; }  // by first appearance

  // All rows once more. Throws std::runtime_error where the file cannot be read as it could before.
  void for_each(const Use& use) const;

 private:
  std::filesystem::path file_;
  std::string reference_;
  std::size_t size_ = 0;
  std::vector<std::string> columns_;
};

}  // namespace llmops
