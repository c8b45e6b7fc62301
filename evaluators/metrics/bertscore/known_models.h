#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace llmops {

// The layer that bert_score 0.3.13 takes for a model by its hub name (chosen on WMT16).
std::optional<std::size_t> usual_layer(std::string_view model);

// Its model for a language ("en", "zh", "tr", "en-sci"; the multilingual one for all others).
std::string_view usual_model(std::string_view language);

}  // namespace llmops
