#include "evaluators/providers/part_files.h"

#include <algorithm>

#include "datasets/text/files.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

std::string media_type_of(const fs::path& file) {
  struct Known {
    std::string_view extension, type;
  };
  constexpr Known kKnown[] = {
      {".png",  "image/png"       },
      {".jpg",  "image/jpeg"      },
      {".jpeg", "image/jpeg"      },
      {".gif",  "image/gif"       },
      {".webp", "image/webp"      },
      {".pdf",  "application/pdf" },
      {".wav",  "audio/wav"       },
      {".mp3",  "audio/mpeg"      },
      {".txt",  "text/plain"      },
      {".md",   "text/markdown"   },
      {".json", "application/json"},
  };
  std::string extension = file.extension().string();
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  for (const Known& known : kKnown)
    if (known.extension == extension) return std::string(known.type);
  return "application/octet-stream";
}

// Files count from the prompt's folder.
fs::path resolved(const std::string& path, const Prompt* prompt) {
  const fs::path given(path);
  if (given.is_absolute() || prompt == nullptr || prompt->file.empty()) return given;
  return prompt->file.parent_path() / given;
}

bool is_url(std::string_view text) {
  return text.starts_with("data:") || text.starts_with("http://") || text.starts_with("https://") ||
         text.starts_with("gs://") || text.starts_with("s3://");
}

std::string extra_text(const Object& extra, std::string_view key) {
  const Value* found = extra.find(key);
  return found == nullptr ? "" : to_text(*found);
}

}  // namespace

Result<std::string> part_url(const Part& part, const Prompt* prompt) {
  if (is_url(part.content)) return part.content;
  return data_url(resolved(part.content, prompt), extra_text(part.extra, "media_type"));
}

bool split_data_url(std::string_view url, DataUrl& parts) {
  if (!url.starts_with("data:")) return false;
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) return false;
  std::string_view type = url.substr(5, comma - 5);
  if (!type.ends_with(";base64")) return false;
  type.remove_suffix(std::string_view(";base64").size());
  parts = {type, url.substr(comma + 1)};
  return true;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      word = (word << 8) | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= have ? kAlphabet[(word >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

Result<std::string> data_url(const fs::path& file, std::string media_type) {
  const Result<Source> bytes = read_source(file, std::size_t{100} << 20);
  if (!bytes) return bytes.problems();
  if (media_type.empty()) media_type = media_type_of(file);
  return "data:" + media_type + ";base64," + base64(bytes->text());
}

}  // namespace llmops
