#include "prompts/template/library.h"

#include <fmt/format.h>

#include <algorithm>

#include "prompts/template/program.h"
#include "prompts/template/python.h"

namespace llmops::jinja {

void Budget::step(std::size_t count) {
  steps_ += count;
  if (steps_ > kMostSteps)
    throw Refusal{"the template runs too long (over 20 million steps)", "", ""};
}

void Budget::copy(std::size_t nodes) {
  copied_ += nodes;
  if (copied_ > kMostCopied)
    throw Refusal{"the template makes too many values on the way (over 4 million)", "", ""};
}

void Budget::text(std::size_t bytes) {
  if (bytes > kLongestOutput) throw Refusal{"the text grows beyond 64 MiB", "", ""};
}

const List& elements(const Value& value, List& made, Budget& budget) {
  if (const List* items = value.list()) return *items;
  if (const Object* members = value.object()) {
    for (const Member& member : *members) made.emplace_back(member.key);
  } else if (const std::string* text = value.string()) {
    for (const std::string_view character : python::characters(*text)) made.emplace_back(character);
  } else {
    throw Refusal{fmt::format("a {} has no elements to walk over", value.kind()),
                  "expected a list, a mapping or a text", ""};
  }
  budget.copy(made.size());
  return made;
}

bool contains(const Value& container, const Value& element) {
  if (const List* items = container.list())
    return std::ranges::any_of(*items,
                               [&](const Value& item) { return python::equal(item, element); });
  if (const std::string* text = container.string()) {
    if (const std::string* part = element.string()) return text->find(*part) != std::string::npos;
    throw Refusal{fmt::format("a {} is never in a text", element.kind()),
                  "expected a text in front of `in`", ""};
  }
  if (const Object* members = container.object())
    return element.is_string() && members->find(*element.string()) != nullptr;
  throw Refusal{fmt::format("nothing is in a {}", container.kind()),
                "expected a list, a mapping or a text behind `in`", ""};
}

}  // namespace llmops::jinja
