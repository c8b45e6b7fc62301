#include "datasets/stats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kMostDistinct = 10'000;
constexpr std::size_t kMostTagValues = 1'000;

// Lengths up to 255 have a bucket of their own; above, each doubling is cut into 128, so that a
// bucket is narrower than 1% of what it holds.
std::uint32_t bucket_of(std::uint64_t length) {
  if (length < 256) return static_cast<std::uint32_t>(length);
  const int shift = std::bit_width(length) - 8;  // leaves 8 bits, the first of them set
  return static_cast<std::uint32_t>(256 + (shift - 1) * 128) +
         static_cast<std::uint32_t>((length >> shift) - 128);
}

// The largest length of a bucket.
std::uint64_t bucket_end(std::uint32_t bucket) {
  if (bucket < 256) return bucket;
  const std::uint32_t shift = (bucket - 256) / 128 + 1;
  const std::uint64_t lead = (bucket - 256) % 128 + 128;
  return ((lead + 1) << shift) - 1;
}

struct ColumnCounter {
  ColumnStats stats;
  std::unordered_set<std::uint64_t> distinct;

  void add(const Value& value) {
    ++stats.rows;
    if (value.is_null()) {
      ++stats.nulls;
      return;
    }
    ++stats.kinds[value.kind()];
    if (const std::string* text = value.string()) {
      stats.lengths.add(code_points(*text));
      if (text->empty()) ++stats.empty;
    }
    if (const List* items = value.list(); items != nullptr && items->empty()) ++stats.empty;
    if (stats.more_distinct) return;
    std::string content;
    dump_json_sorted(value, content);
    distinct.insert(hash64(content));
    if (distinct.size() > kMostDistinct) {
      stats.more_distinct = true;
      distinct.erase(distinct.begin());
    }
  }
};

class Counter {
 public:
  void add(const Case& row) {
    if (!row.references.empty()) ++stats.with_reference;
    stats.references += row.references.size();
    for (const std::string& reference : row.references)
      stats.reference_lengths.add(code_points(reference));
    if (!row.context.empty()) ++stats.with_context;
    stats.weight += row.weight;
    for (const Tag& tag : row.tags) {
      auto& values = stats.tags[tag.key];
      ++(values.size() < kMostTagValues || values.contains(tag.value) ? values[tag.value]
                                                                      : values["…"]);
    }
    if (!row.group.empty()) {
      ++stats.grouped;
      stats.largest_group = std::max(stats.largest_group, ++groups_[hash64(row.group)]);
    }
    for (const Member& column : row.variables) columns_[column.key].add(column.value);
  }

  DatasetStats finish(const DatasetInfo& info) {
    stats.info = info;
    stats.groups = groups_.size();
    for (const std::string& name : info.columns) {  // without what the loader derives
      const auto found = columns_.find(name);
      if (found == columns_.end()) continue;
      found->second.stats.name = name;
      found->second.stats.distinct = found->second.distinct.size();
      stats.columns.push_back(std::move(found->second.stats));
    }
    return std::move(stats);
  }

  DatasetStats stats;

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> groups_;
  std::unordered_map<std::string, ColumnCounter> columns_;
};

Value to_value(const Lengths& lengths) {
  Object fields;
  fields.add("min", lengths.smallest());
  fields.add("mean", lengths.mean());
  fields.add("p50", lengths.quantile(0.5));
  fields.add("p95", lengths.quantile(0.95));
  fields.add("max", lengths.largest());
  return fields;
}

}  // namespace

void Lengths::add(std::uint64_t length) {
  smallest_ = count_ == 0 ? length : std::min(smallest_, length);
  largest_ = std::max(largest_, length);
  total_ += length;
  ++count_;
  ++buckets_[bucket_of(length)];
}

std::uint64_t Lengths::quantile(double p) const {
  const auto rank =
      static_cast<std::uint64_t>(std::max(1.0, std::ceil(p * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (const auto& [bucket, count] : buckets_) {
    seen += count;
    if (seen >= rank) return std::min(bucket_end(bucket), largest_);
  }
  return 0;
}

Result<DatasetStats> dataset_stats(const DatasetSpec& spec) {
  Counter counter;
  const Result<Dataset> dataset =
      Dataset::open(spec, [&](const Case& row, Diagnostics&) { counter.add(row); });
  if (!dataset) return dataset.problems();
  return {counter.finish(dataset->info()), dataset.problems()};
}

Value to_value(const DatasetStats& stats) {
  Object fields;
  fields.add("path", stats.info.path);
  fields.add("sha256", stats.info.sha256);
  fields.add("cases", std::uint64_t{stats.info.cases});
  fields.add("with_reference", stats.with_reference);
  fields.add("references", stats.references);
  if (stats.references > 0) fields.add("reference_length", to_value(stats.reference_lengths));
  fields.add("with_context", stats.with_context);
  fields.add("grouped", stats.grouped);
  fields.add("groups", stats.groups);
  fields.add("largest_group", stats.largest_group);
  fields.add("weight", stats.weight);
  Object tags;
  for (const auto& [key, values] : stats.tags) {
    Object counts;
    for (const auto& [value, count] : values) counts.add(value, count);
    tags.add(key, std::move(counts));
  }
  fields.add("tags", std::move(tags));
  List columns;
  for (const ColumnStats& column : stats.columns) {
    Object facts;
    facts.add("name", column.name);
    facts.add("rows", column.rows);
    facts.add("nulls", column.nulls);
    facts.add("empty", column.empty);
    Object kinds;
    for (const auto& [kind, count] : column.kinds) kinds.add(std::string(kind), count);
    facts.add("kinds", std::move(kinds));
    facts.add(column.more_distinct ? "distinct_at_least" : "distinct", column.distinct);
    if (column.lengths.count() > 0) facts.add("length", to_value(column.lengths));
    columns.push_back(std::move(facts));
  }
  fields.add("columns", std::move(columns));
  return fields;
}

}  // namespace llmops
