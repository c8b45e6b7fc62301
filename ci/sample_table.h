#pragma once
// Many samples in little memory: about 60 bytes and the id for each, 8 for each measure that
// occurs.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datasets/case.h"

namespace llmops {

struct SampleRow {
  std::string id;  // of the case
  std::int32_t sample = 0;
  std::uint32_t line = 0;
  bool failed = false;
  std::optional<std::uint64_t> output;  // hash of the text
  std::string group;
  std::vector<Tag> tags;
  std::vector<std::optional<double>> values;  // one for each measure; finite
};

class SampleTable {
 public:
  explicit SampleTable(std::size_t measures) : columns_(measures) {}

  void add(const SampleRow& row);
  std::size_t size() const { return rows_.size(); }
  // By case id (byte order), then by sample number. From here on `at` counts in that order.
  void sort();
  SampleRow at(std::size_t index) const;
  const std::string& id(std::size_t index) const { return rows_[order_[index]].id; }
  // Some sample has a value of that measure.
  bool occurs(std::size_t measure) const { return !columns_[measure].empty(); }

 private:
  // Group and tags are few among many samples: each combination is held once.
  struct Label {
    std::string group;
    std::vector<Tag> tags;
  };
  struct Compact {
    std::string id;
    std::int32_t sample;
    std::uint32_t line, label;
    bool failed, has_output;
    std::uint64_t output;
  };
  std::uint32_t label_of(const SampleRow& row);

  std::vector<Compact> rows_;
  std::vector<std::uint32_t> order_;
  std::vector<std::vector<double>> columns_;  // NaN: absent; empty: no sample has a value
  std::vector<Label> labels_;
  std::map<std::string, std::uint32_t> label_numbers_;
};

}  // namespace llmops
