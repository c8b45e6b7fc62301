#include "evaluators/hub/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_word(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

// Every part between slashes is a plain name: the hub's word decides where a file lies.
bool is_path(std::string_view text) {
  if (text.size() > 255) return false;
  for (;;) {
    const std::size_t slash = text.find('/');
    const std::string_view part = text.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\') return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

std::string text_of(const Value* value) {
  return value != nullptr && value->is_string() ? *value->string() : "";
}

bool is_small_file(std::string_view name) {
  if (name == "1_Pooling/config.json") return true;
  if (name.find('/') != std::string_view::npos) return false;
  return name == "vocab.txt" || name == "merges.txt" || name.ends_with(".model") ||
         (name.ends_with(".json") && !name.ends_with(".index.json"));
}

}  // namespace

bool is_model_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return is_word(name) && name.size() <= 96;
  return is_word(name.substr(0, slash)) && is_word(name.substr(slash + 1)) && name.size() <= 193;
}

bool is_revision(std::string_view name) { return is_path(name) && !name.starts_with('-'); }

Result<HubListing> read_listing(const Value& document) {
  HubListing listing;
  listing.commit = text_of(document.find("sha"));
  if (!is_hex(listing.commit, 40))
    return problem("the hub's answer names no commit (`sha`)", "expected 40 hexadecimal digits");
  const Value* files = document.find("siblings");
  if (files == nullptr || files->list() == nullptr)
    return problem("the hub's answer lists no files (`siblings`)");
  for (const Value& entry : *files->list()) {
    HubFile file{.name = text_of(entry.find("rfilename")), .size = {}, .hash = ""};
    if (!is_path(file.name))
      return problem(fmt::format("the hub lists a file named `{}`, which leads out of its folder",
                                 visible(file.name)));
    if (const Value* size = entry.find("size");
        size != nullptr && size->integer() != nullptr && *size->integer() >= 0)
      file.size = static_cast<std::uint64_t>(*size->integer());
    if (const std::string blob = text_of(entry.find("blobId")); is_hex(blob, 40)) file.hash = blob;
    if (const Value* large = entry.find("lfs"); large != nullptr && large->is_object()) {
      const std::string sum = text_of(large->find("sha256"));
      file.hash = is_hex(sum, 64) ? sum : "";  // blobId is that of the pointer
    }
    listing.files.push_back(std::move(file));
  }
  return listing;
}

Result<std::vector<HubFile>> files_to_pull(const HubListing& listing) {
  std::vector<HubFile> wanted;
  bool config = false;
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(listing.files, [&](const HubFile& f) { return f.name == name; });
  };
  for (const HubFile& file : listing.files) {
    config = config || file.name == "config.json";
    if (is_small_file(file.name)) wanted.push_back(file);
  }
  if (!config)
    return problem("the repository has no config.json: it holds no model that can be run here");
  std::string_view start, end;
  for (const std::string_view stem : {"model.safetensors", "pytorch_model.bin"}) {
    const bool whole = has(stem);
    if (!whole && !has(std::string(stem) + ".index.json")) continue;
    start = stem.substr(0, stem.rfind('.'));
    end = stem.substr(stem.rfind('.'));
    for (const HubFile& file : listing.files) {
      const bool shard = file.name.starts_with(std::string(start) + "-") &&
                         file.name.find('/') == std::string::npos && file.name.ends_with(end);
      if (whole ? file.name == stem : (shard || file.name == std::string(stem) + ".index.json"))
        wanted.push_back(file);
    }
    return wanted;
  }
  return problem(
      "the repository has no weights: neither model.safetensors nor pytorch_model.bin, nor shards "
      "of one");
}

}  // namespace llmops
