#include "evaluators/encoder/tokenizer.h"

#include <algorithm>

#include "datasets/text/utf8.h"
#include "evaluators/encoder/unicode.h"

namespace llmops {

TokenIds Tokenizer::encode(std::string_view given) const {
  const std::string repaired = repair_utf8(given);
  std::string text(python_strip(repaired));
  TokenIds ids{parts_.special.first};
  if (!text.empty()) {
    if (parts_.prefix_space) text.insert(0, 1, ' ');
    if (parts_.lower) text = parts_.added.lower(text);
    for (const AddedTokens::Part& part : parts_.added.split(text)) {
      if (part.token != nullptr)
        ids.push_back(part.token->id);
      else
        parts_.model->append(part.text, ids);
    }
  }
  if (parts_.longest > 0 && ids.size() + 1 > parts_.longest) {
    const std::size_t room = std::max<std::size_t>(parts_.longest, 2) - 2;
    if (parts_.cut_left)
      ids.erase(ids.begin() + 1, ids.end() - static_cast<std::ptrdiff_t>(room));
    else
      ids.resize(room + 1);
  }
  ids.push_back(parts_.special.last);
  return ids;
}

}  // namespace llmops
