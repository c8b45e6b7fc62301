// Sensitive data and hidden characters: finds lie inside the text, in order, and apart; redaction
// leaves no find of its own.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "datasets/dedup.h"
#include "datasets/text/hidden.h"
#include "datasets/text/sensitive.h"
#include "datasets/text/utf8.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t end = 0;
  for (const SensitiveFind& find : find_sensitive(text)) {
    if (find.rule == nullptr || find.length == 0 || find.offset < end) std::abort();
    end = find.offset + find.length;
    if (end > size) std::abort();
  }
  (void)redact_sensitive(text);
  for (const HiddenCharacter& hidden : hidden_characters(text))
    if (hidden.offset >= size) std::abort();
  if (!valid_utf8(normalised_text(text))) std::abort();
  if (!valid_utf8(visible(text))) std::abort();
  return 0;
}
