#pragma once
#include <filesystem>
#include <memory>

#include "evaluators/providers/provider.h"

namespace llmops {

// As `make_model`, for a mapping whose protocol is settled: it needs no `provider`, and may say no
// other. nullptr only where problems were noted.
std::unique_ptr<Model> make_model_of(const ProviderInfo& protocol, const Value& value,
                                     const Source& source, const std::filesystem::path& folder,
                                     EventLoop& loop, Diagnostics& problems);

}  // namespace llmops
