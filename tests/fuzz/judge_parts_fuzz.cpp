// Lists and verdicts of judges: what is read has no blank part, and as many
// verdicts as there are parts, or a reason.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evaluators/judge/parts.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Sample answer;
  answer.text.assign(reinterpret_cast<const char*>(data), size);
  static constexpr std::string_view kKeys[] = {"statements", "claims"};
  const Parts parts = read_parts(answer, kKeys);
  if (!parts.why.empty() && !parts.texts.empty()) std::abort();
  if (parts.texts.size() > kMostParts) std::abort();
  for (const std::string& text : parts.texts)
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) std::abort();
  for (const std::size_t wanted : {0U, 1U, 3U}) {
    const Verdicts found = read_part_verdicts(answer, wanted);
    if (!found.why.empty() && !found.verdicts.empty()) std::abort();
    if (found.why.empty() && wanted > 0 && found.verdicts.size() != wanted) std::abort();
  }
  return 0;
}
