#include "evaluators/metrics/text/sentences.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <memory>
#include <stdexcept>

namespace llmops {
namespace {

void add(const icu::UnicodeString& text, std::int32_t from, std::int32_t to,
         std::vector<std::string>& into) {
  icu::UnicodeString sentence = text.tempSubStringBetween(from, to);
  sentence.trim();
  bool says = false;
  for (std::int32_t at = 0; at < sentence.length() && !says; at = sentence.moveIndex32(at, 1))
    says = u_isalnum(sentence.char32At(at)) != 0;
  if (!says) return;
  std::string bytes;
  sentence.toUTF8String(bytes);
  into.push_back(std::move(bytes));
}

}  // namespace

std::vector<std::string> sentences_of(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createSentenceInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status)) throw std::runtime_error("ICU offers no sentence breaks");
  const icu::UnicodeString whole =
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  std::vector<std::string> sentences;
  breaks->setText(whole);
  std::int32_t from = breaks->first();
  for (std::int32_t to = breaks->next(); to != icu::BreakIterator::DONE; to = breaks->next()) {
    for (std::int32_t at = from; at < to;) {  // a heading has no full stop
      std::int32_t end = whole.indexOf(u'\n', at, to - at);
      if (end < 0) end = to;
      add(whole, at, end, sentences);
      at = end + 1;
    }
    from = to;
  }
  return sentences;
}

}  // namespace llmops
