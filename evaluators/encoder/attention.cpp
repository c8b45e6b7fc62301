// Scores are (q.k + q.Kr[d(i,j)] + k.Qr[d(i,j)]) / sqrt(width * (1 + terms)), the last two for
// DeBERTa only: both relative terms look at the same row of the table, that of the distance i - j.
// Queries are scaled before. Rows of scores are made in strips, so that memory grows with the
// text's length and not with its square.
#include "evaluators/encoder/attention.h"

#include <algorithm>
#include <cmath>

#include "evaluators/encoder/kernels.h"
#include "evaluators/encoder/relative_positions.h"

namespace llmops {
namespace {

constexpr std::size_t kStrip = 48;  // rows of scores at a time

void grow(std::vector<float>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

// One head of one text.
class Head {
 public:
  Head(const ModelConfig& config, std::size_t length, AttentionScratch& scratch)
      : width_(config.head_width()),
        length_(length),
        columns_(padded(length)),
        padded_width_(padded(width_)),
        scratch_(scratch) {
    grow(scratch.query, length * width_);
    grow(scratch.key, width_ * columns_);
    grow(scratch.value, length * padded_width_);
    grow(scratch.scores, kStrip * columns_);
    grow(scratch.context, kStrip * padded_width_);
  }

  void take(const float* projected, std::size_t hidden, std::size_t head, float scale) {
    const std::size_t stride = 3 * hidden;
    const float* query = projected + head * width_;
    const float* key = query + hidden;
    const float* value = key + hidden;
    for (std::size_t i = 0; i < length_; ++i) {
      for (std::size_t d = 0; d < width_; ++d) {
        scratch_.query[i * width_ + d] = query[i * stride + d] * scale;
        scratch_.value[i * padded_width_ + d] = value[i * stride + d];
      }
      for (std::size_t d = width_; d < padded_width_; ++d)
        scratch_.value[i * padded_width_ + d] = 0.0F;
    }
    for (std::size_t d = 0; d < width_; ++d) {
      float* to = scratch_.key.data() + d * columns_;
      for (std::size_t j = 0; j < length_; ++j) to[j] = key[j * stride + d];
      for (std::size_t j = length_; j < columns_; ++j) to[j] = 0.0F;
    }
  }

  // Products with the rows `first` to `last` of the position tables.
  void take_positions(const RelativeTables& relative, std::size_t head, std::size_t first,
                      std::size_t last, const float* keys, std::size_t stride) {
    positions_ = padded(last - first + 1);
    const auto place = [&](const std::vector<float>& table) {
      return table.data() + head * width_ * relative.stride + first;
    };
    if (!relative.keys.empty()) {
      grow(scratch_.to_position, length_ * positions_);
      kernels().multiply(scratch_.query.data(), width_, place(relative.keys), relative.stride,
                         scratch_.to_position.data(), positions_, length_, positions_, width_);
    }
    if (!relative.queries.empty()) {
      grow(scratch_.from_position, length_ * positions_);
      kernels().multiply(keys, stride, place(relative.queries), relative.stride,
                         scratch_.from_position.data(), positions_, length_, positions_, width_);
    }
  }

  // `rows`: of the table for the distances -(length-1)..length-1, counted from `first`.
  void add_positions(const RelativeTables& relative, const std::vector<std::uint32_t>& rows,
                     std::size_t first, std::size_t i, float* scores) const {
    const std::uint32_t* row =
        rows.data() + i + length_ - 1;  // of distance i - 0; one back for each j
    if (!relative.keys.empty()) {
      const float* from = scratch_.to_position.data() + i * positions_;
      for (std::size_t j = 0; j < length_; ++j) scores[j] += from[*(row - j) - first];
    }
    if (!relative.queries.empty()) {
      const float* from = scratch_.from_position.data();
      for (std::size_t j = 0; j < length_; ++j)
        scores[j] += from[j * positions_ + *(row - j) - first];
    }
  }

  template <typename AddPositions>
  void run(float* context, std::size_t hidden, AddPositions add) {
    for (std::size_t start = 0; start < length_; start += kStrip) {
      const std::size_t rows = std::min(kStrip, length_ - start);
      kernels().multiply(scratch_.query.data() + start * width_, width_, scratch_.key.data(),
                         columns_, scratch_.scores.data(), columns_, rows, columns_, width_);
      for (std::size_t i = 0; i < rows; ++i) {
        float* scores = scratch_.scores.data() + i * columns_;
        add(start + i, scores);
        kernels().softmax(scores, length_);
      }
      kernels().multiply(scratch_.scores.data(), columns_, scratch_.value.data(), padded_width_,
                         scratch_.context.data(), padded_width_, rows, padded_width_, length_);
      for (std::size_t i = 0; i < rows; ++i)
        std::copy_n(scratch_.context.data() + i * padded_width_, width_,
                    context + (start + i) * hidden);
    }
  }

 private:
  std::size_t width_, length_, columns_, padded_width_, positions_ = 0;
  AttentionScratch& scratch_;
};

}  // namespace

void attend(const ModelConfig& config, const Block& block, const float* projected,
            const RelativeTables* relative, float* context, AttentionScratch& scratch) {
  const std::size_t terms =
      1 + (config.content_to_position ? 1U : 0U) + (config.position_to_content ? 1U : 0U);
  const float scale = 1.0F / std::sqrt(static_cast<float>(config.head_width() * terms));
  const std::size_t hidden = config.hidden, stride = 3 * hidden;
  for (const Block::Text& text : block.texts) {
    std::vector<std::uint32_t> rows;
    std::size_t first = 0, last = 0;
    if (relative != nullptr) {
      rows = relative_rows(config, text.length);
      first = *std::ranges::min_element(rows);
      last = *std::ranges::max_element(rows);
    }
    const float* from = projected + text.start * stride;
    for (std::size_t h = 0; h < config.heads; ++h) {
      Head head(config, text.length, scratch);
      head.take(from, hidden, h, scale);
      float* to = context + text.start * hidden + h * config.head_width();
      if (relative == nullptr) {
        head.run(to, hidden, [](std::size_t, float*) {});
        continue;
      }
      head.take_positions(*relative, h, first, last, from + hidden + h * config.head_width(),
                          stride);
      head.run(to, hidden, [&](std::size_t i, float* scores) {
        head.add_positions(*relative, rows, first, i, scores);
      });
    }
  }
}

}  // namespace llmops
