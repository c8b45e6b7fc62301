// Any bytes: a number that is found is written in the text, and reads as itself again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "evaluators/metrics/text/fenced.h"
#include "evaluators/metrics/text/numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const std::string text(reinterpret_cast<const char*>(data), size);
  without_fence(text);
  const auto number = last_number(text);
  if (!number) return 0;
  if (text.find(number->shown) == std::string::npos) std::abort();
  const auto again = last_number(number->digits);
  if (number->value != number->value) std::abort();
  if (number->digits.size() < 300 && again && number->value == again->value) return 0;
  if (number->digits.size() < 300 && again) std::abort();
  return 0;
}
