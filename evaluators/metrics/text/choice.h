#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

// The letter that an answer to a multiple-choice question names, out of `letters` ("ABCD"), as a
// capital. Tried in this order:
//   1. the last "answer is B", "answer: (B)", "final answer **B**", \boxed{B};
//   2. the whole text is the letter, perhaps in brackets or with a mark behind it; or it begins
//   with "B." "B)" "B:";
//   3. the whole text is one of `texts` (the choices in order), white space, case and a final full
//   stop aside;
//   4. the last letter in brackets: "(B)";
//   5. the last capital letter that stands alone; an A before a small word and an I do not count.
std::optional<char> chosen_letter(std::string_view answer, std::string_view letters,
                                  const std::vector<std::string>& texts);

}  // namespace llmops
