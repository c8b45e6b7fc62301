#pragma once
// What a Hugging Face style hub says a model repository holds, and which of it an encoder needs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

struct HubFile {
  std::string name;  // "model.safetensors", "1_Pooling/config.json": checked, stays in its folder
  std::optional<std::uint64_t> size;
  // SHA-256 of a large file (64 digits), else git's SHA-1 of a blob (40); empty: the hub did not
  // say.
  std::string hash;
};

struct HubListing {
  std::string commit;  // 40 hexadecimal digits
  std::vector<HubFile> files;
};

// "org/name" or "name", as hubs allow them.
bool is_model_name(std::string_view name);
// A branch, tag or commit; no path tricks.
bool is_revision(std::string_view name);

// The answer of /api/models/NAME/revision/REVISION?blobs=true.
Result<HubListing> read_listing(const Value& document);

// Configuration, tokenizer files, and the weights in the first form that is there:
// model.safetensors, its shards, pytorch_model.bin, its shards. A problem where the repository is
// no such model.
Result<std::vector<HubFile>> files_to_pull(const HubListing& listing);

}  // namespace llmops
