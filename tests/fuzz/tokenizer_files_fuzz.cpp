// Files of a tokenizer folder, each with a line "@name" in front; then a text is encoded.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "evaluators/encoder/tokenizer.h"

namespace {

const std::filesystem::path& folder() {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("llmops-fuzz-" + std::to_string(::getpid()));
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kNames[] = {
      "vocab.txt",        "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
      "added_tokens.json"};
  std::filesystem::remove_all(folder());
  std::filesystem::create_directories(folder());
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (bytes.starts_with('@')) {
    const std::size_t line = std::min(bytes.find('\n'), bytes.size());
    const std::string_view name = bytes.substr(1, line - 1);
    bytes.remove_prefix(std::min(line + 1, bytes.size()));
    const std::size_t end = std::min(bytes.find("\n@"), bytes.size());
    for (const char* known : kNames)
      if (name == known) std::ofstream(folder() / known, std::ios::binary) << bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  llmops::ModelConfig config;
  config.vocabulary = 1000;
  config.positions = 32;
  for (const auto family :
       {llmops::Family::bert, llmops::Family::roberta, llmops::Family::xlm_roberta}) {
    config.family = family;
    const auto tokenizer = llmops::Tokenizer::open(folder(), config);
    if (tokenizer && (*tokenizer)->encode("It's [MASK] <mask> 42 caf\u00e9.").size() < 2)
      std::abort();
  }
  std::filesystem::remove_all(folder());
  return 0;
}
