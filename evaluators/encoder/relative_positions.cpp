#include "evaluators/encoder/relative_positions.h"

#include <algorithm>
#include <cmath>

namespace llmops {
namespace {

std::int64_t bucket(const ModelConfig& config, std::int64_t distance) {
  const auto middle = static_cast<std::int64_t>(config.buckets / 2);
  const std::int64_t size = std::abs(distance);
  if (config.buckets == 0 || size <= middle) return distance;
  const auto half = static_cast<float>(middle);
  const float reach = std::log(static_cast<float>(static_cast<double>(config.max_relative - 1) /
                                                  static_cast<double>(middle)));
  const float steps = std::ceil(std::log(static_cast<float>(size) / half) / reach * (half - 1.0F));
  const auto far = middle + static_cast<std::int64_t>(steps);
  return distance < 0 ? -far : far;
}

}  // namespace

std::vector<std::uint32_t> relative_rows(const ModelConfig& config, std::size_t length) {
  const auto span = static_cast<std::int64_t>(config.span());
  const auto last = static_cast<std::int64_t>(length) - 1;
  std::vector<std::uint32_t> rows;
  rows.reserve(2 * length);
  for (std::int64_t distance = -last; distance <= last; ++distance)
    rows.push_back(static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(bucket(config, distance) + span, 0, 2 * span - 1)));
  return rows;
}

}  // namespace llmops
