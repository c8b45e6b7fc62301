#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace llmops {

// The chunks of a stream are alike but for their text. What stands around the text of one that was
// parsed is looked for in the next: where it is the same, the text between is all that is new, and
// nothing has to be parsed.
class RepeatedChunk {
 public:
  // `chunk`: JSON that was parsed, and brought the content `text` and nothing else. What cannot be
  // told apart by looking (escapes, several members `content`) is not learned.
  void learn(std::string_view chunk, std::string_view text);

  // The content of a chunk that equals the learned one but for it; absent: it has to be parsed.
  std::optional<std::string_view> text_of(std::string_view chunk) const;

 private:
  std::string before_, behind_;  // with the quotes of the text; empty: nothing is learned
};

}  // namespace llmops
