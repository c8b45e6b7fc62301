#pragma once
// How hard each item of a benchmark is, from a file: AlpacaEval 2's third term.

#include <map>
#include <optional>
#include <string>

#include "datasets/case.h"
#include "datasets/dataset.h"
#include "datasets/text/fields.h"

namespace llmops {

class Difficulties {
 public:
  // Any file that a dataset can be read from, with the columns `key` and `column`. `key` "id" is
  // the case's id.
  static Result<Difficulties> load(const std::string& file, const std::string& shown,
                                   const std::string& key, const std::string& column);
  // The option `difficulties`: a file, or {path, key, column}. nullopt where it is missing or has
  // problems, which are noted.
  static std::optional<Difficulties> read(Fields& fields);

  std::optional<double> of(const Case& row) const;
  std::string signature() const { return digest_; }  // of file and key

 private:
  std::map<std::string, double> known_;
  std::string key_, digest_;
};

// What `key` names a case by: that column, else for "id" the case's id; "" where it has neither.
std::string item_key(const Case& row, const std::string& key);

// The number under `column`; a problem with its place where there is none.
double number_column(const Case& row, const std::string& column, const std::string& file,
                     Diagnostics& problems);

}  // namespace llmops
