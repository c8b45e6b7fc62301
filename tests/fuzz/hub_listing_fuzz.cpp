// A hub's list of files: no name that is read leads out of its folder, no hash is more than digits.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "datasets/text/json.h"
#include "evaluators/hub/listing.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)is_model_name(text);
  (void)is_revision(text);
  const Result<Value> document = parse_json(text, "hub");
  if (!document) return 0;
  const Result<HubListing> listing = read_listing(*document);
  if (!listing) return 0;
  if (listing->commit.size() != 40) std::abort();
  for (const HubFile& file : listing->files) {
    const std::filesystem::path place = ("/base/" + file.name);
    if (!place.lexically_normal().string().starts_with("/base/")) std::abort();
    if (file.hash.find_first_not_of("0123456789abcdef") != std::string::npos) std::abort();
  }
  const auto wanted = files_to_pull(*listing);
  if (wanted && wanted->empty()) std::abort();
  return 0;
}
