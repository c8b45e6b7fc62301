#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "prompts/tokens/readers.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestTokenizer = 512U << 20;

// The tokenizer of a model's folder.
fs::path in_folder(const fs::path& folder) {
  for (const char* name : {"tokenizer.json", "tokenizer.model", "sentencepiece.bpe.model",
                           "spiece.model", "spm.model"})
    if (fs::exists(folder / name)) return folder / name;
  std::vector<fs::path> ranks;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".tiktoken") ranks.push_back(entry.path());
  std::ranges::sort(ranks);
  return ranks.empty() ? fs::path() : ranks.front();
}

Diagnostic placed(Diagnostic found, const fs::path& file) {
  if (found.file.empty()) found.file = file.string();
  return found;
}

}  // namespace

Result<std::unique_ptr<const TokenCounter>> load_token_counter(const fs::path& path) {
  fs::path file = path;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    file = in_folder(path);
    if (file.empty())
      return placed(problem("no tokenizer lies in this folder",
                            "expected tokenizer.json, a .model or a .tiktoken file"),
                    path);
  }
  const Result<Source> source = read_source(file, kLargestTokenizer);
  if (!source) return source.problems();
  Result<std::unique_ptr<const TokenCounter>> made =
      [&]() -> Result<std::unique_ptr<const TokenCounter>> {
    if (file.extension() == ".tiktoken") return read_tiktoken(*source);
    if (file.extension() == ".model")
      return read_sentencepiece_counter(source->text(), file.filename().string());
    if (file.extension() != ".json")
      return problem("this is no tokenizer file",
                     "expected tokenizer.json, a .model or a .tiktoken file");
    const Result<Value> value = parse_json(*source);
    if (!value) return value.problems();
    return read_tokenizer_json(*value, file.filename().string());
  }();
  if (made) return made;
  Diagnostics problems;
  for (const Diagnostic& each : made.problems()) problems.push_back(placed(each, file));
  return problems;
}

}  // namespace llmops
