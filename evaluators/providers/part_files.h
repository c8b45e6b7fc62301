#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "prompts/request.h"

namespace llmops {

// Where the content of an image or file part is: its URL, or its local file as a data URL. Relative
// paths count from the prompt's folder. A file that cannot be read is a problem.
Result<std::string> part_url(const Part& part, const Prompt* prompt);

// "data:image/png;base64,AAAA" taken apart; false where the text is no such URL.
struct DataUrl {
  std::string_view media_type, base64;
};
bool split_data_url(std::string_view url, DataUrl& parts);

// The bytes of a file as a data URL. `media_type` empty: by the extension.
Result<std::string> data_url(const std::filesystem::path& file, std::string media_type);
std::string base64(std::string_view bytes);

}  // namespace llmops
