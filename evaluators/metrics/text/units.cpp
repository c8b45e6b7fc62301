#include "evaluators/metrics/text/units.h"

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {

std::string_view name(Unit unit) { return unit == Unit::characters ? "characters" : "words"; }

std::vector<std::uint32_t> UnitIds::of(std::string_view text) {
  std::vector<std::uint32_t> ids;
  if (unit_ == Unit::characters) {
    for (const char32_t c : decode_utf8(text)) ids.push_back(static_cast<std::uint32_t>(c));
  } else {
    vocabulary_.add(split_words(text), ids);
  }
  return ids;
}

}  // namespace llmops
