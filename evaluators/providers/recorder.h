#pragma once
#include <filesystem>
#include <memory>

#include "evaluators/providers/provider.h"

namespace llmops {

// Wraps a provider: each answered attempt is appended to `file`, one JSON line each, as the
// provider `replay` reads it: id, sample, prompt, version, variables, text, reasoning,
// input_tokens, output_tokens, cached_tokens, reasoning_tokens, ttft_ms, latency_ms, finish_reason,
// cost_usd, model, recorded_at. A later line for the same case, sample and prompt replaces an
// earlier one.
std::unique_ptr<Provider> recording_to(const std::filesystem::path& file,
                                       std::unique_ptr<Provider> inner);

// The keys of a `replay` model that reads such a file, for messages and documentation.
inline constexpr std::string_view kReplayOfRecording =
    "{provider: replay, path: FILE, match: id, sample: sample, output: text, input_tokens: "
    "input_tokens, "
    "output_tokens: output_tokens, ttft_ms: ttft_ms, latency_ms: latency_ms, finish_reason: "
    "finish_reason}";

}  // namespace llmops
