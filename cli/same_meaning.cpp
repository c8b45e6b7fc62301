#include "cli/same_meaning.h"

#include <algorithm>

#include "datasets/parallel.h"
#include "evaluators/encoder/kernels.h"

namespace llmops {
namespace {

constexpr std::size_t kBatch = 1024;  // texts that are embedded at once
constexpr std::size_t kBlock = 64;    // cases that are compared at once

struct Vectors {
  std::size_t width = 0;
  std::vector<float> rows;        // cases x width, length 1; zeros where there is none
  std::vector<std::size_t> line;  // of each case
};

std::string text_of(const Case& row, const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns)
    if (const Value* found = find_path(row.variables, column)) {
      if (!text.empty()) text += '\n';
      text += to_text(*found);
    }
  return text;
}

Vectors embed_all(const Dataset& dataset, const std::vector<std::string>& columns,
                  const Embedder& embedder, std::string& why) {
  Vectors vectors;
  std::size_t cases = 0;
  std::vector<std::string> texts;
  const auto flush = [&] {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    for (const Embedding& each : embedder.embed(views)) {
      if (each.values == nullptr) {
        if (why.empty()) why = each.why;
      } else {
        if (vectors.width == 0) {
          vectors.width = each.values->size();
          vectors.rows.resize(cases * vectors.width);
        }
        vectors.rows.resize(cases * vectors.width);
        vectors.rows.insert(vectors.rows.end(), each.values->begin(), each.values->end());
      }
      ++cases;
      vectors.rows.resize(cases * vectors.width);
    }
    texts.clear();
  };
  Case row;
  for (const auto stream = dataset.cases(); stream->next(row);) {
    vectors.line.push_back(row.line);
    texts.push_back(text_of(row, columns));
    if (texts.size() == kBatch) flush();
  }
  if (!texts.empty()) flush();
  if (vectors.width > 0) kernels().unit_length(vectors.rows.data(), cases, vectors.width);
  return vectors;
}

}  // namespace

std::vector<Duplicate> find_same_meaning(const Dataset& dataset,
                                         const std::vector<std::string>& columns, double threshold,
                                         const Embedder& embedder, std::string& why) {
  const Vectors vectors =
      embed_all(dataset, columns.empty() ? content_columns(dataset) : columns, embedder, why);
  std::vector<Duplicate> found;
  if (vectors.width == 0) return found;
  const std::size_t count = vectors.line.size(), width = vectors.width;
  const std::size_t stride = padded(count);
  std::vector<float> turned(width * stride);
  parallel_for(count, [&](std::size_t i) {
    for (std::size_t d = 0; d < width; ++d) turned[d * stride + i] = vectors.rows[i * width + d];
  });

  std::vector<bool> kept(count, true);
  std::vector<float> cosines(kBlock * stride);
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t rows = std::min(kBlock, count - first);
    // Columns in strips, so that the threads share the product.
    constexpr std::size_t kStrip = 1024;
    const std::size_t columns_needed = padded(first + rows);
    parallel_for((columns_needed + kStrip - 1) / kStrip, [&](std::size_t strip) {
      const std::size_t from = strip * kStrip;
      kernels().multiply(vectors.rows.data() + first * width, width, turned.data() + from, stride,
                         cosines.data() + from, stride, rows,
                         std::min(kStrip, columns_needed - from), width);
    });
    for (std::size_t i = first; i < first + rows; ++i) {
      const float* row = cosines.data() + (i - first) * stride;
      std::size_t best = count;
      for (std::size_t j = 0; j < i; ++j)
        if (kept[j] && double{row[j]} >= threshold && (best == count || row[j] > row[best]))
          best = j;
      if (best == count) continue;
      kept[i] = false;
      found.push_back({.first = best,
                       .again = i,
                       .first_line = vectors.line[best],
                       .again_line = vectors.line[i],
                       .similarity = std::min(double{row[best]}, 1.0)});
    }
  }
  return found;
}

}  // namespace llmops
