#include "ci/gate/tag_filter.h"

#include <algorithm>

namespace llmops {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::optional<TagFilter> TagFilter::parse(std::string_view text) {
  TagFilter filter;
  if (trimmed(text).empty()) return filter;
  constexpr std::string_view kAnd = " and ", kTags = "tags.";
  while (true) {
    const std::size_t joint = text.find(kAnd);
    std::string_view part = trimmed(text.substr(0, joint));
    if (!part.starts_with(kTags)) return std::nullopt;
    part.remove_prefix(kTags.size());
    Condition condition{Condition::Kind::present, "", ""};
    if (const std::size_t sign = part.find('='); sign != std::string_view::npos) {
      const bool unequal = sign > 0 && part[sign - 1] == '!';
      condition.kind = unequal ? Condition::Kind::unequal : Condition::Kind::equal;
      condition.key = trimmed(part.substr(0, unequal ? sign - 1 : sign));
      const std::string_view value = trimmed(part.substr(sign + 1));
      if (value.empty() || value.front() == '=' || value.ends_with(" and")) return std::nullopt;
      condition.value = unquoted(value);
    } else {
      condition.key = part;
    }
    if (condition.key.empty() || condition.key.find_first_of(" \t!<>") != std::string::npos)
      return std::nullopt;
    filter.conditions_.push_back(std::move(condition));
    if (joint == std::string_view::npos) return filter;
    text.remove_prefix(joint + kAnd.size());
  }
}

bool TagFilter::matches(const std::vector<Tag>& tags) const {
  return std::ranges::all_of(conditions_, [&](const Condition& condition) {
    bool equal = false, present = false;
    for (const Tag& tag : tags) {
      if (tag.key != condition.key) continue;
      equal = equal || tag.value == condition.value;
      present = present || tag.value != "false";
    }
    switch (condition.kind) {
      case Condition::Kind::equal:
        return equal;
      case Condition::Kind::unequal:
        return !equal;
      case Condition::Kind::present:
        break;
    }
    return present;
  });
}

}  // namespace llmops
