#include "datasets/formats/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace llmops {

#define LLMOPS_FORMAT(info) extern const FormatInfo info;
#include "datasets/formats/formats.def"
#undef LLMOPS_FORMAT

std::span<const FormatInfo* const> formats() {
  static constexpr const FormatInfo* kAll[] = {
#define LLMOPS_FORMAT(info) &info,
#include "datasets/formats/formats.def"
#undef LLMOPS_FORMAT
  };
  return kAll;
}

namespace {

std::vector<std::string_view> names() {
  std::vector<std::string_view> names;
  for (const FormatInfo* format : formats()) names.push_back(format->name);
  return names;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

}  // namespace

Result<const FormatInfo*> find_format(const std::filesystem::path& path, std::string_view name) {
  if (!name.empty()) {
    for (const FormatInfo* format : formats())
      if (format->name == name) return format;
    return problem(fmt::format("unknown dataset format `{}`", name), expected_one_of(names()),
                   did_you_mean(name, names()));
  }
  std::filesystem::path plain = path.filename();
  if (lower(plain.extension().string()) == ".gz") plain = plain.stem();
  const std::string extension = lower(plain.extension().string());
  for (const FormatInfo* format : formats())
    if (std::ranges::find(format->extensions, extension) != format->extensions.end()) return format;
  Diagnostic found = problem(
      extension.empty() ? "a dataset without extension"
                        : fmt::format("unknown extension `{}` of a dataset", extension),
      "", fmt::format("say which format it is with `format:` ({})", expected_one_of(names())));
  found.file = path.string();
  return found;
}

}  // namespace llmops
