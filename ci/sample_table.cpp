#include "ci/sample_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

namespace llmops {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::uint32_t SampleTable::label_of(const SampleRow& row) {
  std::string key = row.group;
  for (const Tag& tag : row.tags) key += '\0' + tag.key + '\0' + tag.value;
  const auto [known, fresh] =
      label_numbers_.emplace(std::move(key), static_cast<std::uint32_t>(labels_.size()));
  if (fresh) labels_.push_back({row.group, row.tags});
  return known->second;
}

void SampleTable::add(const SampleRow& row) {
  for (std::size_t m = 0; m < columns_.size(); ++m) {
    const std::optional<double> value = m < row.values.size() ? row.values[m] : std::nullopt;
    if (columns_[m].empty() && value) columns_[m].assign(rows_.size(), kAbsent);
    if (!columns_[m].empty() || value) columns_[m].push_back(value.value_or(kAbsent));
  }
  rows_.push_back({row.id, row.sample, row.line, label_of(row), row.failed, row.output.has_value(),
                   row.output.value_or(0)});
}

void SampleTable::sort() {
  order_.resize(rows_.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::stable_sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(rows_[a].id, rows_[a].sample) < std::tie(rows_[b].id, rows_[b].sample);
  });
}

SampleRow SampleTable::at(std::size_t index) const {
  const std::uint32_t place = order_[index];
  const Compact& found = rows_[place];
  SampleRow row{.id = found.id,
                .sample = found.sample,
                .line = found.line,
                .failed = found.failed,
                .group = labels_[found.label].group,
                .tags = labels_[found.label].tags};
  if (found.has_output) row.output = found.output;
  row.values.resize(columns_.size());
  for (std::size_t m = 0; m < columns_.size(); ++m)
    if (!columns_[m].empty() && !std::isnan(columns_[m][place])) row.values[m] = columns_[m][place];
  return row;
}

}  // namespace llmops
