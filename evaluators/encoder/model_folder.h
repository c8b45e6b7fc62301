#pragma once
// Where models lie: a folder that is named, or the cache that hub tools share.

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

// The cache of Hugging Face style hubs: $HF_HUB_CACHE, else $HF_HOME/hub, else
// $XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub.
std::filesystem::path hub_cache();

// "models--org--name", the folder of a repository inside the cache.
std::string hub_folder_name(const std::string& model);

// The folder of a model: `model` is a path (counted from the first of `bases` that has it), or the
// name of a model in the cache ("roberta-large", "microsoft/deberta-xlarge-mnli"). What is not
// there is one problem that says what to do.
Result<std::filesystem::path> find_model(const std::string& model,
                                         const std::vector<std::filesystem::path>& bases,
                                         const std::filesystem::path& cache);

}  // namespace llmops
