#include "evaluators/encoder/fingerprint.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "datasets/parallel.h"
#include "datasets/text/hash.h"
#include "evaluators/encoder/mapped_file.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPart = 16U << 20;

std::string blob_name(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_symlink(file, ignored)) return "";
  const fs::path target = fs::weakly_canonical(file, ignored);
  const std::string name = target.filename().string();
  const bool hash =
      name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hash && target.parent_path().filename() == "blobs" ? name : "";
}

std::string content_hash(const fs::path& file) {
  const auto map = MappedFile::open(file);
  if (!map) throw std::runtime_error(render(map.problems()));
  const std::string_view bytes = (*map)->bytes();
  std::vector<std::string> parts((bytes.size() + kPart - 1) / kPart);
  parallel_for(parts.size(), [&](std::size_t i) {
    const std::string_view part = bytes.substr(i * kPart, kPart);
    parts[i] = sha256(part);
    (*map)->forget(part);
  });
  Sha256 whole;
  for (const std::string& part : parts) whole.add(part);
  return whole.hex();
}

}  // namespace

std::string fingerprint(const std::vector<fs::path>& files) {
  Sha256 all;
  for (const fs::path& file : files) {
    const std::string blob = blob_name(file);
    all.add(file.filename().string() + "\n" + (blob.empty() ? content_hash(file) : blob) + "\n");
  }
  return all.hex();
}

}  // namespace llmops
