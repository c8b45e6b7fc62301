#pragma once
// Which cases a rule looks at: `tags.lang = de`, `tags.tier != free`, `tags.urgent`, joined by
// `and`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/case.h"

namespace llmops {

class TagFilter {
 public:
  // An empty text lets every case through. nullopt where the text does not follow the grammar.
  static std::optional<TagFilter> parse(std::string_view text);
  // `!=` holds for a case without the tag. A bare `tags.urgent` asks for a tag other than "false".
  bool matches(const std::vector<Tag>& tags) const;
  bool empty() const { return conditions_.empty(); }

 private:
  struct Condition {
    enum class Kind { equal, unequal, present } kind;
    std::string key, value;
  };
  std::vector<Condition> conditions_;
};

}  // namespace llmops
