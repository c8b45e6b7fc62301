#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "evaluators/metric.h"
#include "evaluators/metrics/text/word_lists.h"

namespace llmops {

inline constexpr std::string_view kWordListOptions[] = {"categories", "words", "allow"};

// A metric over what a list finds: 1 where an output holds any of it, and `.count`.
// Options: `categories` (all), `words` (further ones, whole words, any case), `allow` (finds that
// do not count, any case).
std::unique_ptr<Metric> make_word_list_metric(std::string_view metric,
                                              std::vector<WordFind> (*find)(std::string_view),
                                              const std::vector<std::string_view>& categories,
                                              Fields& fields);

}  // namespace llmops
