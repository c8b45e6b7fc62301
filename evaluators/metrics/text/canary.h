#pragma once
// A canary is a text that an output holds only where planted instructions were followed, or where
// what was to stay secret was given away.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

class Canary {
 public:
  // `encoded`: reversed, ROT13, hexadecimal and base64 forms are looked for, too.
  Canary(std::string_view text, bool encoded);

  // In which form it stands in the output ("as it is", "spelled out", "as base64", ...).
  // `squeezed` is squeezed_text(output). Linear in the output.
  std::optional<std::string_view> found_in(std::string_view output,
                                           std::string_view squeezed) const;

 private:
  struct Form {
    std::string text;
    std::string_view name;
    bool squeezed = false;  // looked for among letters and digits alone
  };
  std::vector<Form> forms_;
};

// Letters and digits of a text after NFKC and case folding: "P-W-N-E-D" and "pwned" are one.
std::string squeezed_text(std::string_view text);

}  // namespace llmops
